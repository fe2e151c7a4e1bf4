import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

// Real: NATS, files, the member's process. Scripted: the model's server and the executor.
describe('a member under control', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  const slowly = (ms: number) => {
    world.model.script = async ({ text }) => {
      if (world.model.calls.length > 1) await new Promise((resolve) => setTimeout(resolve, ms).unref());
      return answer(text);
    };
  };
  const parts = async (stageId: string) => {
    const keys: string[] = [];
    for await (const { key } of world.storage.list(`parts/${stageId}/`)) keys.push(key);
    return keys;
  };

  it('should abort the calls of a revoked attempt, and write nothing', async () => {
    await world.member();
    slowly(60_000);
    const { stageId } = await world.stage(texts(20), { slots: 20 });
    await until(() => world.model.inFlight >= 19);
    const stage = world.script.stages.get(stageId);
    if (stage) stage.fault = { code: 'over', class: 'permanent', message: 'nobody claims it again' };
    for (const attempt of world.script.attempts) world.script.revoke(attempt);
    await until(() => world.model.inFlight === 0);
    await until(() => [...world.script.members.values()].every(({ freeSlots }) => freeSlots === 64));
    expect(world.model.aborted.length).toBeGreaterThanOrEqual(19);
    expect(await parts(stageId)).toEqual([]);
    expect(world.script.commitsAsked).toBe(0);
  });

  it('should abort the calls of a cancelled run within a second', async () => {
    await world.member();
    slowly(60_000);
    const { ownerId, stageId } = await world.stage(texts(20), { slots: 20 });
    await until(() => world.model.inFlight >= 19);
    const begun = performance.now();
    world.executor.control(ownerId, 1, 'cancelled');
    await until(() => world.model.inFlight === 0);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await parts(stageId)).toEqual([]);
  });

  it('should hear of a cancelled run by its heartbeat when the notice is lost', async () => {
    await world.member();
    slowly(60_000);
    const { ownerId } = await world.stage(texts(20), { slots: 20 });
    await until(() => world.model.inFlight >= 19);
    world.executor.control(ownerId, 1, 'cancelled', false);
    await until(() => world.model.inFlight === 0, 3_000);
  });

  it('should begin no rows of a paused run, and go on where it was', async () => {
    await world.member();
    slowly(100);
    const { ownerId, stageId } = await world.stage(texts(200), { slots: 10 });
    await until(() => world.model.calls.length > 20);
    world.executor.control(ownerId, 1, 'paused');
    await until(() => world.script.attempts[0]?.state === 'released');
    const asked = world.model.calls.length;
    expect(asked).toBeLessThan(200);
    expect(world.model.inFlight).toBe(0);
    expect(world.script.attempts[0]?.counts).toMatchObject({ ok: asked, calls: asked });
    world.executor.control(ownerId, 2, 'active');
    world.executor.hint();
    await until(() => world.script.done(stageId), 20_000);
    // What was in flight at the pause was journaled: nothing is asked twice.
    expect(world.model.calls).toHaveLength(200);
    expect(await world.result(stageId)).toHaveLength(200);
  });

  it('should go on at its next claim when the notice of a resume is lost', async () => {
    await world.member();
    slowly(100);
    const { ownerId, stageId } = await world.stage(texts(60), { slots: 10 });
    await until(() => world.model.calls.length > 20);
    world.executor.control(ownerId, 1, 'paused');
    await until(() => world.script.attempts[0]?.state === 'released');
    world.executor.control(ownerId, 2, 'active', false);
    await until(() => world.script.done(stageId), 20_000);
    expect(world.script.attempts.map(({ state }) => state)).toEqual(['released', 'won']);
    expect(world.model.calls).toHaveLength(60);
  });

  it('should begin no call once its lease is older than its term, and journal those in flight', async () => {
    const member = await world.member();
    slowly(300);
    world.script.leaseMs = 1_000;
    // The member must learn the shorter term.
    world.script.members.clear();
    await until(() => world.script.members.size === 1 && member.lines.filter(({ msg }) => msg === 'joined').length === 2);
    const { stageId } = await world.stage(texts(300), { slots: 10 });
    await until(() => world.model.calls.length > 20);
    world.script.silent = true;
    const cut = performance.now();
    await until(() => world.model.inFlight === 0 && performance.now() - cut > 1_500, 10_000);
    const asked = world.model.calls.length;
    const last = Math.max(...world.model.calls.map(({ at }) => at));
    expect(last - cut).toBeLessThan(1_200);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(world.model.calls).toHaveLength(asked);
    // Nobody has taken the shard meanwhile: the lease can be renewed, and work goes on.
    world.script.silent = false;
    await until(() => world.script.done(stageId), 30_000);
    expect(world.model.calls).toHaveLength(300);
  });

  it('should drop what was taken over while it was stopped, and commit nothing of it', async () => {
    world.script.sweeps = true;
    world.script.leaseMs = 1_000;
    const first = await world.member();
    slowly(100);
    const { stageId } = await world.stage(texts(200), { slots: 10 });
    await until(() => world.model.calls.length > 30);
    first.signal('SIGSTOP');
    await world.member();
    await until(() => world.script.done(stageId), 20_000);
    const [, second] = world.script.attempts;
    first.signal('SIGCONT');
    await until(() => first.said('attempt is over'));
    expect(first.lines.find(({ msg }) => msg === 'attempt is over')).toMatchObject({ end: 'dropped' });
    expect(second?.state).toBe('won');
    expect(await parts(stageId)).toEqual([world.script.shardsOf(stageId)[0]?.content?.part.key]);
    expect(world.model.calls.length).toBeLessThanOrEqual(200 + 10 + 10);
  });

  it('should drain at SIGTERM: finish what is in flight, give the shard back, and end', async () => {
    const member = await world.member();
    slowly(400);
    const { stageId } = await world.stage(texts(300), { slots: 10 });
    await until(() => world.model.calls.length > 20);
    member.signal('SIGTERM');
    expect(await member.exited).toBe(0);
    expect(world.script.attempts[0]?.state).toBe('released');
    expect(world.model.aborted).toHaveLength(0);
    const asked = world.model.calls.length;
    expect(asked).toBeLessThan(100);
    expect([...world.script.members.values()].map(({ state, freeSlots }) => [state, freeSlots])).toEqual([['stopped', 64]]);
    expect(member.lines.filter(({ state }) => state).map(({ state }) => state)).toEqual(['running', 'draining', 'stopped']);

    await world.member();
    await until(() => world.script.done(stageId), 30_000);
    expect(world.model.calls).toHaveLength(300);
  });

  it('should drain when the executor wants it', async () => {
    const member = await world.member();
    world.script.drainMembers = true;
    expect(await member.exited).toBe(0);
  });

  it('should end at once at a second signal', async () => {
    const member = await world.member();
    slowly(60_000);
    await world.stage(texts(10), { slots: 10 });
    await until(() => world.model.inFlight >= 9);
    member.signal('SIGTERM');
    await until(() => member.said('draining'));
    member.signal('SIGTERM');
    expect(await member.exited).toBe(143);
  });

  it('should end at a signal while there is no executor to join', async () => {
    await world.executor.stop();
    const member = world.process();
    await until(() => member.said('could not join, trying again'));
    member.signal('SIGTERM');
    expect(await member.exited).toBe(0);
  });

  it('should say what is wrong with its settings, and end with code 2', async () => {
    const member = world.process({ APWA_POOL: 'nobody' });
    expect(await member.exited).toBe(2);
    expect(member.log()).toContain('the configuration has no pool');
  });

  it('should join again when the executor does not know it', async () => {
    const member = await world.member();
    world.script.members.clear();
    await until(() => world.script.members.size === 1);
    const { stageId } = await world.stage(texts(10));
    await until(() => world.script.done(stageId));
    expect(member.said('heartbeat failed')).toBe(false);
  });

  it('should log no key', async () => {
    const member = await world.member();
    const { stageId } = await world.stage(texts(5));
    await until(() => world.script.done(stageId));
    expect(member.log()).not.toContain('canary');
  });
});
