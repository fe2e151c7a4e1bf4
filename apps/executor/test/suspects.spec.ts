import { type Assignment, newId, noCounts, type SqlWork, type StageWork } from '@apwa/contracts';
import { JournalStreams, JournalWriter } from '@apwa/messaging';
import { answeredRow } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { LedgerBench, MEMBER_SLOTS, newMember } from './support/ledger-bench.js';
import { mapWork } from './support/world.js';

jest.setTimeout(60_000);

/** Real: the executor's services, Postgres, NATS, storage. The test speaks for the members, and for the supervisor that sees them die. */
describe('shards at which members crash (H17)', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await LedgerBench.start({ journalPatienceMs: 0 });
  });
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const submit = async (work: StageWork): Promise<string> => {
    const stageId = newId('stage');
    await bench.stages.submit({ stageId, ownerId: newId('run'), work, resources: {}, weight: 1, maxInFlight: undefined, followed: false });
    return stageId;
  };
  const join = async (): Promise<{ id: string; instance: string }> => {
    const member = newMember();
    await bench.join(member.id, member.instance);
    return member;
  };
  const claim = async (id: string, freeSlots = MEMBER_SLOTS) =>
    (await bench.claims.claim({ memberId: id, freeSlots, saturated: [], lane: 'standard' })).assignments;
  const claimOne = async (id: string): Promise<Assignment> => {
    const [assignment, ...others] = await claim(id);
    if (!assignment || others.length > 0) throw new Error(`${others.length + (assignment ? 1 : 0)} shards were given instead of one`);
    return assignment;
  };
  const commit = async (one: Assignment) => bench.commit(one, await bench.part(one, one.range, true));
  /** A member joins, claims and crashes. */
  const crash = async (meanwhile: (one: Assignment) => Promise<void> = async () => undefined): Promise<Assignment> => {
    const { id, instance } = await join();
    const one = await claimOne(id);
    await meanwhile(one);
    await bench.members.died(instance, 'signal SIGSEGV', true);
    return one;
  };
  const journal = (rows: number[]) => (one: Assignment) =>
    new JournalWriter(bench.world.messaging).publish(one.journal, {
      token: one.token,
      sequence: 0,
      rows: rows.map((row) => answeredRow(row)),
    });
  /** As above, for rows that are too large for a message. */
  const journalStored = (rows: number[]) => async (one: Assignment) => {
    const key = `journal/${one.stageId}/${one.shardId}/${one.token}.0.json`;
    await bench.world.storage.write(key, Buffer.from(JSON.stringify(rows.map((row) => answeredRow(row)))));
    await new JournalWriter(bench.world.messaging).publish(one.journal, { token: one.token, sequence: 0, rows: { key } });
  };
  const shards = (stageId: string) =>
    bench.sql
      .query<{ first: number; last: number; suspicion: string; state: string }>(
        `SELECT "first", "last", suspicion, state FROM shards WHERE stage_id = $1 AND state <> 'retired' ORDER BY "first"`,
        [stageId],
      )
      .then(({ rows }) => rows.map(({ first, last, suspicion }) => [first, last, suspicion]));

  it('should come to the one row that kills, and fail that row alone', async () => {
    const stageId = await submit(mapWork(8));
    const first = await crash();
    await crash();
    expect(await shards(stageId)).toEqual([[0, 7, 'suspect']]);
    const alone = await crash(journal([0, 1, 2]));
    expect(alone).toMatchObject({ handling: 'alone', shardId: first.shardId, originId: first.shardId });
    await bench.suspects.look();
    expect(await shards(stageId)).toEqual([[0, 2, 'none'], ...[3, 4, 5, 6, 7].map((row) => [row, row, 'suspect'])]);

    // Whoever holds nothing takes suspects first, one at a time, and nothing beside them; all but row 5 are innocent.
    const { id } = await join();
    for (const row of [3, 4]) {
      const suspect = await claimOne(id);
      expect(suspect).toMatchObject({ handling: 'alone', slots: 1, range: { first: row, last: row }, originId: first.shardId });
      expect(suspect.journal.shardSubjects).toBe(first.journal.shardSubjects);
      expect(await claim(id, MEMBER_SLOTS - 1)).toEqual([]);
      expect(await commit(suspect)).toBe('committed');
    }
    await crash();
    expect((await shards(stageId))[3]).toEqual([5, 5, 'suspect']);
    await crash();
    expect((await shards(stageId))[3]).toEqual([5, 5, 'condemned']);
    for (const row of [6, 7]) {
      const suspect = await claimOne(id);
      expect(suspect).toMatchObject({ handling: 'alone', range: { first: row, last: row } });
      expect(await commit(suspect)).toBe('committed');
    }
    const rest = await claim(id);
    expect(rest.map(({ range, handling }) => [range.first, range.last, handling])).toEqual([
      [0, 2, 'ordinary'],
      [5, 5, 'condemned'],
    ]);
    for (const one of rest) expect(await commit(one)).toBe('committed');
    expect(await bench.stages.get(stageId)).toMatchObject({ state: 'succeeded', shards: { open: 0, committed: 6 }, counts: { ok: 8 } });
  });

  it('should suspect nothing for deaths that are nobody’s fault', async () => {
    const stageId = await submit(mapWork(8));
    for (const _ of [1, 2, 3]) {
      const { id, instance } = await join();
      await claimOne(id);
      await bench.members.died(instance, 'exit code 0', false);
    }
    for (const _ of [1, 2, 3]) {
      const { id } = await join();
      const { token, shardId } = await claimOne(id);
      if (_ === 1) await bench.leases.release(shardId, token);
      else {
        await bench.lapse(token);
        await bench.leases.expire(10);
      }
    }
    await crash();
    expect(await shards(stageId)).toEqual([[0, 7, 'none']]);
  });

  it('should count leases that ran out in a container that was started again, whoever saw it or not', async () => {
    const stageId = await submit(mapWork(8));
    const start = async (host: string): Promise<string> => {
      const { id } = newMember();
      const slots = { total: MEMBER_SLOTS, free: MEMBER_SLOTS };
      await bench.members.join({ id, pool: 'default', state: 'running', slots, resources: {}, host, pid: 7 }, null);
      return id;
    };
    let id = await start('a1b2c3');
    for (const suspicion of ['none', 'suspect', 'divide']) {
      const { token } = await claimOne(id);
      // The next process of the container joins before the lease of the one before is over; one on another host says nothing.
      await start('d4e5f6');
      id = await start('a1b2c3');
      await bench.lapse(token);
      expect(await bench.leases.expire(10)).toBe(1);
      expect(await shards(stageId)).toEqual([[0, 7, suspicion]]);
    }
  });

  it('should condemn nothing for random deaths while suspects run', async () => {
    const stageId = await submit(mapWork(8));
    for (const _ of [1, 2]) await crash();
    await crash();
    await bench.suspects.look();
    // The journal says nothing: all rows were in flight.
    expect(await shards(stageId)).toEqual(Array.from({ length: 8 }, (_, row) => [row, row, 'suspect']));
    await crash();
    const { id } = await join();
    for (let row = 0; row < 8; row++) expect(await commit(await claimOne(id))).toBe('committed');
    expect((await bench.stages.get(stageId)).state).toBe('succeeded');
  });

  it('should know the rows that the journal keeps in storage', async () => {
    const stageId = await submit(mapWork(4));
    await crash();
    await crash();
    await crash(journalStored([0, 1]));
    await bench.suspects.look();
    expect(await shards(stageId)).toEqual([
      [0, 1, 'none'],
      [2, 2, 'suspect'],
      [3, 3, 'suspect'],
    ]);
  });

  it('should halve a shard whose journal cannot be read, and keep both halves under suspicion', async () => {
    const stageId = await submit(mapWork(8));
    const { journal: place } = await crash();
    await crash();
    await crash();
    const streams = new JournalStreams(bench.world.messaging);
    await streams.removeOthers(place.incarnation + 1);
    await bench.suspects.look();
    expect(await shards(stageId)).toEqual([
      [0, 3, 'suspect'],
      [4, 7, 'suspect'],
    ]);
    await streams.ensure(place.incarnation);
  });

  it('should empty one member of a busy pool, and give suspects to no other', async () => {
    const stageId = await submit(mapWork(8));
    await crash();
    const [a, b] = [await join(), await join()];
    // Of others' work a holds more than b; then the second crash makes a suspect.
    const { instance, id } = await join();
    const dying = await claimOne(id);
    await submit(mapWork(2_000));
    const [ofA, ofB] = [await claim(a.id), await claim(b.id, 32)];
    await bench.members.died(instance, 'signal SIGSEGV', true);
    expect(await shards(stageId)).toEqual([[0, 7, 'suspect']]);
    expect(ofA).toHaveLength(1);
    expect(await claim(b.id, 32)).toEqual([]);
    for (const one of ofB) expect(await commit(one)).toBe('committed');
    // By its own word it has not let go of everything yet.
    expect(await claim(b.id, 63)).toEqual([]);
    const suspect = await claimOne(b.id);
    expect(suspect).toMatchObject({ handling: 'alone', shardId: dying.shardId, slots: 8 });
    expect(await commit(ofA[0] as Assignment)).toBe('committed');
    expect((await claim(a.id)).map(({ handling }) => handling)).toEqual(['ordinary']);
  });

  it('should end a stage without rows at which members crash again and again', async () => {
    const { input } = mapWork(5);
    const limits = { memoryMb: 100, timeoutMs: 1_000, rows: 10 };
    const work: SqlWork = { kind: 'sql', inputs: [{ name: 'rows', table: input }], query: 'SELECT 1', limits };
    const stageId = await submit(work);
    for (let n = 1; n <= 4; n++) {
      expect((await bench.stages.get(stageId)).state).toBe('running');
      await crash();
      await bench.suspects.look();
    }
    const { state, fault, counts } = await bench.stages.get(stageId);
    expect({ state, code: fault?.code, counts }).toEqual({ state: 'failed', code: 'members_crashed', counts: noCounts() });
  });
});
