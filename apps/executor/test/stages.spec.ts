import {
  type Assignment,
  executorOperations as operations,
  type MapWork,
  newId,
  noCounts,
  PermanentError,
  RefusedError,
  runControlled,
  stageChanged,
  workHint,
} from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { mapWork, World } from './support/world.js';

jest.setTimeout(60_000);

/** Real: executor, Postgres, NATS, storage. The test speaks for manager and members. */
describe('stages', () => {
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

  it('should run from submission to its last commit, every subtask once', async () => {
    const stage = await world.submit(1_500);
    const member = await world.member();
    expect(stage).toMatchObject({ state: 'running', subtasks: 1_500, shards: { active: 0, committed: 0 } });
    await world.finish(member);
    const done = await world.stage(stage.id);
    expect(done).toMatchObject({ state: 'succeeded', counts: { ok: 1_500, calls: 1_500 }, shards: { open: 0, active: 0 } });
    expect(done.version).toBeGreaterThan(stage.version);
    let next = 0;
    for (let more = true; more;) {
      const page = await world.messaging.request(operations.listCommittedShards, { stageId: stage.id, after: next - 1, limit: 3 });
      for (const { range } of page.shards) {
        expect(range.first).toBe(next);
        next = range.last + 1;
      }
      more = page.more;
    }
    expect(next).toBe(1_500);
  });

  it('should do no other rows than those that are to be done again', async () => {
    const work = mapWork(5_000);
    const rows = [
      { first: 10, last: 29 },
      { first: 1_000, last: 2_499 },
      { first: 4_999, last: 4_999 },
    ];
    const stage = await world.submit(0, { work: { ...work, redo: { rows, from: [work.input] } } });
    expect(stage).toMatchObject({ state: 'running', subtasks: 1_521 });
    await world.finish(await world.member());
    expect(await world.stage(stage.id)).toMatchObject({ state: 'succeeded', counts: { ok: 1_521 } });
    const done = await world.sql<{ first: number; last: number }>(
      `SELECT "first", "last" FROM shards WHERE stage_id = $1 AND state = 'committed' ORDER BY "first"`,
      [stage.id],
    );
    const numbers = (ranges: { first: number; last: number }[]): number[] =>
      ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
    expect(numbers(done)).toEqual(numbers(rows));
  });

  it('should take the same submission twice, and refuse other work under its id', async () => {
    const work = mapWork(10);
    const ids = { stageId: newId('stage'), ownerId: newId('run'), work };
    const [first, again] = await Promise.all([world.submit(10, ids), world.submit(10, ids)]);
    expect(again).toEqual(first);
    await expect(world.submit(10, { ...ids, work: mapWork(11) })).rejects.toMatchObject({ code: 'other_work', class: 'refused' });
    expect(await world.sql('SELECT 1 FROM shards WHERE stage_id = $1', [ids.stageId])).toHaveLength(first.shards.open);
  });

  it('should be over at once when there is nothing to do', async () => {
    expect(await world.submit(0)).toMatchObject({ state: 'succeeded', subtasks: 0, shards: { open: 0, active: 0, committed: 0 } });
  });

  it('should choose the pool by resources, and refuse what no pool has', async () => {
    const stage = await world.submit(5, { resources: { gpus: 1 } });
    expect(await (await world.member('default')).claim()).toEqual([]);
    expect((await (await world.member('large')).claim()).map(({ stageId }) => stageId)).toEqual(expect.arrayContaining([stage.id]));
    await expect(world.submit(5, { resources: { gpus: 2 } })).rejects.toMatchObject({
      code: 'no_such_pool',
      details: { field: 'resources' },
    });
  });

  it('should tell members of work and the manager of changes', async () => {
    const heard: string[] = [];
    const stops = [
      world.messaging.subscribe(workHint('default'), () => void heard.push('work')),
      world.messaging.subscribe(stageChanged, ({ stageId, state }) => void heard.push(`${stageId} ${state}`)),
    ];
    const stage = await world.submit(10);
    await world.finish(await world.member());
    await eventually(() => heard.includes('work') && heard.includes(`${stage.id} running`) && heard.includes(`${stage.id} succeeded`));
    stops.forEach((stop) => stop());
  });

  it('should answer who asks with what changed since', async () => {
    const ownerId = newId('run');
    const member = await world.member();
    const [one, other] = [await world.submit(3, { ownerId }), await world.submit(3, { ownerId })];
    const ask = async (seen: Record<string, number>) =>
      (await world.messaging.request(operations.listStages, { owners: [ownerId, newId('run')], seen })).stages.map(({ id }) => id).sort();
    expect(await ask({})).toEqual([one.id, other.id].sort());
    expect(await ask({ [one.id]: one.version, [other.id]: other.version })).toEqual([]);
    await world.finish(member);
    expect(await ask({ [one.id]: one.version, [other.id]: (await world.stage(other.id)).version })).toEqual([one.id]);
  });

  it('should show the progress of attempts, and what the stage waits for', async () => {
    const stage = await world.submit(100, { resources: { gpus: 1 } });
    await world.sql(`UPDATE members SET state = 'stopped'`);
    const waiting = await eventually(async () => {
      const now = await world.stage(stage.id);
      return now.waitingFor === null ? null : now;
    });
    expect(waiting.waitingFor).toContain('large');
    expect(waiting.version).toBeGreaterThan(stage.version);
    const member = await world.member('large');
    await member.claim();
    await eventually(async () => (await world.stage(stage.id)).waitingFor === null);
    const before = await world.stage(stage.id);
    const attempts = member.held.map(({ token }) => ({ token, counts: { ...noCounts(), ok: 7, calls: 7 } }));
    await member.heartbeat({ attempts });
    const after = await world.stage(stage.id);
    expect(after.progress.ok).toBe(attempts.length * 7);
    expect(after.counts.ok).toBe(0);
    expect(after.version).toBeGreaterThan(before.version);
  });

  it.each([
    ['journal_room', /^the journal is full: it takes \d+ bytes at most \(executor\.journalBytes\)/],
    ['journal', /^the journal takes nothing/],
  ] as const)('should say that its members wait for the journal: %s', async (waitsFor, said) => {
    const [stage, other] = [await world.submit(1), await world.submit(1)];
    const [member, another] = [await world.member(), await world.member()];
    await Promise.all([member.claim(1), another.claim(1)]);
    const held = [...member.held, ...another.held].find(({ stageId }) => stageId === stage.id);
    const beat = async (waits: typeof waitsFor | null) => {
      for (const one of [member, another])
        await one.heartbeat({
          attempts: one.held.map(({ token }) => ({ token, counts: noCounts(), waitsFor: token === held?.token ? waits : null })),
        });
    };
    const waitingFor = async () => (await world.stage(stage.id)).waitingFor;
    await eventually(async () => {
      await beat(waitsFor);
      return said.test((await waitingFor()) ?? '');
    });
    expect((await world.stage(other.id)).waitingFor).toBeNull();
    await eventually(async () => {
      await beat(null);
      return (await waitingFor()) === null;
    });
  });

  it('should end with the reason that a holder gives, and with nobody else’s', async () => {
    const stage = await world.submit(2_000);
    const member = await world.member();
    const first = await member.claimOne();
    const fault = { code: 'model_refused', class: 'permanent' as const, message: 'The key is wrong.' };
    const fail = (token: string) => world.messaging.request(operations.failStage, { stageId: stage.id, token, fault });
    await fail('0'.repeat(32));
    expect((await world.stage(stage.id)).state).toBe('running');
    await fail(first.token);
    expect(await world.stage(stage.id)).toMatchObject({ state: 'failed', fault, shards: { active: 0 } });
    expect((await member.heartbeat()).lost).toEqual([first.token]);
    expect(await member.commit(first)).toBe('superseded');
    expect(await member.claim()).toEqual([]);
  });

  describe('of which rows fail', () => {
    beforeEach(async () => {
      await world.stopExecutors();
      // Members of the test tell of themselves only now and then.
      world.config.executor.leaseMs = 60_000;
      await world.executor();
    });
    const failing = (rows: number, retry: MapWork['template']['retry']) => {
      const work = mapWork(rows);
      return world.submit(rows, { work: { ...work, template: { ...work.template, retry } } });
    };
    const refused = (failed: number, ok = 0) => ({
      ...noCounts(),
      ok,
      failed,
      errors: { refused: failed },
      examples: { refused: 'I cannot help with that.' },
      calls: ok + failed,
    });
    const fault = {
      code: 'too_many_failures',
      message: '6 of 8 rows have failed, and 5 may: refused 6; for example: I cannot help with that.',
    };

    it('should end when more than may have failed, committed or in progress', async () => {
      const stage = await failing(2_000, { stopWhenFailuresExceed: { count: 5 } });
      const [a, b] = [await world.member(), await world.member()];
      const [first, second] = [await a.claimOne(), await b.claimOne()];
      await b.heartbeat({ attempts: [{ token: second.token, counts: refused(3, 1) }] });
      expect(await a.commit(first, { counts: refused(2, 1) })).toBe('committed');
      expect((await world.stage(stage.id)).state).toBe('running');
      await eventually(async () => {
        await b.heartbeat({ attempts: [{ token: second.token, counts: refused(4, 1) }] }).catch(() => undefined);
        return (await world.stage(stage.id)).state === 'failed';
      });
      const ended = await world.stage(stage.id);
      expect(ended).toMatchObject({ fault, counts: { ok: 1, failed: 2 }, shards: { active: 0, committed: 1 } });
      expect((await b.heartbeat()).lost).toEqual([second.token]);
      expect(await a.claim()).toEqual([]);
    });

    it('should end at the commit that tells of one too many', async () => {
      const stage = await failing(2_000, { stopWhenFailuresExceed: { count: 5 } });
      const member = await world.member();
      expect(await member.commit(await member.claimOne(), { counts: refused(6, 2) })).toBe('committed');
      expect(await world.stage(stage.id)).toMatchObject({ state: 'failed', fault });
      expect(await member.claim()).toEqual([]);
    });

    it('should end when its first 200 rows fail alike, unless the template has its own bound', async () => {
      const [stage, other] = [await failing(2_000, undefined), await failing(2_000, { stopWhenFailuresExceed: { share: 1 } })];
      const member = await world.member();
      for (const { id } of [stage, other]) {
        const shard = (await member.claim()).find(({ stageId }) => stageId === id) ?? member.held.find(({ stageId }) => stageId === id);
        await member.commit(shard as Assignment, { counts: refused(200) });
      }
      const [first, second] = [await world.stage(stage.id), await world.stage(other.id)];
      expect(first).toMatchObject({ state: 'failed', fault: { code: 'too_many_failures' } });
      expect(second).toMatchObject({ state: 'running', counts: { failed: 200, examples: { refused: 'I cannot help with that.' } } });
    });

    it('should keep what is done: a bound that the last rows exceed ends nothing', async () => {
      const stage = await failing(8, { stopWhenFailuresExceed: { count: 5 } });
      const member = await world.member();
      await member.commit(await member.claimOne(), { counts: refused(6, 2) });
      expect(await world.stage(stage.id)).toMatchObject({ state: 'succeeded', fault: null });
    });
  });

  it('should name what is unknown', async () => {
    await expect(world.stage(newId('stage'))).rejects.toBeInstanceOf(PermanentError);
    await expect(
      world.messaging.request(operations.claim, { memberId: newId('member'), freeSlots: 1, lane: 'standard' }),
    ).rejects.toMatchObject({
      code: 'unknown_member',
    });
    await expect(world.member('nowhere')).rejects.toBeInstanceOf(RefusedError);
  });

  describe('control', () => {
    const control = (ownerId: string, version: number, state: 'active' | 'paused' | 'cancelled') =>
      world.messaging.request(operations.controlRun, { ownerId, version, state });

    it('should pause, go on and take no older word for a newer one', async () => {
      const ownerId = newId('run');
      const stage = await world.submit(1_000, { ownerId });
      const member = await world.member();
      const first = await member.claimOne();
      expect(await control(ownerId, 2, 'paused')).toMatchObject({ version: 2, state: 'paused' });
      expect(await control(ownerId, 1, 'active')).toMatchObject({ version: 2, state: 'paused' });
      expect(await member.claim()).toEqual([]);
      expect((await member.heartbeat()).controls).toEqual([{ ownerId, version: 2, state: 'paused' }]);
      expect(await member.commit(first)).toBe('committed');
      await control(ownerId, 3, 'active');
      await world.finish(member);
      expect((await world.stage(stage.id)).state).toBe('succeeded');
    });

    it('should go on showing what is journaled of shards that were given back at a pause, whoever starts again meanwhile', async () => {
      const ownerId = newId('run');
      const stage = await world.submit(1_000, { ownerId });
      const member = await world.member();
      const first = await member.claimOne();
      const journaled = { ...noCounts(), ok: 40, failed: 2, calls: 45, costUsd: 0.5 };
      await member.heartbeat({ attempts: [{ token: first.token, counts: journaled }] });
      expect((await world.stage(stage.id)).progress).toEqual(journaled);
      await control(ownerId, 1, 'paused');
      await member.release(first, { journaled });
      await member.heartbeat({ attempts: [] });
      // The manager hears of it by the version that tells what the stage waits for.
      const paused = await eventually(async () => {
        const now = await world.stage(stage.id);
        return now.waitingFor === 'the run is paused' ? now : null;
      });
      expect(paused).toMatchObject({ counts: { ok: 0 }, progress: journaled, shards: { active: 0 } });
      await world.stopExecutors();
      await world.executor();
      expect((await world.stage(stage.id)).progress).toEqual(journaled);
      // Nobody who comes too late says anything of it.
      await member.release(first, { journaled: noCounts() });
      await control(ownerId, 2, 'active');
      const again = await member.claimOne();
      expect([first.controlVersion, again]).toMatchObject([0, { shardId: first.shardId, attempt: 2, controlVersion: 2 }]);
      await member.heartbeat({ attempts: [{ token: again.token, counts: noCounts() }] });
      expect((await world.stage(stage.id)).progress).toEqual(journaled);
      expect(await member.commit(again)).toBe('committed');
      const { progress, counts } = await world.stage(stage.id);
      expect(progress).toEqual(counts);
      await world.finish(member);
    });

    it('should cancel at once, tell members, and cancel what is submitted later', async () => {
      const ownerId = newId('run');
      const stage = await world.submit(1_000, { ownerId });
      const member = await world.member();
      const first = await member.claimOne();
      const heard: string[] = [];
      const stop = world.messaging.subscribe(runControlled, (one) => void heard.push(`${one.ownerId} ${one.state}`));
      await control(ownerId, 1, 'cancelled');
      expect(await world.stage(stage.id)).toMatchObject({ state: 'cancelled', shards: { active: 0 } });
      expect((await member.heartbeat()).lost).toEqual([first.token]);
      expect(await member.commit(first)).toBe('superseded');
      expect(await control(ownerId, 2, 'active')).toMatchObject({ state: 'cancelled' });
      expect((await world.submit(10, { ownerId })).state).toBe('cancelled');
      await eventually(() => heard.includes(`${ownerId} cancelled`));
      stop();
    });
  });

  it('should give runs turns, and a run no more than it may have in flight', async () => {
    const huge = await world.submit(20_000);
    const member = await world.member();
    const ofHuge = await member.claimOne();
    const small = await world.submit(64);
    const other = await world.member();
    const [next] = await other.claim();
    expect(ofHuge.stageId).toBe(huge.id);
    expect(next?.stageId).toBe(small.id);
    const limited = await world.submit(1_000, { maxInFlight: 10 });
    const third = await world.member();
    const given = (await third.claim(64)).filter(({ stageId }) => stageId === limited.id);
    expect(given.reduce((sum, { slots }) => sum + slots, 0)).toBeLessThanOrEqual(10);
    expect(given.length).toBeGreaterThan(0);
    // Slots beyond those of the claim are for who has no limit.
    expect(given.every(({ elastic }) => !elastic)).toBe(true);
    expect([ofHuge.elastic, next?.elastic]).toEqual([true, true]);
  });

  it('should give a member nothing of runs whose rows fill it, and what others have', async () => {
    const [one, other] = [await world.submit(5_000), await world.submit(5_000)];
    const member = await world.member();
    const owners = (assignments: Assignment[]) => [...new Set(assignments.map(({ ownerId }) => ownerId))];
    expect(owners(await member.claim(8, [one.ownerId]))).toEqual([other.ownerId]);
    expect(await member.claim(8, [one.ownerId, other.ownerId])).toEqual([]);
    expect(owners(await member.claim(8, [other.ownerId]))).toEqual([one.ownerId]);
  });
});
