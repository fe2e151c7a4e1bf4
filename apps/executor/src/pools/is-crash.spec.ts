import { isCrash } from './is-crash.js';
import { type MemberEnd } from '@apwa/contracts';

describe('isCrash', () => {
  it.each<[string, MemberEnd, boolean, boolean]>([
    ['a full heap', { kind: 'killed', signal: 'SIGABRT' }, false, true],
    ['a signal from nobody knows whom', { kind: 'killed', signal: 'SIGKILL' }, false, true],
    ['an error that nobody caught', { kind: 'exited', code: 1 }, false, true],
    ['an end in order: its lifeline went, or it drained', { kind: 'exited', code: 0 }, false, false],
    ['an end that was asked for', { kind: 'exited', code: 0 }, true, false],
    ['an end that was asked for and took too long', { kind: 'killed', signal: 'SIGKILL' }, true, false],
    ['a bad end that was asked for', { kind: 'exited', code: 1 }, true, false],
    ['no process at all', { kind: 'not_started', message: 'ENOENT' }, false, false],
  ])('should judge %s', (_, end, asked, crash) => expect(isCrash({ end, asked })).toBe(crash));
});
