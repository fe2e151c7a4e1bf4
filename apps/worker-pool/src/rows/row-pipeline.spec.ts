import { type EndpointHealth, PermanentError, RefusedError, TransientError, type ApwaError, noUsage } from '@apwa/contracts';
import { type CallOptions, type Model, type ModelAnswer, type ModelRequest } from '@apwa/model';
import { EndpointConfig } from '@apwa/config';
import { eventually } from '@apwa/test-kit';
import { CallCost } from '../budgets/call-cost.js';
import { AttemptBudget, RunAccount } from '../budgets/run-account.js';
import { modelGate } from '../permits/call-gate.js';
import { TokenEstimate } from '../permits/token-estimate.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { AttemptControl } from './control.js';
import { FirstCall } from './first-call.js';
import { RowPipeline } from './row-pipeline.js';
import { type StageCalls } from './stage-calls.js';

type Turn = { value: unknown } | ApwaError;

const answered = (value: unknown): ModelAnswer => ({
  kind: 'structured',
  value,
  text: JSON.stringify(value),
  message: { role: 'assistant', content: JSON.stringify(value) },
  usage: { ...noUsage(), input: 10, output: 2 },
  usageEstimated: false,
  costUsd: 0.01,
  model: 'scripted',
  latencyMs: 5,
  told: null,
});

/** Says its turns one after the other; one too many or too few is an error of the test. */
class ScriptedModel implements Model {
  readonly contextTokens = 1_000;
  readonly requests: ModelRequest[] = [];
  readonly attempts: number[] = [];
  constructor(readonly turns: Turn[]) {}
  async complete(request: ModelRequest, { attempt }: CallOptions): Promise<ModelAnswer> {
    this.requests.push(request);
    this.attempts.push(attempt);
    const turn = this.turns.shift();
    if (!turn) throw new Error('an unexpected call');
    if (turn instanceof Error) throw turn;
    return answered(turn.value);
  }
  probe(): Promise<never> {
    throw new Error('an unexpected probe');
  }
  close(): void {}
}

const setUp = (turns: Turn[], change: Partial<StageCalls> = {}, now?: () => number, budget: AttemptBudget | null = null) => {
  const model = new ScriptedModel(turns);
  const stage: StageCalls = {
    stageId: 'stg_a',
    prompts: createPromptBuilder({ instructions: 'Do {{a}}', inputColumns: ['a'] }),
    model,
    gate: modelGate('small', {
      strategy: 'ordered',
      endpoints: [EndpointConfig.parse({ baseUrl: 'http://model.test', name: 'scripted' })],
    }),
    estimate: new TokenEstimate(100),
    cost: new CallCost([{ input: 1, cacheRead: 1, cacheWrite: 1, output: 1 }], 88),
    first: new FirstCall({ model: 'small', endpoint: 'http://model.test', aloneMs: Infinity }),
    policy: { attempts: 3, repairs: 2, totalMs: Infinity },
    output: { name: 'answer', schema: {} },
    validate: (value) => (typeof (value as { n?: unknown } | undefined)?.n === 'number' ? [] : [{ field: 'n', message: 'must be number' }]),
    outputTokens: { first: 100, extended: 200 },
    longestOutput: 100,
    timeoutMs: undefined,
    longestCallMs: 60_000,
    impossible: () => undefined,
    fault: null,
    ...change,
  };
  const state = { held: false, fresh: true, flying: new Set<number>() };
  const control = new AttemptControl({
    begin: (row) => !state.held && state.fresh && !state.flying.has(row) && Boolean(state.flying.add(row)),
    join: (row) => state.flying.has(row),
    land: (row) => void state.flying.delete(row),
    mayCall: () => state.fresh && !state.held,
    mayBegin: () => !state.held,
  });
  const pipeline = new RowPipeline(stage, control, { ownerId: 'run_a', budget }, now, () => 0.01);
  return { model, stage, control, state, pipeline, run: (text = 'x') => pipeline.run(0, { a: text }) };
};

/** The executor's word about the stage's endpoint. */
const hear = ({ gate }: StageCalls, health: EndpointHealth): void => {
  const [endpoint] = gate.endpoints;
  const now = performance.now();
  endpoint?.question(now, gate.waitingFor(0), true);
  const counted = { calls: false, tokens: false, inFlight: false };
  const answer = { model: 'small', endpoint: 0, counted, grants: [], full: false, closedMs: 0, health, probe: false, known: true };
  endpoint?.answer(now, now, answer, { termMs: 2_000, againMs: 100, fresh: false });
  gate.answered();
};

describe('RowPipeline', () => {
  it('should give the answer, with what it took', async () => {
    const { run, model } = setUp([{ value: { n: 1 } }]);
    expect(await run()).toMatchObject({
      row: 0,
      status: 'ok',
      output: { n: 1 },
      attempts: 1,
      model: 'scripted',
      costUsd: 0.01,
      latencyMs: 5,
    });
    expect(model.requests[0]?.maxOutputTokens).toBe(100);
  });

  it('should tell the model what is wrong, and pay for all turns', async () => {
    const { run, model } = setUp([{ value: { n: 'one' } }, { value: {} }, { value: { n: 1 } }]);
    const result = await run();
    expect(result).toMatchObject({ status: 'ok', output: { n: 1 }, attempts: 3, usage: { input: 30, output: 6 } });
    expect(model.requests.map(({ messages }) => messages.map(({ role }) => role))).toEqual([
      ['system', 'user'],
      ['system', 'user', 'assistant', 'user'],
      ['system', 'user', 'assistant', 'user'],
    ]);
    expect(model.requests[1]?.messages.at(-1)?.content).toContain('- n: must be number');
    // The endpoint of a group changes with failures, not with turns.
    expect(model.attempts).toEqual([1, 1, 1]);
  });

  it('should fail a row whose answer stays invalid', async () => {
    const { run } = setUp([{ value: {} }, { value: {} }, { value: {} }]);
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'invalid_output', message: 'n: must be number' }, attempts: 3 });
  });

  it('should try a cut answer once more with a larger cap', async () => {
    const cut = () => new PermanentError('truncated', 'cut');
    const { run, model } = setUp([cut(), cut()]);
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'truncated' }, attempts: 2 });
    expect(model.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([100, 200]);
  });

  it('should take a larger cap that is not allowed for a cut answer', async () => {
    const { run } = setUp([new PermanentError('truncated', 'cut'), new RefusedError('invalid_request', 'max_tokens is too large')]);
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'truncated' }, attempts: 2 });
  });

  it('should not use up tries with refusals by rate limits', async () => {
    const limited = () => new TransientError('rate_limited', 'slow', { retryAfterMs: 1 });
    const { run } = setUp([limited(), limited(), limited(), limited(), new TransientError('malformed', 'no JSON'), { value: { n: 1 } }]);
    expect(await run()).toMatchObject({ status: 'ok', attempts: 6 });
  });

  it('should fail a row after its tries, with the code of the last one', async () => {
    const { run } = setUp([
      new TransientError('provider_error', '500'),
      new TransientError('timeout', 'late'),
      new TransientError('malformed', 'no JSON'),
    ]);
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'malformed' }, attempts: 3 });
  });

  it('should use up no try with a failure while the endpoint is down', async () => {
    const policy = { attempts: 1, repairs: 0, totalMs: Infinity };
    const { run, stage } = setUp([new TransientError('provider_error', '503'), { value: { n: 1 } }], { policy });
    const result = run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    hear(stage, 'down');
    await new Promise((resolve) => setTimeout(resolve, 10));
    hear(stage, 'well');
    expect(await result).toMatchObject({ status: 'ok', attempts: 2 });
  });

  it('should fail a row whose last try failed though the endpoint is well', async () => {
    const policy = { attempts: 1, repairs: 0, totalMs: Infinity };
    const { run, stage } = setUp([new TransientError('provider_error', '500')], { policy });
    const result = run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    hear(stage, 'suspected');
    hear(stage, 'well');
    expect(await result).toMatchObject({ status: 'failed', error: { code: 'provider_error' }, attempts: 1 });
  });

  it('should wait while the account has no quota, and fail no row for it', async () => {
    const { run, stage } = setUp([new RefusedError('quota_exhausted', 'no credit'), { value: { n: 1 } }], {
      policy: { attempts: 1, repairs: 0, totalMs: Infinity },
    });
    const result = run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    hear(stage, 'well');
    expect(await result).toMatchObject({ status: 'ok', attempts: 2 });
    expect(stage.fault).toBeNull();
  });

  it('should give each call what is left of the row’s time, and fail the row when there is none', async () => {
    let clock = 0;
    const policy = { attempts: 9, repairs: 2, totalMs: 10_000 };
    const { run, model, stage } = setUp(
      [{ value: {} }, { value: {} }, new TransientError('timeout', 'late')],
      { policy, timeoutMs: 8_000 },
      () => clock,
    );
    const complete = model.complete.bind(model);
    model.complete = (request, options) => {
      clock += 4_000;
      return complete(request, options);
    };
    const result = run();
    // Its last failure is its own: the endpoint is well.
    await eventually(() => model.requests.length === 3);
    hear(stage, 'well');
    expect(await result).toMatchObject({ status: 'failed', error: { code: 'timeout', message: 'late' }, attempts: 3 });
    expect(model.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([8_000, 6_000, 2_000]);
  });

  it('should not call a row again whose time ran out while the endpoint took no calls', async () => {
    let clock = 0;
    const policy = { attempts: 9, repairs: 2, totalMs: 10_000 };
    const { model, run, stage } = setUp([new TransientError('rate_limited', 'slow', { retryAfterMs: 1 })], { policy }, () => clock);
    // Whether it has to wait there, or comes late and finds it open.
    const tryEnter = stage.gate.tryEnter.bind(stage.gate);
    stage.gate.tryEnter = (need) => {
      if (model.requests.length > 0) clock = 10_000;
      return tryEnter(need);
    };
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'rate_limited', message: 'slow' }, attempts: 1 });
    expect(stage.first.tryEnter()).toBe(true);
  });

  it('should stop the stage at a wrong key, and fail no row', async () => {
    const { run, stage } = setUp([new RefusedError('authentication', 'wrong key')]);
    expect(await run()).toBeNull();
    expect(stage.fault).toMatchObject({ code: 'authentication', class: 'refused' });
  });

  it('should let one call go first, and the others after its answer', async () => {
    const { pipeline, model } = setUp(Array.from({ length: 5 }, () => ({ value: { n: 1 } })));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const complete = model.complete.bind(model);
    model.complete = async (request, options) => {
      if (model.requests.length === 0) {
        const answer = complete(request, options);
        await gate;
        return answer;
      }
      return complete(request, options);
    };
    const rows = Array.from({ length: 5 }, (_, row) => pipeline.run(row, { a: row }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(model.requests).toHaveLength(1);
    release();
    expect((await Promise.all(rows)).map((result) => result?.status)).toEqual(Array(5).fill('ok'));
  });

  it('should make one call per stage for a wrong key, however many rows wait', async () => {
    const { pipeline, model } = setUp([new RefusedError('authentication', 'wrong key')]);
    const rows = await Promise.all(Array.from({ length: 100 }, (_, row) => pipeline.run(row, { a: row })));
    expect(rows.every((result) => result === null)).toBe(true);
    expect(model.requests).toHaveLength(1);
  });

  it('should fail a row that surely exceeds the context, without a call', async () => {
    const { run, model } = setUp([]);
    expect(await run('word '.repeat(1_001))).toMatchObject({ status: 'failed', error: { code: 'context_exceeded' }, attempts: 0 });
    expect(model.requests).toHaveLength(0);
  });

  it('should begin no call without a fresh lease, and go on with the next renewal', async () => {
    const { run, state, control, model } = setUp([{ value: { n: 1 } }]);
    state.fresh = false;
    const result = run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(model.requests).toHaveLength(0);
    state.fresh = true;
    control.ring();
    expect(await result).toMatchObject({ status: 'ok' });
  });

  it('should abandon a row that waits for another try when the attempt is held', async () => {
    const { run, state, control } = setUp([new TransientError('provider_error', '503', { retryAfterMs: 60_000 })]);
    const result = run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    state.held = true;
    control.ring();
    expect(await result).toBeNull();
    expect(state.flying.size).toBe(0);
  });
});

describe('RowPipeline under a budget', () => {
  /** An account that the executor has given this much. */
  const budgetOf = (usd: number) => {
    const account = new RunAccount('run_a');
    account.question(0);
    account.answer({ ownerId: 'run_a', sequence: 1, holds: { usd, tokens: 1e9, rows: 1e9 } }, 200);
    return { account, budget: new AttemptBudget(account, 'token') };
  };

  it('should count every call, tries that failed and repairs as well, and the row once', async () => {
    const { account, budget } = budgetOf(1);
    const { run } = setUp([{ value: { n: 'x' } }, { value: { n: 1 } }], {}, undefined, budget);
    expect(await run()).toMatchObject({ status: 'ok', attempts: 2, costUsd: 0.02 });
    // What the model told of money was more than these tokens can cost.
    const { usd, tokens, rows } = account.spent;
    expect({ tokens, rows }).toEqual({ tokens: 24, rows: 1 });
    expect(usd).toBeLessThan(0.02);
    expect(account.reserved).toEqual({ usd: 0, tokens: 0, rows: 0 });
  });

  it('should make no call without a share of the budget, and go on when it has one', async () => {
    const { account, budget } = budgetOf(0);
    const { run, model } = setUp([{ value: { n: 1 } }], {}, undefined, budget);
    const result = run();
    await eventually(() => account.waiting);
    expect(model.requests).toHaveLength(0);
    const { sequence, holds, wants } = account.question(200);
    account.answer({ ownerId: 'run_a', sequence, holds: { usd: holds.usd + wants.usd, tokens: 1e9, rows: 1e9 } }, 200);
    expect(await result).toMatchObject({ status: 'ok' });
  });

  it('should abandon a row that waits for the budget when the attempt is held', async () => {
    const { account, budget } = budgetOf(0);
    const { run, state } = setUp([], {}, undefined, budget);
    const result = run();
    await eventually(() => account.waiting);
    state.held = true;
    budget.wakeAll();
    expect(await result).toBeNull();
    expect(account.spent).toEqual({ usd: 0, tokens: 0, rows: 0 });
  });

  it('should take a call that nobody heard of any more for one that cost what was put aside, and not count the row that was given up', async () => {
    const { account, budget } = budgetOf(1);
    const { run, state, control } = setUp([new TransientError('timeout', 'no answer')], {}, undefined, budget);
    const result = run();
    await eventually(() => account.spent.rows === 1);
    state.held = true;
    control.ring();
    expect(await result).toBeNull();
    expect(account.spent.usd).toBeGreaterThan(0);
    expect(account.spent.rows).toBe(0);
  });
});
