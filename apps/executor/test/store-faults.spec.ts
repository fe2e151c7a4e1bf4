import { type FaultPlan } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { FaultRun } from './support/store-faults/fault-run.js';
import { FaultyExecutor, GROUPS } from './support/store-faults/faulty-executor.js';
import { World } from './support/world.js';

jest.setTimeout(60_000);
/** Milliseconds: what nobody renews is soon taken back. */
const LEASE_MS = 300;
const SHARE = 0.1;
/** Transactions are one method for all that is done in them. */
const SHARE_OF_TRANSACTIONS = 0.3;
/** By it the second call of a method is the first to fail. */
const SEED = 1;

/** Methods that nothing here calls. All others have to be, those that are added later too: then the run has to do what calls them. */
const NOT_CALLED: Record<string, string> = {
  'MembersRepository.onHost': 'asked at the start of an executor, before it serves anybody',
  'MembersRepository.letGoIdle': 'of pools whose members the executor starts itself: pools-follow.spec.ts',
  'FabricsRepository.last': 'of executors with Ray clusters',
  'FabricsRepository.next': 'of executors with Ray clusters',
  'Storage.stream': 'for readers of tables',
  'Storage.write': 'for members: their own store-faults.spec.ts',
  'Storage.writeFile': 'for members',
  'Storage.unfinished': 'for the manager, which keeps the storage tidy',
  'Storage.discard': 'for the manager',
  'Storage.tidy': 'for the manager',
};

/** Real: the executor in this process, its sweeper, Postgres, NATS, storage. The test speaks for manager and members. */
describe('stores that fail (HAZARDS §2c)', () => {
  let world: World;
  let executor: FaultyExecutor;
  const rejected: unknown[] = [];
  const onRejected = (reason: unknown): void => void rejected.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', onRejected);
    world = await World.start();
    Object.assign(world.config.executor, { leaseMs: LEASE_MS, heartbeatMs: 100 });
    for (const pool of world.config.pools) pool.residentMb = 5_000;
    executor = await FaultyExecutor.start(world);
  });
  afterAll(async () => {
    await executor.stop();
    await world.stop();
    process.off('unhandledRejection', onRejected);
  });

  const plans = GROUPS.flatMap((stores) => {
    const shares = stores.includes('Database') ? [SHARE, SHARE_OF_TRANSACTIONS] : [SHARE];
    return (['once', ...shares] as const).flatMap((often) =>
      (['before', 'after'] as const).map((when): [string, string, string, FaultPlan] => {
        const how = often === 'once' ? often : { share: often, seed: SEED };
        return [stores.join(' and '), often === 'once' ? often : `for ${often * 100} % of its calls`, when, { stores, how, when }];
      }),
    );
  });

  it.each(plans)(
    'should lose nothing and do nothing twice when each method of %s fails %s, %s it applied',
    async (_stores, _often, _when, plan) => {
      const { faults, logged } = executor;
      const methods = [...faults.calls.keys()].filter((method) => plan.stores.some((store) => method.startsWith(`${store}.`)));
      const run = new FaultRun(world, executor);
      await run.under(
        plan,
        methods.filter((method) => !(method in NOT_CALLED)),
      );
      expect(faults.struck).not.toEqual([]);
      await run.check();
      // Whoever asked was told what may be gone later, and so was the log of what nobody had asked for.
      const told = plan.stores.includes('Storage') ? 'storage_unavailable' : 'database_unavailable';
      const { [told]: _, deadline_exceeded: late = 0, ...others } = Object.fromEntries(run.heard);
      expect(others).toEqual({});
      // A machine with much else to do answers one or two too late.
      expect(late).toBeLessThanOrEqual(2);
      expect(
        logged.splice(0).filter(({ level, error }) => level !== 'warn' || (error && (error as { class: string }).class !== 'transient')),
      ).toEqual([]);
      expect(rejected).toEqual([]);
      expect(world.replaced).toEqual([]);
    },
  );

  it('should have called every method but these', () => {
    expect(
      [...executor.faults.calls]
        .filter(([, calls]) => calls === 0)
        .map(([method]) => method)
        .sort(),
    ).toEqual(Object.keys(NOT_CALLED).sort());
  });
});
