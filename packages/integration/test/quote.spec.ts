import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal, type Plan, type Run, type RunState } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { stringify } from 'yaml';
import { apwa } from './support/command.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 300;
const SAMPLE = 20;

/** Addresses, the domain of each of them, a count by domain, and a judgement of each domain: only the last cannot be sampled. */
const chain = (): Plan => {
  const { steps } = mailPlan();
  const output = (name: string) => ({ type: 'object', required: [name], properties: { [name]: { type: 'string' } } });
  return {
    version: 1,
    steps: [
      ...steps,
      {
        id: 'domains',
        kind: 'map',
        input: 'mails',
        template: { mode: 'llm', instructions: 'Give the domain of {{email}}', output: output('domain') },
      },
      { id: 'counts', kind: 'sql', inputs: ['domains'], query: 'SELECT domain, count(*) AS n FROM domains GROUP BY 1' },
      { id: 'judged', kind: 'map', input: 'counts', template: { mode: 'llm', instructions: 'Judge {{domain}}', output: output('mood') } },
    ],
    outputs: ['judged'],
  };
};

/** Real: everything but the model, whose server the test runs. */
describe('what a run is to cost', () => {
  let system: System;
  let model: ScriptedModel;
  let delayMs = 0;
  let declines: (row: number) => boolean = () => false;
  /** Rows as their addresses were asked for. */
  let asked: number[] = [];
  let cwd: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'apwa-quote-'));
    model = await scriptedModel();
    model.otherwise(async ({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const row = Number(/user(\d+)@/.exec(text)?.[1]);
      const usage = { prompt_tokens: Math.round(text.length / 4), completion_tokens: 5 + (row % 7) };
      await sleep(delayMs);
      if (String(messages[0]?.content).includes('Judge')) return { content: { mood: 'calm' }, usage };
      if (!text.includes('about order')) return { content: { domain: 'example.com' }, usage };
      asked.push(row);
      return declines(row) ? { refusal: 'I would rather not.', usage } : { content: { email: `user${row}@example.com` }, usage };
    });
    system = await System.start({
      config: {
        model: 'scripted',
        models: { scripted: { baseUrl: model.url, name: 'scripted', prices: { input: 1, output: 4 } } },
      },
    });
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
    await rm(cwd, { recursive: true, force: true });
  });
  beforeEach(() => {
    asked = [];
    delayMs = 0;
    declines = () => false;
  });

  const until = (id: string, state: RunState): Promise<Run> =>
    eventually(
      async () => {
        const run = await system.client.runs.get(id);
        if (isTerminal(run.state) && run.state !== state) throw new Error(`the run ended ${run.state}: ${run.error?.message ?? ''}`);
        return run.state === state ? run : null;
      },
      { timeoutMs: 60_000, what: `run ${id} to be ${state}` },
    );
  const begin = (plan: Plan, more: object = {}) => system.submit({ inputs: { rows: numberedRows(ROWS) }, plan, ...more });
  const stepOf = (run: Run, id: string) => run.quote?.steps.find(({ step }) => step === id);

  it('should be found out on a sample, whose rows the run takes over, and stand beside what it came to', async () => {
    const { id } = await begin(chain(), { approval: 'required' });
    const waiting = await until(id, 'awaiting_approval');
    expect(asked).toHaveLength(SAMPLE);
    expect(Math.max(...asked) - Math.min(...asked)).toBeGreaterThan(ROWS * 0.8);
    expect(waiting.sampling.calls).toBe(2 * SAMPLE);
    for (const step of ['mails', 'domains']) {
      expect(stepOf(waiting, step)).toMatchObject({
        basis: { kind: 'sample', rows: SAMPLE, failed: 0 },
        rows: { low: ROWS, expected: ROWS, high: ROWS },
        calls: { expected: ROWS },
        actual: null,
      });
    }
    expect(stepOf(waiting, 'judged')).toMatchObject({
      basis: { kind: 'estimate', why: expect.stringContaining('before the run') },
      rows: { low: 0, high: ROWS },
    });
    await system.client.runs.approve(id, { version: 1 });
    const run = await system.wait(id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    // No row was asked twice.
    expect([...asked].sort((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, row) => row));
    expectEveryRowOnce(await system.rows(run, 'mails'), ROWS);
    expect(run.steps[0]?.counts).toMatchObject({ ok: ROWS, reused: SAMPLE, calls: ROWS - SAMPLE });
    for (const { actual, calls, tokens, costUsd } of run.quote?.steps ?? []) {
      expect(actual?.calls).toBeGreaterThanOrEqual(calls.low);
      expect(actual?.calls).toBeLessThanOrEqual(calls.high);
      expect(actual?.tokens).toBeGreaterThanOrEqual(tokens.low);
      expect(actual?.tokens).toBeLessThanOrEqual(tokens.high);
      expect(actual?.costUsd).toBeLessThanOrEqual(costUsd.high);
    }
    expect(stepOf(run, 'mails')?.actual?.calls).toBe(ROWS);
    expect(run.quote?.total.actual?.costUsd).toBeGreaterThan(0);
  });

  it('should be made neither where nobody asked for it nor where it was declined, and where it was asked for', async () => {
    const plain = await system.wait((await begin(mailPlan())).id);
    expect(plain).toMatchObject({ state: 'succeeded', quote: null, sampling: { calls: 0 } });
    const declined = await begin(mailPlan(), { approval: 'required', quote: false });
    expect(await until(declined.id, 'awaiting_approval')).toMatchObject({ quote: null });
    await system.client.runs.cancel(declined.id);
    asked = [];
    const planned = await system.wait((await begin(mailPlan(), { stopAfter: 'planning', quote: { rows: 5 } })).id);
    expect(planned).toMatchObject({ state: 'succeeded', quote: { steps: [{ basis: { rows: 5 } }] }, steps: [{ state: 'waiting' }] });
    expect(asked).toHaveLength(5);
  });

  it('should sample no more rows than there are, and none of an empty table', async () => {
    const few = await system.submit({ inputs: { rows: numberedRows(7) }, plan: mailPlan(), quote: true, stopAfter: 'planning' });
    expect(await system.wait(few.id)).toMatchObject({
      quote: { steps: [{ basis: { rows: 7 }, calls: { low: 7, expected: 7, high: 7 } }] },
    });
    const steps: Plan['steps'] = [
      { id: 'none', kind: 'sql', inputs: ['rows'], query: 'SELECT * FROM rows WHERE id < 0' },
      ...mailPlan('none').steps,
    ];
    const empty = await begin({ version: 1, steps, outputs: ['mails'] }, { quote: true, stopAfter: 'planning' });
    expect(await system.wait(empty.id)).toMatchObject({ quote: { steps: [{ basis: { rows: 0 }, calls: { high: 0 } }] } });
  });

  it('should count rows of the sample that failed', async () => {
    declines = () => true;
    const { id } = await begin(mailPlan(), { approval: 'required' });
    const run = await until(id, 'awaiting_approval');
    expect(run.quote?.steps).toMatchObject([{ basis: { rows: SAMPLE, failed: SAMPLE } }]);
    await system.client.runs.cancel(id, { reason: 'all would fail' });
    expect(await system.wait(id)).toMatchObject({ state: 'cancelled' });
  });

  it('should go through steps that split texts, by the chunks of the sampled ones', async () => {
    const steps: Plan['steps'] = [
      ...mailPlan().steps,
      {
        id: 'words',
        kind: 'split',
        input: 'mails',
        column: 'text',
        by: { kind: 'regex', pattern: '(from|about)' },
        maxTokens: 100,
        overlapTokens: 0,
      },
      {
        id: 'judged',
        kind: 'map',
        input: 'words',
        template: {
          mode: 'llm',
          instructions: 'Judge {{text}}',
          output: { type: 'object', required: ['email'], properties: { email: { type: 'string' } } },
        },
      },
    ];
    const plan = {
      version: 1 as const,
      steps: steps.map((step) =>
        step.id === 'judged' && step.kind === 'map'
          ? {
              ...step,
              template: { ...step.template, output: { type: 'object', required: ['mood'], properties: { mood: { type: 'string' } } } },
            }
          : step,
      ),
      outputs: ['judged'],
    } as Plan;
    const run = await system.wait((await begin(plan, { stopAfter: 'planning', quote: true })).id);
    expect(run.error).toBeNull();
    expect(stepOf(run, 'judged')).toMatchObject({ basis: { kind: 'sample', rows: SAMPLE }, rows: { expected: 3 * ROWS } });
  });

  it('should keep what stands of it when the plan is edited, and ask again what has changed', async () => {
    const { id } = await begin(chain(), { approval: 'required' });
    await until(id, 'awaiting_approval');
    const calls = model.calls;
    const edited = chain();
    const [, domains] = edited.steps;
    if (domains?.kind === 'map' && domains.template.mode === 'llm') domains.template.instructions = 'Name the domain of {{email}}';
    expect((await system.client.runs.editPlan(id, { plan: edited, version: 1 })).planVersion).toBe(2);
    const again = await until(id, 'awaiting_approval');
    expect(model.calls - calls).toBe(SAMPLE);
    expect(asked).toHaveLength(SAMPLE);
    expect(again.sampling.calls).toBe(3 * SAMPLE);
    expect(stepOf(again, 'mails')?.basis).toMatchObject({ kind: 'sample', rows: SAMPLE });
    await system.client.runs.cancel(id);
  });

  it('should keep to the budget, and go on when it is raised', async () => {
    const { id } = await begin(mailPlan(), { approval: 'required', budget: { rows: 8 } });
    const paused = await until(id, 'paused');
    expect(paused.paused?.reason).toBe('budget');
    expect(asked.length).toBeLessThanOrEqual(8);
    await system.client.runs.resume(id, { budget: { rows: 1_000 } });
    expect((await until(id, 'awaiting_approval')).quote?.steps).toHaveLength(1);
    await system.client.runs.cancel(id);
  });

  it.each([
    ['no rows', 0, '2'],
    ['a million rows', 1_000_000, '1000'],
  ])('should refuse a sample of %s', async (_, rows, allowed) => {
    await expect(begin(mailPlan(), { quote: { rows } })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { field: 'quote.rows', value: String(rows), allowed: expect.stringContaining(allowed) },
    });
  });

  it('should refuse to try a step that is not there, or makes no rows one by one', async () => {
    for (const step of ['mials', 'counts'])
      await expect(begin(chain(), { quote: { step } })).rejects.toMatchObject({
        code: 'unknown_step',
        details: { field: 'quote.step', value: step, allowed: expect.stringContaining('mails') },
      });
  });

  it('should be tried of a step beside the same of another plan, and taken over by a run that follows', async () => {
    const at = { cwd, url: system.stack.url };
    const other = mailPlan();
    const [step] = other.steps;
    if (step?.kind === 'map' && step.template.mode === 'llm') step.template.instructions = 'Name the address about order {{text}}';
    await writeFile(join(cwd, 'rows.jsonl'), numberedRows(ROWS).content);
    await writeFile(join(cwd, 'a.yaml'), stringify(mailPlan()));
    await writeFile(join(cwd, 'b.yaml'), stringify(other));
    const tried = await apwa(['try', 'a.yaml', '--step', 'mails', '--rows', '5', '--against', 'b.yaml', '-i', 'rows.jsonl'], at);
    expect(tried).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(10);
    const rows = [...new Set(asked)];
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(tried.out).toContain(`row ${row} `);
      expect(tried.out.split(`email=user${row}@example.com`)).toHaveLength(3);
    }
    expect(tried.out).toMatch(/a\.yaml +5 +0 +\d+/);
    const id = /a\.yaml: a run takes these rows over with --reuse (run_[a-z0-9_]+)/.exec(tried.out)?.[1] ?? '';
    asked = [];
    expect(await apwa(['run', '--plan', 'a.yaml', '--reuse', id, '-i', 'rows.jsonl', '-o', 'out.jsonl'], at)).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(ROWS - 5);
    expect(asked.filter((row) => rows.includes(row))).toEqual([]);
    const unknown = await apwa(['try', 'a.yaml', '--step', 'mials', '-i', 'rows.jsonl'], at);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('mails') });
    // The same plan beside itself is asked once.
    asked = [];
    expect(await apwa(['try', 'a.yaml', '--rows', '6', '--against', 'a.yaml', '-i', 'rows.jsonl'], at)).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(6);
  });

  it('should be found out although the manager is killed in the middle, asking nothing again but what was in flight', async () => {
    delayMs = 400;
    const { id } = await begin(mailPlan(), { approval: 'required', limits: { concurrency: 2 } });
    await eventually(() => asked.length >= 6, { timeoutMs: 30_000, what: 'some rows of the sample' });
    await system.stack.services.manager.kill();
    await system.stack.services.manager.restart();
    expect((await until(id, 'awaiting_approval')).quote?.steps[0]?.basis).toMatchObject({ rows: SAMPLE });
    expect(asked).toHaveLength(SAMPLE);
    delayMs = 0;
    await system.stack.services.manager.kill();
    await system.stack.services.manager.restart();
    await system.client.runs.approve(id, { version: 1 });
    const run = await system.wait(id);
    expectEveryRowOnce(await system.rows(run, 'mails'), ROWS);
    expect(asked).toHaveLength(ROWS);
  });

  it('should be cancelled in the middle', async () => {
    delayMs = 400;
    const { id } = await begin(mailPlan(), { approval: 'required', limits: { concurrency: 2 } });
    await eventually(() => asked.length >= 2, { timeoutMs: 30_000, what: 'a row of the sample' });
    await system.client.runs.cancel(id);
    expect(await system.wait(id)).toMatchObject({ state: 'cancelled', quote: null });
    expect(asked.length).toBeLessThan(SAMPLE);
  });
});
