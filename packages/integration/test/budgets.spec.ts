import { tmpdir } from 'node:os';
import { type Run } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const PRICES = { input: 1, cacheRead: 0.1, cacheWrite: 1.25, output: 10 };
const READ = 120;

/** Real: everything but the model, which is scripted, spoken to over HTTP, and counts what it would bill. */
describe('a budget', () => {
  let model: ScriptedModel;
  let system: System;
  let billed = { usd: 0, tokens: 0, calls: 0 };
  let delayMs = 20;

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise(({ messages }) => {
      const id = /user(\d+)@example\.com/.exec(JSON.stringify(messages.at(-1)?.content))?.[1] ?? '0';
      // Answers of very different lengths, as those that reason are.
      const written = 20 + ((Number(id) * 37) % 90);
      billed = {
        usd: billed.usd + (READ * PRICES.input + written * PRICES.output) / 1e6,
        tokens: billed.tokens + READ + written,
        calls: billed.calls + 1,
      };
      return {
        content: { email: `user${id}@example.com` },
        delayMs,
        usage: { prompt_tokens: READ, completion_tokens: written, total_tokens: READ + written },
      };
    });
    const priced = { baseUrl: model.url, name: 'priced', prices: PRICES };
    system = await System.start({
      members: 3,
      slots: 16,
      config: { model: 'priced', models: { priced: { endpoints: [priced] }, free: { endpoints: [{ baseUrl: model.url, name: 'free' }] } } },
    });
  });
  beforeEach(() => {
    billed = { usd: 0, tokens: 0, calls: 0 };
    delayMs = 20;
  });
  afterAll(async () => {
    await system?.stop();
    await model?.close();
  });

  const begin = (rows: number, budget: NonNullable<Parameters<System['submit']>[0]['budget']>): Promise<Run> =>
    system.submit({ inputs: { rows: numberedRows(rows) }, plan: mailPlan(), budget });
  const untilPaused = (id: string): Promise<Run> =>
    eventually(
      async () => {
        const run = await system.client.runs.get(id);
        return run.state === 'paused' ? run : null;
      },
      { timeoutMs: 60_000, what: `run ${id} to be paused` },
    );

  it('in money should be used up to the last call, pause the run with what it has, and let it go on after a raise', async () => {
    const { id } = await begin(1_000, { usd: 0.4 });
    const paused = await untilPaused(id);
    expect(billed.usd).toBeLessThanOrEqual(0.4 * 1.01);
    expect(billed.usd).toBeGreaterThanOrEqual(0.4 * 0.98);
    expect(paused.paused).toMatchObject({ reason: 'budget' });
    expect(paused.paused?.message).toMatch(
      /^the budget of \$0\.40 is used up \(\$0\.\d+ spent, .*\); raise it with apwa runs resume run_\w+ --budget USD$/,
    );
    expect(paused.budget).toMatchObject({ limits: { usd: 0.4 }, reserved: { usd: 0 } });
    expect(paused.budget?.spent.usd).toBeCloseTo(billed.usd, 6);
    const [step] = paused.steps;
    expect(step?.counts.costUsd).toBeCloseTo(billed.usd, 6);
    const head = await system.client.tables.head(step?.tableId ?? '', 1_000);
    expect(head.partial?.rows).toBe(head.rows.length);
    const shown = await apwa(['runs', 'show', id], { cwd: tmpdir(), url: system.stack.url });
    expect(shown.out).toMatch(/budget: \$0\.\d+ of \$0\.40\n/);

    await expect(system.client.runs.resume(id)).rejects.toMatchObject({ class: 'refused', code: 'budget_used_up' });
    await expect(system.client.runs.resume(id, { budget: { usd: 0.3 } })).rejects.toMatchObject({
      code: 'no_raise',
      details: { field: 'budget.usd' },
    });
    await expect(system.client.runs.resume(id, { budget: { rows: 9 } })).rejects.toMatchObject({ code: 'no_budget' });
    const resumed = await apwa(['runs', 'resume', id, '--budget', '2.00'], { cwd: tmpdir(), url: system.stack.url });
    expect(resumed).toMatchObject({ code: 0 });
    const ended = await system.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', budget: { limits: { usd: 2 } } });
    expectEveryRowOnce(await system.rows(ended, 'mails'), 1_000);
    // Nothing that was paid for is asked again.
    expect(billed.calls).toBe(1_000);
    await expect(system.client.runs.resume(id, { budget: { usd: 9 } })).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('in tokens should be kept the same way', async () => {
    const { id } = await begin(600, { tokens: 60_000 });
    const paused = await untilPaused(id);
    expect(billed.tokens).toBeLessThanOrEqual(60_000 * 1.01);
    expect(billed.tokens).toBeGreaterThanOrEqual(60_000 * 0.97);
    expect(paused.budget?.spent.tokens).toBe(billed.tokens);
    await system.client.runs.cancel(id);
  });

  it('in rows should let so many rows be asked about, and in time pause a run that works for long', async () => {
    const { id } = await begin(300, { rows: 100 });
    expect((await untilPaused(id)).paused?.message).toMatch(/^the budget of 100 rows is used up/);
    expect(billed.calls).toBe(100);
    await system.client.runs.resume(id, { budget: { rows: 300 } });
    expect(await system.wait(id)).toMatchObject({ state: 'succeeded' });
    expect(billed.calls).toBe(300);

    delayMs = 1_000;
    const slow = await begin(1_000, { timeMs: 3_000 });
    expect((await untilPaused(slow.id)).paused).toMatchObject({ reason: 'budget' });
    await system.client.runs.cancel(slow.id);
  });

  it('should lose nothing to members and an executor that are killed, but what their calls under way took', async () => {
    const rows = 900;
    delayMs = 150;
    // What all rows cost, and what the calls of two kills may: all slots of a member, then of all of them.
    const each = (READ + 65 * 10) / 1e6;
    const { id } = await begin(rows, { usd: (rows + 5 * 16) * each * 1.2 });
    await system.untilDone(id, 'mails', 100);
    const [member] = await system.stack.memberPids();
    process.kill(member as number, 'SIGKILL');
    const settledAt = performance.now();
    await eventually(async () => (await system.ledger(`SELECT 1 FROM budget_leases WHERE owner_id = $1 AND settled`, [id])).length === 1, {
      timeoutMs: 10_000,
      what: 'the lease of the dead member to be settled',
    });
    expect(performance.now() - settledAt).toBeLessThan(10_000);
    await system.untilDone(id, 'mails', 400);
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    const ended = await system.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), rows);
    // Everything that was billed is in the books once the leases of those who died with the executor are settled, and little else.
    const booked = async (): Promise<number> => {
      const [row] = await system.ledger<{ usd: number }>(`SELECT sum(spent_usd) AS usd FROM budget_leases WHERE owner_id = $1`, [id]);
      return row?.usd ?? 0;
    };
    await eventually(async () => (await booked()) >= billed.usd * 0.99, { timeoutMs: 30_000, what: 'all that was billed to be booked' });
    expect(await booked()).toBeLessThanOrEqual(billed.usd + 4 * 16 * each * 3);
    // The run shows what was known when it ended: without what was under way at the deaths.
    expect(ended.budget?.spent.usd).toBeGreaterThanOrEqual(billed.usd - 3 * 16 * each);
    expect(ended.budget?.spent.usd).toBeLessThanOrEqual(billed.usd + 4 * 16 * each * 3);
  });

  it('that makes no sense should be refused', async () => {
    for (const budget of [{ usd: -1 }, { usd: 1e12 }, { tokens: 0.5 }, { rows: 0 }, {}])
      await expect(begin(1, budget)).rejects.toMatchObject({
        class: 'refused',
        details: { field: expect.stringMatching(/^budget/) as unknown },
      });
    const plan = mailPlan();
    for (const step of plan.steps) if (step.kind === 'map' && step.template.mode === 'llm') step.template.model = 'free';
    await expect(system.submit({ inputs: { rows: numberedRows(1) }, plan, budget: { usd: 1 } })).rejects.toMatchObject({
      class: 'refused',
      code: 'no_price',
      details: { field: 'budget.usd' },
    });
    expect(billed.calls).toBe(0);
  });
});
