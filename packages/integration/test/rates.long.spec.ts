import { type Plan, type Stage } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

/** A plan in which a row has one try: what costs it one fails it. */
const oneTry = (): Plan => {
  const plan = mailPlan();
  for (const step of plan.steps) if (step.kind === 'map') step.template.retry = { attempts: 1 };
  return plan;
};

const refusedShare = async (system: System): Promise<number> => {
  const { refused, requests } = await system.modelStats();
  return refused / requests;
};

/** Real: everything. The offline model enforces its limits, tells them in its headers and answers 429 above them. */
describe('limits of a model', () => {
  it('should be kept by all members together, without being configured, and by those of the next executor', async () => {
    const system = await System.start({
      members: 3,
      offlineModel: { requestsPerMinute: 12_000, limitWindowMs: 5_000, latencyMs: 30, jitterMs: 30 },
    });
    try {
      const { id } = await system.submit({ inputs: { rows: numberedRows(3_000) }, plan: mailPlan() });
      await system.untilDone(id, 'mails', 1_500);
      // Its members go with it: nobody knows of any limit then.
      await system.stack.services.executor.kill();
      await system.stack.services.executor.restart();
      const run = await system.wait(id);
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expectEveryRowOnce(await system.rows(run, 'mails'), 3_000);
      expect(await refusedShare(system)).toBeLessThan(0.02);
    } finally {
      await system.stop();
    }
  });

  it('should be shared by runs according to their weights', async () => {
    const system = await System.start({ members: 2, offlineModel: { requestsPerMinute: 6_000, limitWindowMs: 5_000 } });
    try {
      const begin = (weight: number) => system.submit({ inputs: { rows: numberedRows(900) }, plan: mailPlan(), limits: { weight } });
      const [light, heavy] = [await begin(1), await begin(4)];
      await system.untilDone(heavy.id, 'mails', 900);
      const counts = (await system.client.runs.get(light.id)).steps[0]?.counts;
      expect(counts?.ok).toBeLessThan(700);
      for (const { id } of [light, heavy]) expect(await system.wait(id)).toMatchObject({ state: 'succeeded' });
    } finally {
      await system.stop();
    }
  });

  it('should be kept for tokens and calls under way as well, with one row of 300,000 characters among short ones', async () => {
    const system = await System.start({
      members: 2,
      offlineModel: { tokensPerMinute: 3_000_000, limitWindowMs: 5_000, latencyMs: 20 },
      config: { models: { offline: { limits: { tokensPerMinute: 3_000_000, inFlight: 24 } } } },
    });
    try {
      const texts = Array.from({ length: 600 }, (_, i) => `Message ${i} from user${i}@example.com about order ${i * 7}.`);
      texts[137] = `user137@example.com writes: ${'many words and no end of them, '.repeat(9_700)}`;
      const content = texts.map((text, id) => JSON.stringify({ id, text })).join('\n');
      const run = await system.run({ inputs: { rows: { name: 'rows.jsonl', content } }, plan: mailPlan() });
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expectEveryRowOnce(await system.rows(run, 'mails'), 600);
      const { maxInFlight } = await system.modelStats();
      expect(maxInFlight).toBeLessThanOrEqual(24);
      expect(await refusedShare(system)).toBeLessThan(0.02);
    } finally {
      await system.stop();
    }
  });
});

/** Real: everything; the model's process is killed and started again. */
describe('an outage of the model', () => {
  it('should cost no row and no try, say so meanwhile, and end by itself', async () => {
    const system = await System.start({ members: 2, slots: 32, offlineModel: { latencyMs: 60 } });
    try {
      const run = await system.submit({ inputs: { rows: numberedRows(1_500) }, plan: oneTry() });
      await system.untilDone(run.id, 'mails', 200);
      const { model } = system.stack.services;
      await model?.kill();
      const waiting = await eventually(
        async () => {
          const [stage] = (await system.stages(run.id)).filter(({ waitingFor }) => waitingFor?.includes('does not answer'));
          return stage ?? null;
        },
        { timeoutMs: 20_000, what: 'the stage to say that the provider does not answer' },
      );
      expect(waiting.waitingFor).toMatch(/^the provider of model offline does not answer .*; next try at \d{4}-\d\d-\d\dT/);
      expect(waiting.progress.failed).toBe(0);
      await model?.restart();
      const ended = await system.wait(run.id);
      expect(ended).toMatchObject({ state: 'succeeded', error: null });
      expectEveryRowOnce(await system.rows(ended, 'mails'), 1_500);
    } finally {
      await system.stop();
    }
  });
});

/** Real: everything but the models, which are scripted and spoken to over HTTP. */
describe('a group of endpoints', () => {
  const models: ScriptedModel[] = [];
  let system: System | undefined;

  const model = async (): Promise<ScriptedModel> => {
    const one = await scriptedModel();
    one.otherwise(answer);
    models.push(one);
    return one;
  };
  const answer: Parameters<ScriptedModel['otherwise']>[0] = ({ messages }) => {
    const text = JSON.stringify(messages.at(-1)?.content);
    return { content: { email: /user\d+@example\.com/.exec(text)?.[0] ?? null }, delayMs: 60 };
  };
  const broke = { status: 402, error: { message: 'Insufficient balance', type: 'billing', code: 'insufficient_balance' } };
  const start = (endpoints: object[]): Promise<System> =>
    System.start({ members: 2, slots: 16, config: { model: 'group', models: { group: { endpoints } } } });

  afterEach(async () => {
    await system?.stop();
    await Promise.all(models.splice(0).map((one) => one.close()));
  });

  it('should take work on at the next one while the preferred one is at its limit, and name who answered', async () => {
    const [first, second] = [await model(), await model()];
    system = await start([
      { baseUrl: first.url, name: 'preferred', limits: { requestsPerMinute: 600 } },
      { baseUrl: second.url, name: 'other' },
    ]);
    const run = await system.run({ inputs: { rows: numberedRows(600) }, plan: mailPlan() });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(run, 'mails');
    expectEveryRowOnce(rows, 600);
    const by = (name: string) => rows.filter(({ _model }) => _model === name).length;
    expect(by('preferred')).toBe(first.calls);
    expect(by('other')).toBe(second.calls);
    expect(first.calls).toBeGreaterThan(0);
    expect(second.calls).toBeGreaterThan(first.calls);
  });

  it('should leave one alone that has no quota or does not answer, and return to it when it is well', async () => {
    const [first, second] = [await model(), await model()];
    first.otherwise({ status: 503, error: { message: 'away' } });
    system = await start([
      { baseUrl: first.url, name: 'preferred' },
      { baseUrl: second.url, name: 'other' },
    ]);
    const run = await system.submit({ inputs: { rows: numberedRows(3_000) }, plan: oneTry() });
    await system.untilDone(run.id, 'mails', 100);
    first.otherwise(answer);
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(ended, 'mails');
    expectEveryRowOnce(rows, 3_000);
    expect(new Set(rows.map(({ _model }) => _model))).toEqual(new Set(['preferred', 'other']));
  });

  it('should pause the run when none has quota left, with no row failed, and go on when somebody says so', async () => {
    const [first, second] = [await model(), await model()];
    system = await start([
      { baseUrl: first.url, name: 'preferred' },
      { baseUrl: second.url, name: 'other' },
    ]);
    const run = await system.submit({ inputs: { rows: numberedRows(1_000) }, plan: oneTry() });
    await system.untilDone(run.id, 'mails', 50);
    for (const one of [first, second]) one.otherwise(broke);
    const stageOf = async (): Promise<Stage | undefined> =>
      (await (system as System).stages(run.id)).find(({ subtasks }) => subtasks === 1_000);
    const paused = await eventually(async () => ((await stageOf())?.pausedBy ? await stageOf() : null), { timeoutMs: 20_000 });
    expect(paused?.pausedBy).toMatchObject({ kind: 'provider', message: expect.stringContaining('Insufficient balance') });
    await eventually(async () => (await stageOf())?.waitingFor === paused?.pausedBy?.message);
    // Its shards are given back: whoever else has work has the slots.
    await eventually(async () => (await (system as System).stack.members()).every(({ slots }) => slots.free === slots.total), {
      timeoutMs: 20_000,
      what: 'the slots to be free',
    });
    const calls = first.calls + second.calls;
    expect((await stageOf())?.progress.failed).toBe(0);
    for (const one of [first, second]) one.otherwise(answer);
    expect(first.calls + second.calls).toBe(calls);
    const { client } = system;
    const stopped = await eventually(async () => {
      const now = await client.runs.get(run.id);
      return now.state === 'paused' ? now : null;
    });
    expect(stopped.paused).toMatchObject({ reason: 'provider', message: paused?.pausedBy?.message });
    await client.runs.resume(run.id);
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), 1_000);
  });
});
