import { executorOperations as operations, journalStream, journalSubject, newId, newLeaseToken, type Stage } from '@apwa/contracts';
import { JournalStreams, JournalWriter } from '@apwa/messaging';
import { eventually } from '@apwa/test-kit';
import { jetstreamManager } from '@nats-io/jetstream';
import { jest } from '@jest/globals';
import { type TestMember, World } from './support/world.js';

jest.setTimeout(60_000);

/** Real: executor, Postgres, NATS with JetStream, storage. The test speaks for manager and members. */
describe('stages that are forgotten', () => {
  let world: World;
  let member: TestMember;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    // Sweeps at the ends of stages come too late for these tests: what is gone, forgetting has removed.
    await world.executor({ purgeMs: 600_000, collectMs: 600_000 });
    member = await world.member();
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  const forget = (ownerId: string, stageIds?: string[]) =>
    world.messaging.request(operations.forgetStages, { ownerId, ...(stageIds ? { stageIds } : {}) });
  const unnamed = async (...keys: string[]) => (await world.messaging.request(operations.unnamedKeys, { keys })).unnamed;
  const rowsOf = async (stageId: string) => {
    const [row] = await world.sql<{ rows: number }>(
      `SELECT (SELECT count(*) FROM stages WHERE id = $1) + (SELECT count(*) FROM shards WHERE stage_id = $1)
        + (SELECT count(*) FROM attempts WHERE stage_id = $1) + (SELECT count(*) FROM sweeps WHERE stage_id = $1) AS rows`,
      [stageId],
    );
    return Number(row?.rows);
  };
  const keysUnder = async (prefix: string) => {
    const keys: string[] = [];
    for await (const { key } of world.storage.list(prefix)) keys.push(key);
    return keys.sort();
  };
  const finished = async (rows: number, ownerId = newId('run')): Promise<Stage> => {
    const stage = await world.submit(rows, { ownerId });
    // Again, for it may have been silent for a lease.
    await member.join();
    await world.finish(member);
    return world.stage(stage.id);
  };
  const journaled = async (stageId: string): Promise<number> => {
    const manager = await jetstreamManager(world.messaging.connection);
    const options = { subjects_filter: journalSubject(1, stageId, '*', '*') };
    const { state } = await manager.streams.info(journalStream(1), options);
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  };
  const publish = (stageId: string) => {
    const token = newLeaseToken();
    const place = {
      stream: journalStream(1),
      incarnation: 1,
      subject: journalSubject(1, stageId, newId('shard'), token),
      shardSubjects: '',
    };
    return new JournalWriter(world.messaging).publish(place, { token, sequence: 0, rows: [] });
  };

  it('should leave nothing in the ledger, and the parts that were committed in storage', async () => {
    const ownerId = newId('run');
    const [gone, other] = [await finished(3_000, ownerId), await finished(100)];
    const parts = await keysUnder(`parts/${gone.id}/`);
    expect(parts.length).toBeGreaterThan(1);
    expect(await rowsOf(gone.id)).toBeGreaterThan(2 * parts.length);

    expect(await forget(ownerId)).toEqual({ forgotten: 1 });
    expect(await rowsOf(gone.id)).toBe(0);
    expect(await world.sql('SELECT 1 FROM runs WHERE owner_id = $1', [ownerId])).toEqual([]);
    await expect(world.stage(gone.id)).rejects.toMatchObject({ code: 'unknown_stage' });
    expect(await keysUnder(`parts/${gone.id}/`)).toEqual(parts);
    expect(await world.stage(other.id)).toEqual(other);
    expect(await rowsOf(other.id)).toBeGreaterThan(0);
  });

  it('should be forgotten once, and be no fault when they are unknown', async () => {
    const ownerId = newId('run');
    const [one, two] = [await finished(10, ownerId), await finished(10, ownerId)];
    expect(await forget(ownerId, [one.id, newId('stage')])).toEqual({ forgotten: 1 });
    expect(await forget(ownerId, [one.id])).toEqual({ forgotten: 0 });
    // Another's stage is none of this owner's.
    expect(await forget(newId('run'), [two.id])).toEqual({ forgotten: 0 });
    expect(await world.stage(two.id)).toEqual(two);
    expect(await world.sql('SELECT 1 FROM runs WHERE owner_id = $1', [ownerId])).toHaveLength(1);
    expect(await Promise.all([forget(ownerId), forget(ownerId)])).toEqual(
      expect.arrayContaining([expect.objectContaining({ forgotten: expect.any(Number) as number })]),
    );
    expect(await forget(ownerId)).toEqual({ forgotten: 0 });
    expect(await forget(newId('table'))).toEqual({ forgotten: 0 });
  });

  it('should be refused while one of them runs, with none forgotten', async () => {
    const ownerId = newId('run');
    const done = await finished(10, ownerId);
    const running = await world.submit(10, { ownerId });
    await expect(forget(ownerId)).rejects.toMatchObject({
      class: 'refused',
      code: 'stage_running',
      details: { field: 'stageIds', value: running.id },
    });
    expect(await world.stage(done.id)).toEqual(done);
    await world.messaging.request(operations.controlRun, { ownerId, version: 1, state: 'cancelled' });
    expect(await forget(ownerId)).toEqual({ forgotten: 2 });
  });

  it('should take with them what was written in vain: parts of other attempts, journals and journaled rows', async () => {
    const ownerId = newId('run');
    const stage = await world.submit(1, { ownerId });
    const lost = await member.claimOne();
    const vain = (await member.write(lost)).key;
    const journal = `journal/${stage.id}/${lost.shardId}/${lost.token}.0.json`;
    await world.storage.write(journal, Buffer.from('[]'));
    await publish(stage.id);
    await member.release(lost);
    await world.finish(member);
    expect(await journaled(stage.id)).toBe(1);

    await forget(ownerId);
    expect(await keysUnder(`parts/${stage.id}/`)).toHaveLength(1);
    expect(await keysUnder(`parts/${stage.id}/`)).not.toContain(vain);
    expect(await keysUnder('journal/')).toEqual([]);
    expect(await journaled(stage.id)).toBe(0);
  });

  it('should not be committed any more by who still holds a shard of them', async () => {
    const ownerId = newId('run');
    await world.submit(1, { ownerId });
    const held = await member.claimOne();
    const part = await member.write(held);
    await world.messaging.request(operations.controlRun, { ownerId, version: 1, state: 'cancelled' });
    await forget(ownerId);
    expect((await member.heartbeat()).lost).toEqual([held.token]);
    expect(await member.commit(held, { part })).toBe('unknown');
  });

  it('should not have their parts swept by a sweep of their end that was due already', async () => {
    const ownerId = newId('run');
    const stage = await finished(10, ownerId);
    const parts = await keysUnder(`parts/${stage.id}/`);
    await forget(ownerId);
    // As a sweeper would find it that read the sweep before.
    await world.sql(`INSERT INTO sweeps (kind, stage_id, due_at) VALUES ('clear_stage', $1, now())`, [stage.id]);
    await eventually(async () => (await world.sql('SELECT 1 FROM sweeps WHERE due_at <= now()')).length === 0);
    expect(await keysUnder(`parts/${stage.id}/`)).toEqual(parts);
  });

  it('should tell which objects the ledger does not name', async () => {
    const ownerId = newId('run');
    await world.submit(1, { ownerId });
    const revoked = await member.claimOne();
    const vain = (await member.write(revoked)).key;
    await member.release(revoked);
    const held = await member.claimOne();
    const [first, second] = [(await member.write(held)).key, (await member.write(held, 2)).key];
    const journal = `journal/${held.stageId}/${held.shardId}/${revoked.token}.0.json`;
    const strange = `parts/${newId('stage')}/${held.shardId}.${newLeaseToken()}.parquet`;
    const keys = [vain, first, second, journal, strange, 'parts/notes.txt'];
    expect(await unnamed(...keys)).toEqual([vain, strange]);
    await member.commit(held);
    expect(await unnamed(...keys)).toEqual([vain, second, journal, strange]);
    await forget(ownerId);
    expect(await unnamed(...keys)).toEqual([vain, first, second, journal, strange]);
    expect(await unnamed()).toEqual([]);
  });
});

describe('messages that come after the last sweep of their stage', () => {
  it('should be removed when they are seen a second time, and those of stages that run left alone', async () => {
    const world = await World.start();
    try {
      await world.executor({ strayMs: 300 });
      const streams = new JournalStreams(world.messaging);
      const running = await world.submit(10);
      const publish = (stageId: string) => {
        const token = newLeaseToken();
        const subject = journalSubject(1, stageId, newId('shard'), token);
        const place = { stream: journalStream(1), incarnation: 1, subject, shardSubjects: '' };
        return new JournalWriter(world.messaging).publish(place, { token, sequence: 0, rows: [] });
      };
      const strange = newId('stage');
      await Promise.all([publish(running.id), publish(strange)]);
      expect(await streams.stages(1)).toEqual(new Set([running.id, strange]));
      await eventually(async () => !(await streams.stages(1)).has(strange));
      expect(await streams.stages(1)).toEqual(new Set([running.id]));
    } finally {
      await world.stop();
    }
  });
});
