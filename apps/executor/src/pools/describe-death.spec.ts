import { describeDeath } from './describe-death.js';
import { type MemberEnd } from '@apwa/contracts';

const FATAL = '{"level":"fatal","time":"2026-01-01T00:00:00.000Z","service":"worker-pool","msg":"no pool \\"x\\""}';
const INFO = '{"level":"info","msg":"joined"}';
const EXIT: MemberEnd = { kind: 'exited', code: 2 };
const ABORT: MemberEnd = { kind: 'killed', signal: 'SIGABRT' };
const STACK = [
  'file:///x/main.js:3',
  'TypeError: x is not a function',
  '    at errorOf (file:///x/error.js:1:1)',
  "  code: 'ERR_X'",
  'Node.js v24.0.0',
];

describe('describeDeath', () => {
  it.each<[string, MemberEnd, boolean, string[], string]>([
    ['the message of its last error in the log', EXIT, false, [INFO, FATAL, INFO], 'exit code 2: no pool "x"'],
    ['the error, not the stack below it', EXIT, false, STACK, 'exit code 2: TypeError: x is not a function'],
    ['a full heap', ABORT, false, [INFO, 'FATAL ERROR: Reached heap limit', ' 1: 0xb8'], 'signal SIGABRT: FATAL ERROR: Reached heap limit'],
    ['no line that tells nothing', { kind: 'killed', signal: 'SIGKILL' }, false, [INFO], 'signal SIGKILL'],
    ['nothing more of one that was asked to end', { kind: 'exited', code: 0 }, true, [FATAL], 'exit code 0'],
    [
      'why there never was a process',
      { kind: 'not_started', message: 'spawn x ENOENT' },
      false,
      [],
      'could not be started: spawn x ENOENT',
    ],
  ])('should say %s', (_what, end, asked, lastLines, text) => expect(describeDeath({ end, asked, why: null, lastLines })).toBe(text));

  it('should say why a member was made to end, before all else', () => {
    const death = { end: ABORT, asked: false, why: 'it was silent', lastLines: [FATAL] };
    expect(describeDeath(death)).toBe('it was silent (signal SIGABRT)');
  });
});
