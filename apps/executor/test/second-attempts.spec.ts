import { type Assignment, noCounts, type SqlWork } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { mapWork, type TestMember, World } from './support/world.js';

jest.setTimeout(60_000);
/** Milliseconds. */
const LATE = 400;

/** Real: executor, Postgres, NATS, storage. The test speaks for the members. */
describe('shards that lag behind their stage', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    // Long enough that nobody is given up who takes his time.
    world.config.executor.leaseMs = 60_000;
    await world.executor({ copyAfterMs: LATE });
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  /** A stage of which `slow` has held these shards for an hour, and all others were committed as fast as could be. */
  const allBut = async (slow: TestMember, held: number, rows = 2_000): Promise<{ stageId: string; lagging: Assignment[] }> => {
    const { id: stageId } = await world.submit(rows);
    const others = await world.member();
    const lagging: Assignment[] = [];
    while (lagging.length < held) lagging.push(...(await slow.claim(16)));
    await world.finish(others);
    await makeOld(lagging);
    return { stageId, lagging };
  };
  const makeOld = async (attempts: Assignment[]): Promise<void> => {
    const tokens = attempts.map(({ token }) => token);
    await world.sql(`UPDATE attempts SET claimed_at = claimed_at - interval '1 hour' WHERE token = ANY($1)`, [tokens]);
  };
  /** Asks while the slow member goes on renewing. */
  const claimBeside = (fast: TestMember, slow: TestMember): Promise<Assignment> =>
    eventually(async () => {
      await slow.heartbeat();
      await fast.heartbeat();
      return (await fast.claim())[0] ?? null;
    });

  it('should be given to another member, the first commit wins, and the other one hears that it lost', async () => {
    const [slow, fast] = [await world.member(), await world.member()];
    const { stageId, lagging } = await allBut(slow, 1);
    const [first] = lagging as [Assignment];
    const second = await claimBeside(fast, slow);
    expect(second).toMatchObject({ shardId: first.shardId, attempt: 2, handling: 'ordinary', range: first.range });
    expect(second.journal.shardSubjects).toBe(first.journal.shardSubjects);
    expect((await world.stage(stageId)).shards).toMatchObject({ open: 1, active: 1 });
    // Nobody gets it a third time, nor the slow one its own.
    expect(await (await world.member()).claim()).toEqual([]);
    expect(await slow.claim()).toEqual([]);
    expect((await slow.heartbeat()).lost).toEqual([]);

    await fast.heartbeat({ attempts: [{ token: second.token, counts: { ...noCounts(), ok: 7, calls: 7 }, calls: 3 }] });
    expect((await world.stage(stageId)).copies).toEqual({ attempts: 1, calls: 3 });
    expect(await fast.commit(second, {}, 5)).toBe('committed');
    expect((await slow.heartbeat()).lost).toEqual([first.token]);
    expect(await slow.commit(first)).toBe('superseded');
    expect(await world.stage(stageId)).toMatchObject({ state: 'succeeded', counts: { ok: 2_000 }, copies: { attempts: 1, calls: 5 } });
  });

  it('should be won by the first attempt if it is faster after all, and tell what the second has cost', async () => {
    const [slow, fast] = [await world.member(), await world.member()];
    const { stageId, lagging } = await allBut(slow, 1);
    const second = await claimBeside(fast, slow);
    expect(await slow.commit(lagging[0] as Assignment)).toBe('committed');
    const last = await fast.heartbeat({ attempts: [{ token: second.token, counts: noCounts(), calls: 9 }] });
    expect(last.lost).toEqual([second.token]);
    expect(await world.stage(stageId)).toMatchObject({ state: 'succeeded', counts: { ok: 2_000 }, copies: { attempts: 1, calls: 9 } });
  });

  it('should not be run twice while there is other work of the stage to give out, nor before there is a pace to compare with', async () => {
    const [slow, fast] = [await world.member(), await world.member()];
    await world.submit(2_000);
    const [first] = await slow.claim(16);
    const others: Assignment[] = [];
    for (let got = await fast.claim(); got.length > 0; got = await fast.claim()) others.push(...got);
    // All are held, and old; two of them are done.
    for (const one of others.slice(0, 2)) await fast.commit(one);
    const idle = await world.member();
    await waitFor(async () => {
      await Promise.all([slow.heartbeat(), fast.heartbeat(), idle.heartbeat()]);
      expect(await idle.claim()).toEqual([]);
    });
    await fast.commit(others[2] as Assignment);
    // Of what is released there is work to give out: nothing else is.
    const back = others.at(-1) as Assignment;
    await fast.release(back);
    expect((await idle.claim()).map(({ shardId }) => shardId)).toContain(back.shardId);
    expect(first).toBeDefined();
  });

  it('should not be run twice for what their stage had to wait', async () => {
    const [slow, fast] = [await world.member(), await world.member()];
    const { id: stageId } = await world.submit(2_000);
    const lagging = await slow.claim(16);
    const heartbeat = (waitsFor: 'journal_room' | null) =>
      slow.heartbeat({ attempts: lagging.map(({ token }) => ({ token, counts: noCounts(), calls: 0, waitsFor })) });
    await eventually(async () => {
      await heartbeat('journal_room');
      return (await world.stage(stageId)).waitingFor;
    });
    await world.finish(fast);
    await makeOld(lagging);
    await waitFor(async () => {
      await Promise.all([heartbeat('journal_room'), fast.heartbeat()]);
      expect(await fast.claim()).toEqual([]);
    });
    await eventually(async () => {
      await heartbeat(null);
      return (await world.stage(stageId)).waitingFor === null;
    });
    const since = performance.now();
    expect(await claimBeside(fast, slow)).toMatchObject({ shardId: lagging[0]?.shardId, attempt: 2 });
    expect(performance.now() - since).toBeGreaterThan(LATE / 2);
  });

  it('should be few at once, and few in all', async () => {
    const [slow, fast] = [await world.member(), await world.member('default', 640)];
    const { stageId, lagging } = await allBut(slow, 8);
    const { shards } = await world.stage(stageId);
    expect(shards.open + shards.committed).toBeLessThan(50);
    const most = 4;
    const claim = async () => {
      await Promise.all([slow.heartbeat(), fast.heartbeat()]);
      await fast.claim(256);
    };
    // From the database: the answer to a claim can be lost.
    const copies = () =>
      world.sql<{ shardId: string; size: number; slots: number }>(
        `SELECT a.shard_id AS "shardId", h."last" - h."first" + 1 AS size, a.slots FROM attempts a JOIN shards h ON h.id = a.shard_id
         WHERE a.stage_id = $1 AND a.second`,
        [stageId],
      );
    await eventually(async () => {
      await claim();
      return (await copies()).length >= most;
    });
    await waitFor(claim);
    const made = await copies();
    expect(made).toHaveLength(most);
    expect(new Set(made.map(({ shardId }) => shardId)).size).toBe(most);
    expect(lagging.map(({ shardId }) => shardId)).toEqual(expect.arrayContaining(made.map(({ shardId }) => shardId)));
    expect(made.every(({ size, slots }) => slots <= size)).toBe(true);
  });

  it('should not be queries, imports or exports', async () => {
    const limits = { memoryMb: 100, timeoutMs: 1_000, rows: 10 };
    const work: SqlWork = { kind: 'sql', inputs: [{ name: 'rows', table: mapWork(5).input }], query: 'SELECT 1', limits };
    await world.submit(1, { work });
    const [slow, idle] = [await world.member(), await world.member()];
    await slow.claimOne();
    await waitFor(async () => {
      await Promise.all([slow.heartbeat(), idle.heartbeat()]);
      expect(await idle.claim()).toEqual([]);
    });
  });

  /** Does it again and again for three times as long as a shard may take. */
  const waitFor = async (again: () => Promise<void>): Promise<void> => {
    for (const until = performance.now() + 3 * LATE; performance.now() < until;) await again();
  };
});
