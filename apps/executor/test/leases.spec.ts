import { executorOperations as operations, journalSubject } from '@apwa/contracts';
import { JournalStreams, JournalWriter } from '@apwa/messaging';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { LEASE_MS, type TestMember, World } from './support/world.js';

jest.setTimeout(60_000);

/** Real: executor, Postgres, NATS, storage. The test speaks for manager and members. */
describe('leases, commits and what is left over', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    await world.executor();
  });
  afterEach(() => world.stopExecutors());
  afterAll(() => world.stop());

  const keysOf = async (stageId: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of world.storage.list(`parts/${stageId}/`)) keys.push(key);
    return keys.sort();
  };
  /** Waits until a shard can be claimed. */
  const claimAgain = (member: TestMember, timeoutMs = 10_000) =>
    eventually(
      async () => {
        await member.heartbeat();
        return (await member.claim())[0] ?? null;
      },
      { timeoutMs, what: 'a shard to be free' },
    );

  it('should hand a shard on when its lease ran out, and refuse the late commit (H1, H2)', async () => {
    const stage = await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const first = await a.claimOne();
    expect(await b.claim()).toEqual([]);
    const second = await claimAgain(b);
    expect(second).toMatchObject({ shardId: first.shardId, attempt: 2 });
    expect(second.token).not.toBe(first.token);
    expect(second.journal.shardSubjects).toBe(first.journal.shardSubjects);
    // A was silent for so long that it has to join again.
    await a.join();
    expect((await a.heartbeat()).lost).toEqual([first.token]);
    expect(await a.commit(first)).toBe('superseded');
    // B dies at A's refused commit: the shard is handed on once more.
    const third = await claimAgain(await world.member());
    expect(third).toMatchObject({ shardId: first.shardId, attempt: 3 });
    expect(await b.commit(second)).toBe('superseded');
    expect((await world.stage(stage.id)).state).toBe('running');
  });

  it('should keep what is renewed', async () => {
    await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const held = await a.claimOne();
    for (const until = performance.now() + 3 * LEASE_MS; performance.now() < until;) {
      expect((await a.heartbeat()).lost).toEqual([]);
      await b.heartbeat();
      expect(await b.claim()).toEqual([]);
    }
    expect(await a.commit(held)).toBe('committed');
  });

  it('should answer the winner like the first time when its reply was lost (H3)', async () => {
    const stage = await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    const part = await member.write(held);
    expect(await member.commit(held, { part })).toBe('committed');
    expect(await member.commit(held, { part })).toBe('committed');
    expect((await world.stage(stage.id)).counts.ok).toBe(5);
  });

  it('should count a part only if it is there with all its bytes (H4)', async () => {
    const stage = await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    const part = await member.write(held);
    expect(await member.commit(held, { part: { ...part, sha256: 'f'.repeat(64) } })).toBe('no_such_part');
    expect(await member.commit(held, { part: { ...part, bytes: 1 } })).toBe('no_such_part');
    await world.storage.delete(part.key);
    expect(await member.commit(held, { part })).toBe('no_such_part');
    const again = await member.write(held, 2);
    await expect(member.commit(held, { part: { ...again, key: 'parts/of/somebody.else' } })).rejects.toMatchObject({
      code: 'foreign_part',
    });
    expect(await member.commit(held, { part: again })).toBe('committed');
    expect((await world.stage(stage.id)).state).toBe('succeeded');
  });

  it('should know nothing of a shard or an attempt that never was', async () => {
    await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    const part = await member.write(held);
    const ask = (shardId: string, token: string, key: string) =>
      world.messaging.request(operations.commit, {
        shardId,
        token,
        content: {
          part: { ...part, key },
          rejected: null,
          columns: [],
          counts: { ok: 0, failed: 0, errors: {}, costUsd: 0, calls: 0, usage: zero },
        },
      });
    const token = '0'.repeat(32);
    expect(await ask('shd_none', token, part.key)).toEqual({ answer: 'unknown' });
    expect(await ask(held.shardId, token, `parts/${held.stageId}/${held.shardId}.${token}.parquet`)).toEqual({ answer: 'unknown' });
  });
  const zero = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

  it('should forbid two committed ranges of a generation to overlap, whatever the code does (H12)', async () => {
    const stage = await world.submit(5);
    await world.finish(await world.member());
    const copy = world.sql(
      `INSERT INTO shards (id, stage_id, generation, place, "first", "last", state, origin_id, winner, content)
       SELECT 'shd_copy', stage_id, generation, place, "last", "last" + 9, state, origin_id, winner, content FROM shards WHERE stage_id = $1 LIMIT 1`,
      [stage.id],
    );
    await expect(copy).rejects.toMatchObject({ code: '23P01' });
  });

  it('should free a shard at once that is released, or whose member said goodbye or died before a supervisor’s eyes', async () => {
    await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    await a.release(await a.claimOne());
    const held = await b.claimOne();
    expect(held.attempt).toBe(2);
    await b.heartbeat({ state: 'stopped', attempts: [] });
    expect(await a.claimOne()).toMatchObject({ shardId: held.shardId, attempt: 3 });
  });

  it('should end at its start what members held that died with the executor before', async () => {
    await world.submit(5);
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const a = await world.member();
    await a.join({ host: hostname(), pid: child.pid as number, instance: 'of-the-one-before' });
    await world.sql(`UPDATE members SET instance = 'of-the-one-before', host = $1, pid = $2`, [hostname(), child.pid]);
    await a.claimOne();
    await world.stopExecutors();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await world.executor({ sweepMs: 60_000 });
    expect((await (await world.member()).claimOne()).attempt).toBe(2);
  });

  it('should wait one lease after it was away, so that members can renew', async () => {
    await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const held = await a.claimOne();
    await world.stopExecutors();
    await world.sql(`UPDATE attempts SET leased_until = clock_timestamp() - interval '1 hour'`);
    const back = performance.now();
    await world.executor();
    expect(await b.claim()).toEqual([]);
    expect((await a.heartbeat()).lost).toEqual([]);
    expect(await a.commit(held)).toBe('committed');
    expect(performance.now() - back).toBeLessThan(10 * LEASE_MS);
  });

  it('should ask a member to join again that it had given up, and let it keep what nobody took', async () => {
    await world.submit(5);
    const a = await world.member();
    const held = await a.claimOne();
    await world.sql(`UPDATE members SET state = 'failed'`);
    await expect(a.heartbeat()).rejects.toMatchObject({ code: 'unknown_member' });
    await a.join();
    expect((await a.heartbeat()).lost).toEqual([]);
    expect(await a.commit(held)).toBe('committed');
  });

  it('should remove the parts of attempts that lost, and no others', async () => {
    const stage = await world.submit(5);
    const [a, b] = [await world.member(), await world.member()];
    const first = await a.claimOne();
    await a.write(first);
    const second = await claimAgain(b);
    await b.write(second);
    const winning = await b.write(second, 2);
    expect(await b.commit(second, { part: winning })).toBe('committed');
    await eventually(async () => (await keysOf(stage.id)).length === 1);
    // What a holder that was cut off writes later goes too.
    await a.write(first, 3);
    await eventually(async () => (await keysOf(stage.id)).length === 1);
    expect(await keysOf(stage.id)).toEqual([winning.key]);
    await eventually(async () => (await world.sql('SELECT 1 FROM sweeps')).length === 0);
    expect(await keysOf(stage.id)).toEqual([winning.key]);
  });

  it('should purge the journal of what is committed, and again what comes later (H6, H7)', async () => {
    const stage = await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    const writer = new JournalWriter(world.messaging);
    const streams = new JournalStreams(world.messaging);
    const say = (sequence: number) => writer.publish(held.journal, { token: held.token, sequence, rows: [] });
    await say(0);
    expect(await member.commit(held)).toBe('committed');
    const left = () => world.nats && countOf(streams, held.journal.incarnation, stage.id);
    await eventually(async () => (await left()) === 0);
    await say(1);
    await eventually(async () => (await left()) === 0);
    await eventually(async () => (await world.sql('SELECT 1 FROM sweeps')).length === 0);
  });

  const countOf = async (streams: JournalStreams, incarnation: number, stageId: string): Promise<number> => {
    const { jetstreamManager } = await import('@nats-io/jetstream');
    const manager = await jetstreamManager(world.messaging.connection);
    const info = await manager.streams.info(`APWA_JOURNAL_g${incarnation}`, {
      subjects_filter: journalSubject(incarnation, stageId, '*', '*'),
    });
    return Object.values(info.state.subjects ?? {}).reduce((sum, n) => sum + n, 0);
  };

  it('should give a journal that was lost a new name, and tell members (H9)', async () => {
    await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    const before = await member.heartbeat();
    const { jetstreamManager } = await import('@nats-io/jetstream');
    await (await jetstreamManager(world.messaging.connection)).streams.delete(before.journal.stream);
    const after = await eventually(async () => {
      const reply = await member.heartbeat();
      return reply.journal.incarnation > before.journal.incarnation ? reply : null;
    });
    expect(after.journal.incarnation).toBe(before.journal.incarnation + 1);
    expect(after.journal.stream).not.toBe(before.journal.stream);
    expect(after.lost).toEqual([]);
    expect(await new JournalStreams(world.messaging).exists(after.journal.incarnation)).toBe(true);
    expect(await member.commit(held)).toBe('committed');
  });

  it('should shut out the older of two executors (H14)', async () => {
    world.replaced.length = 0;
    await world.submit(5);
    await world.executor();
    // Whichever of the two is asked: the older one answers nothing that writes, and says that it must end.
    const member = await eventually(() => world.member());
    await eventually(async () => {
      await member.heartbeat().catch(() => undefined);
      return world.replaced.length > 0;
    });
    expect(world.replaced).toHaveLength(1);
    expect(world.replaced[0]).toMatchObject({ code: 'executor_replaced' });
    const held = await eventually(async () => (await member.claim())[0] ?? null);
    await eventually(async () => (await member.commit(held)) === 'committed');
  });

  it('should go on when its connections to Postgres are cut', async () => {
    await world.submit(5);
    const member = await world.member();
    const held = await member.claimOne();
    await world.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'apwa-executor'`);
    await eventually(async () => (await member.heartbeat()).lost.length === 0);
    await eventually(async () => (await member.commit(held)) === 'committed');
  });
});
