import { jest } from '@jest/globals';
import { Config, type PoolConfig } from '@apwa/config';
import { createLogger } from '@apwa/service';
import { eventually, leakCheck, type LeakCheck } from '@apwa/test-kit';
import { PoolsService } from '../src/pools/pools.service.js';
import { TIMING } from '../src/settings.js';
import { MemberFolder } from './support/pools/member-folder.js';

/** Real processes; the members do no work. */
jest.setTimeout(60_000);

let leaks: LeakCheck;
beforeAll(async () => (leaks = await leakCheck()));
afterAll(() => leaks.verify());

/** None of these pools is on Ray. */
const NO_CLUSTERS = {
  open: async () => undefined,
  start: () => undefined,
  cluster: (name: string) => {
    throw new Error(`there is no cluster ${name}`);
  },
  stop: async () => undefined,
};

describe('PoolsService', () => {
  const POOLS = Config.shape.pools.parse([
    { name: 'near', min: 2 },
    { name: 'spare', min: 0 },
    { name: 'far', backend: 'external' },
  ]);
  let folder: MemberFolder;
  let pools: PoolsService;
  let died: { instance: string; reason: string; crashed: boolean }[];
  let log: Record<string, unknown>[];
  const begin = (configured: PoolConfig[] = POOLS, times = {}, command: readonly string[] | null = folder.command) => {
    const logger = createLogger('executor', 'info', {
      destination: { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) },
    });
    pools = new PoolsService({ pools: configured }, command, { ...TIMING, stableMs: 600_000, ...times }, logger, NO_CLUSTERS);
    return pools.start({ memberDied: (instance, reason, crashed) => died.push({ instance, reason, crashed }) });
  };

  beforeEach(async () => {
    folder = await MemberFolder.create();
    died = [];
    log = [];
  });
  afterEach(async () => {
    await pools.stop(AbortSignal.abort());
    await folder.remove();
  });

  it('should start the least number of members of each pool, and say what a pool without any waits for', async () => {
    await begin(POOLS, { stableMs: 300 });
    expect(pools.waitingFor('near', 0)).toBe('waiting for members of pool near to start and join');
    expect(pools.waitingFor('near', 1)).toBeNull();
    expect(pools.waitingFor('spare', 0)).toBe('pool spare is to have no members');
    expect(pools.waitingFor('far', 0)).toBe('waiting for members of pool far to join');
    expect(pools.waitingFor('other', 0)).toBe('the configuration has no pool other');
    await eventually(() => pools.slots('near').every(({ state }) => state === 'running') && folder.living().size === 2);
    const instances = [...folder.living().keys()];
    expect(instances.map((instance) => pools.owns(instance))).toEqual([true, true]);
    expect(pools.owns('near-of-an-earlier-boot')).toBe(false);
  });

  it('should tell by instance and reason who has died', async () => {
    await begin();
    await eventually(() => folder.living().size === 2);
    const [[instance, pid] = ['', 0]] = folder.living();
    process.kill(pid, 'SIGKILL');
    await eventually(() => died.length > 0);
    expect(died).toEqual([{ instance, reason: 'signal SIGKILL', crashed: true }]);
    expect(log).toContainEqual(expect.objectContaining({ pool: 'near', instance, reason: 'signal SIGKILL', msg: 'member died' }));
    await eventually(() => folder.living().size === 2);
  });

  it('should warn once, with their last lines, of members that end at their start', async () => {
    folder.behave('broken');
    await begin(POOLS, { restartMs: 20 });
    await eventually(() => died.length >= 10);
    const warnings = log.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      pool: 'near',
      reason: 'exit code 3: member of near: there is no model',
      lastLines: expect.arrayContaining(['the very last line']),
    });
    expect(died[0]?.reason).toBe('exit code 3: member of near: there is no model');
    expect(pools.waitingFor('near', 0)).toContain('there is no model');
  });

  it('should drain all pools when it stops', async () => {
    await begin(POOLS.map((pool) => ({ ...pool, min: 1 })));
    await eventually(() => folder.living().size === 2);
    await pools.stop();
    expect(folder.living().size).toBe(0);
    expect(folder.drained()).toHaveLength(2);
    expect(died.map(({ reason, crashed }) => [reason, crashed])).toEqual([
      ['exit code 0', false],
      ['exit code 0', false],
    ]);
  });

  it('should start nobody when one pool cannot be started as it is configured', async () => {
    const wrong = Config.shape.pools.parse([{ name: 'near' }, { name: 'tight', memoryMb: 64 }]);
    await expect(begin(wrong, {}, ['/bin/sh', '-c', 'true'])).rejects.toMatchObject({ code: 'invalid_settings' });
    expect(log).toEqual([]);
  });
});
