import { answer, type Call } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

/** Probes are the machinery's own: they have no row's text. */
const isProbe = ({ text }: Call): boolean => text === '';

// Real: NATS, files, the member's process. Scripted: the model's server and the executor.
describe('a member and its permits', () => {
  let world: World;
  const start = async (endpoint: Record<string, unknown> = {}): Promise<void> => {
    world = await World.start({ endpoint });
  };
  afterEach(() => world.stop());

  it('should make no call more than it was given permits for, and ask again for what is left', async () => {
    await start({ limits: { requestsPerMinute: 60 } });
    let granted = 0;
    world.script.permits = ({ wants }, reply) => ({
      ...reply,
      counted: { calls: true, tokens: false, inFlight: false },
      grants: wants.map(({ ownerId, calls }) => {
        const some = Math.min(calls, 7);
        granted += some;
        return { ownerId, calls: some, tokens: 0, inFlight: null };
      }),
      full: true,
    });
    let most = -Infinity;
    world.model.script = ({ text }) => {
      most = Math.max(most, world.model.calls.length - granted);
      return answer(text);
    };
    await world.member();
    const { stageId } = await world.stage(texts(200));
    await until(() => world.script.done(stageId), 30_000);
    expect(most).toBeLessThanOrEqual(0);
    expect((await world.result(stageId)).every(({ _status }) => _status === 'ok')).toBe(true);
    expect(world.script.permitQuestions.length).toBeGreaterThan(5);
  });

  it('should cost a row with one try nothing when the model is away for a time', async () => {
    await start();
    let away = false;
    world.model.script = (call) => {
      if (isProbe(call) && world.model.calls.filter(isProbe).length > 2) away = false;
      if (away) return world.model.calls.length % 2 === 0 ? { status: 503 } : { drop: true };
      return answer(call.text);
    };
    await world.member();
    const { stageId } = await world.stage(texts(3_000), { template: { retry: { attempts: 1 } } });
    await until(() => world.model.calls.length > 300);
    away = true;
    await until(() => world.script.done(stageId), 60_000);
    const rows = await world.result(stageId);
    expect(rows.filter(({ _status }) => _status !== 'ok')).toEqual([]);
    // What was under way then was called again, and little else.
    expect(world.model.calls.filter((call) => !isProbe(call)).length).toBeLessThanOrEqual(3_000 + 3 * 64);
  });

  it.each([
    [402, { message: 'Insufficient balance' }],
    [429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }],
  ])(
    'should call no more when the account has no quota (%i %j), give the shard back when it is told to, and fail no row',
    async (status, error) => {
      await start();
      let empty = true;
      world.model.script = ({ text }) => (empty ? { status, body: { error } } : answer(text));
      world.script.permits = (_, reply) => ({ ...reply, probe: false });
      await world.member();
      const { stageId } = await world.stage(texts(100), { template: { retry: { attempts: 1 } } });
      const told = () => world.script.permitQuestions.flatMap(({ endpoints }) => endpoints.flatMap(({ news }) => news.exhausted ?? []));
      await until(() => told().length > 0);
      expect(told()[0]).toContain(error.message);
      expect(world.model.calls).toHaveLength(1);
      world.script.paused = [stageId];
      await until(() => world.script.attempts.every(({ state }) => state === 'released'));
      expect(world.model.calls).toHaveLength(1);
      expect(world.script.stages.get(stageId)?.fault).toBeNull();

      empty = false;
      world.script.paused = [];
      world.script.permits = (_, reply) => ({ ...reply, health: 'well', probe: false });
      world.executor.hint();
      await until(() => world.script.done(stageId), 30_000);
      expect((await world.result(stageId)).every(({ _status }) => _status === 'ok')).toBe(true);
    },
  );
});
