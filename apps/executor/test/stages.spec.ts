import {
  type Assignment,
  executorOperations as operations,
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
