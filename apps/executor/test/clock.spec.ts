import { eventually, settableClock, type SettableClock } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { LEASE_MS, World } from './support/world.js';

jest.setTimeout(60_000);
const HOUR = 3_600;
/** Other systems have no way to give a process a clock of its own. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** Real: executor, Postgres with a clock that the test sets, NATS, storage. The test speaks for the members. */
onLinux("Postgres' clock (H20)", () => {
  let clock: SettableClock;
  let world: World;

  beforeAll(async () => {
    const made = await settableClock();
    if (!made) throw new Error('this test needs a C compiler (cc)');
    clock = made;
    world = await World.start(clock.env);
  });
  beforeEach(async () => {
    await clock.set(0);
    await world.newDatabase();
    await world.executor({ copyAfterMs: 2 * LEASE_MS });
  });
  afterEach(() => world.stopExecutors());
  afterAll(async () => {
    await world?.stop();
    await clock?.remove();
  });

  const postgresNow = async (): Promise<number> => {
    const [row] = await world.sql<{ at: Date }>('SELECT clock_timestamp() AS at');
    return row?.at.getTime() ?? 0;
  };

  it.each([
    ['ahead', HOUR],
    ['back', -HOUR],
  ])('should take no shard from who is there when it is put %s an hour', async (_, seconds) => {
    const stage = await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const held = await a.claimOne();
    // The executor knows the time before.
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 2));
    await a.heartbeat();
    await clock.set(seconds);
    expect(Math.abs(Date.now() + seconds * 1_000 - (await postgresNow()))).toBeLessThan(60_000);
    const until = performance.now() + 3 * LEASE_MS;
    // Side by side: on a busy machine a claim alone may take longer than a lease.
    const renew = async () => {
      while (performance.now() < until) expect((await a.heartbeat()).lost).toEqual([]);
    };
    const ask = async () => {
      while (performance.now() < until) {
        await b.heartbeat();
        expect(await b.claim()).toEqual([]);
      }
    };
    await Promise.all([renew(), ask()]);
    expect(await a.commit(held)).toBe('committed');
    expect(await world.stage(stage.id)).toMatchObject({ state: 'succeeded', counts: { ok: 5 }, copies: { attempts: 0 } });
  });

  it('should keep no shard for a dead member when it was an hour ahead for a while', async () => {
    await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const held = await a.claimOne();
    await clock.set(HOUR);
    await eventually(async () => {
      await a.heartbeat();
      const [row] = await world.sql<{ ahead: boolean }>(`SELECT leased_until > $1 AS ahead FROM attempts WHERE state = 'active'`, [
        new Date(Date.now() + 60_000),
      ]);
      return row?.ahead;
    });
    await clock.set(0);
    const next = await eventually(
      async () => {
        await b.heartbeat();
        return (await b.claim())[0] ?? null;
      },
      { what: 'the shard to be handed on' },
    );
    expect(next).toMatchObject({ shardId: held.shardId, attempt: 2 });
  });
});
