import { type Assignment, executorOperations as operations, type MapWork, newId, type Stage, sizeOf } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { LedgerBench, MEMBER_SLOTS, newMember } from './support/ledger-bench.js';
import { mapWork, World } from './support/world.js';

jest.setTimeout(120_000);

/** A map over the rows of another one, as they are committed. */
const following = (stageId: string, rows: number): MapWork => {
  const { input, ...work } = mapWork(rows);
  return { ...work, input: { stageId, tableId: newId('table'), rows, columns: [], ownColumns: [], base: input } };
};

/** Real: executor, Postgres, NATS, storage. The test speaks for manager and members. */
describe('a stage that follows another one', () => {
  const ROWS = 1_280;
  let world: World;
  let ownerId: string;
  let first: Stage;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    world.config.executor.leaseMs = 60_000;
    await world.executor();
    ownerId = newId('run');
    first = await world.submit(ROWS, { ownerId, followed: true });
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  const follow = (): Promise<Stage> => world.submit(ROWS, { ownerId, work: following(first.id, ROWS) });
  const committed = async (stageId: string, within: Assignment['range']) =>
    (await world.messaging.request(operations.listCommittedShards, { stageId, after: -1, limit: 500, within })).shards;

  it('should give each row on as soon as the shard that holds it is committed', async () => {
    const second = await follow();
    expect(second.shards.open).toBe(first.shards.open);
    const [a, b] = [await world.member('default', 2_000), await world.member()];
    // Few at a time: each answer takes some of the time that a request may.
    const ofFirst: Assignment[] = [];
    for (let got = await a.claim(100); got.length > 0; got = await a.claim(100)) ofFirst.push(...got);
    expect(ofFirst).toHaveLength(first.shards.open);
    expect(Math.max(...ofFirst.map(({ range }) => sizeOf(range)))).toBeLessThanOrEqual(ROWS / 128);
    expect(await b.claim()).toEqual([]);
    await eventually(async () => (await world.stage(second.id)).waitingFor === 'the step before has given no more rows yet');

    const early = ofFirst[7] as Assignment;
    await a.commit(early);
    const [given, ...others] = await b.claim();
    expect(others).toEqual([]);
    expect(given).toMatchObject({ stageId: second.id, range: early.range });
    const [there, ...more] = await committed(first.id, early.range);
    expect(more).toEqual([]);
    expect(there).toMatchObject({ shardId: early.shardId, range: early.range });
    await b.commit(given as Assignment);

    for (const assignment of ofFirst) if (assignment !== early) await a.commit(assignment);
    await world.finish(b);
    expect(await world.stage(second.id)).toMatchObject({ state: 'succeeded', counts: { ok: ROWS } });
  });

  it('should begin at once with what was committed before it came', async () => {
    const member = await world.member();
    const done = (await member.claim(1))[0] as Assignment;
    await member.commit(done);
    const second = await follow();
    const waiting = await world.sql<{ first: number }>(`SELECT "first" FROM shards WHERE stage_id = $1 AND NOT waits`, [second.id]);
    expect(waiting).toEqual([{ first: done.range.first }]);
    await world.finish(member);
    expect((await world.stage(second.id)).state).toBe('succeeded');
  });

  it('should end with a stage that fails, and be over from the start behind one that has', async () => {
    const [second, third] = await Promise.all([follow(), follow()]);
    const behind = await world.submit(ROWS, { ownerId, work: following(second.id, ROWS) });
    const { token } = (await (await world.member()).claim(1))[0] as Assignment;
    const fault = { code: 'unusable', class: 'permanent' as const, message: 'x' };
    await world.messaging.request(operations.failStage, { stageId: first.id, token, fault });
    expect(await world.stage(first.id)).toMatchObject({ state: 'failed', fault });
    for (const { id } of [second, third, behind]) expect(await world.stage(id)).toMatchObject({ state: 'cancelled', fault: null });
    expect((await follow()).state).toBe('cancelled');
  });

  it('should be refused where the rows are none of its owner’s, and be tried again where the stage is unknown', async () => {
    await expect(world.submit(ROWS, { work: following(first.id, ROWS) })).rejects.toMatchObject({ code: 'no_such_rows', class: 'refused' });
    await expect(world.submit(5, { ownerId, work: following(first.id, 5) })).rejects.toMatchObject({ code: 'no_such_rows' });
    await expect(world.submit(5, { ownerId, work: following(newId('stage'), 5) })).rejects.toMatchObject({
      code: 'unknown_stage',
      class: 'transient',
    });
  });
});

describe('rows that a stage waits for', () => {
  const ROWS = 1_600;
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await LedgerBench.start();
  });
  afterAll(() => bench.stop());

  it('should be given on once, whoever commits them at the same time, and never before all of a shard’s are there', async () => {
    const ownerId = newId('run');
    const [first, second] = [newId('stage'), newId('stage')];
    const submission = { ownerId, resources: {}, weight: 1, followed: true };
    await bench.stages.submit({ ...submission, stageId: first, work: mapWork(ROWS) });
    await bench.stages.submit({ ...submission, stageId: second, work: following(first, ROWS) });
    // Each shard of the second has to wait for many of the first, as after splits.
    const { rows: whole } = await bench.sql.query<{ id: string; first: number; last: number }>(
      `SELECT id, "first", "last" FROM shards WHERE stage_id = $1`,
      [first],
    );
    for (const shard of whole) {
      const ranges = [];
      for (let row = shard.first; row <= shard.last; row += 3)
        ranges.push({ first: row, last: Math.min(row + 2, shard.last), suspicion: 'none' as const });
      if (ranges.length > 1) expect(await bench.split(shard.id, ranges)).toBeNull();
    }
    const early = async (): Promise<number> => {
      const { rows } = await bench.sql.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM shards h WHERE h.stage_id = $2 AND NOT h.waits AND EXISTS (
           SELECT 1 FROM shards u WHERE u.stage_id = $1 AND u.state = 'open' AND u."first" <= h."last" AND u."last" >= h."first")`,
        [first, second],
      );
      return rows[0]?.n ?? -1;
    };
    let watched = 0;
    let over = false;
    const watch = async (): Promise<void> => {
      for (; !over; watched++) expect(await early()).toBe(0);
    };
    const work = async (): Promise<void> => {
      const { id, instance } = newMember();
      await bench.join(id, instance);
      for (;;) {
        const { assignments: got } = await bench.claims.claim({ memberId: id, freeSlots: MEMBER_SLOTS, lane: 'standard', saturated: [] });
        if (got.length === 0) return;
        for (const one of got) expect(await bench.commit(one, await bench.part(one, one.range, true))).toBe('committed');
      }
    };
    const members = Promise.all(Array.from({ length: 6 }, work)).finally(() => (over = true));
    await Promise.all([members, watch()]);
    expect(watched).toBeGreaterThan(3);
    for (const stageId of [first, second])
      expect(await bench.stages.get(stageId)).toMatchObject({ state: 'succeeded', counts: { ok: ROWS } });
  });
});
