import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { eventually, leakCheck, type LeakCheck } from '@apwa/test-kit';
import { ExternalBackend } from '../src/pools/external-backend.js';
import { type PoolEvent } from '../src/pools/pool-backend.js';
import { ProcessesBackend } from '../src/pools/processes-backend.js';
import { poolBackendContract, TIMES } from './support/pools/contract.js';
import { MemberFolder } from './support/pools/member-folder.js';

/** Real processes; the members do no work. */
jest.setTimeout(60_000);

let leaks: LeakCheck;
beforeAll(async () => (leaks = await leakCheck()));
afterAll(() => leaks.verify());

const silent = () => undefined;

poolBackendContract('processes', {
  keepsMembers: true,
  make: ({ command: [program, ...args] }, times) =>
    new ProcessesBackend({ pool: 'test', command: { program, args }, times, output: silent }),
});

poolBackendContract('external', {
  keepsMembers: false,
  make: () => new ExternalBackend('test'),
  startForeign: ({ command: [program, ...args] }) => {
    const env = { ...process.env, NODE_OPTIONS: '', APWA_POOL: 'test', APWA_INSTANCE: 'elsewhere-1', APWA_LIFELINE: '1' };
    const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    return { stop: async () => void (child.kill('SIGKILL'), await ended) };
  },
});

describe('members that are children', () => {
  let folder: MemberFolder;
  beforeEach(async () => (folder = await MemberFolder.create()));
  afterEach(() => folder.remove());

  it('should end with their executor, though it was killed with -9', async () => {
    const support = (name: string) => fileURLToPath(new URL(`support/pools/${name}`, import.meta.url));
    const executor = spawn(process.execPath, ['--import', support('ts-hooks.mjs'), support('executor.mjs'), folder.path], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(executor, 'exit');
    try {
      await eventually(() => folder.living().size === 2, { what: 'two members' });
    } finally {
      executor.kill('SIGKILL');
      await ended;
    }
    await eventually(() => folder.living().size === 0, { what: 'the end of the members' });
    expect(folder.drained()).toEqual([]);
  });

  it('should have their output handed on by line, and none that is lost at their end', async () => {
    const [program, ...args] = folder.command;
    const lines: string[] = [];
    folder.behave('broken');
    const backend = new ProcessesBackend({
      pool: 'test',
      command: { program, args },
      times: { ...TIMES, restartMs: 60_000, restartMaxMs: 60_000 },
      output: (stream, line) => lines.push(`${stream} ${line}`),
    });
    await backend.start(silent);
    await backend.scale(1);
    await eventually(() => lines.length === 4);
    await backend.stop();
    expect(lines.filter((line) => line === 'stderr the very last line')).toHaveLength(2);
    expect(lines.filter((line) => /^stdout \{.*there is no model/.test(line))).toHaveLength(2);
  });

  it('should be reported when there is no such program', async () => {
    const events: PoolEvent[] = [];
    const backend = new ProcessesBackend({ pool: 'test', command: { program: '/none/such', args: [] }, times: TIMES, output: silent });
    await backend.start((event) => events.push(event));
    await backend.scale(1);
    await eventually(() => events.some(({ kind }) => kind === 'crash_loop'));
    expect(backend.waitingFor()).toContain('could not be started: spawn /none/such ENOENT');
    expect(events.some(({ kind }) => kind === 'member_started')).toBe(false);
    await backend.stop();
  });
});
