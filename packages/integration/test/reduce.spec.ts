import { type Plan, type ReduceStep, RefusedError, type Run } from '@apwa/contracts';
import { eventually, type ScriptedAnswer, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { System } from './support/system.js';

const MAX_TOKENS = 240;

/** What a call was shown. */
interface Call {
  /** `item 7`, or `items 0 to 24` above the first level. */
  labels: string[];
  items: string;
  numbers: number[];
  spans: string[];
}

const callOf = (messages: { content?: unknown }[]): Call => {
  const text = String(messages.at(-1)?.content);
  const items = /^--- \[field "items"\] \w+ ---\n([^]*?)\n(?:=== data|--- \[field)/m.exec(text)?.[1] ?? '';
  const heads = /^--- (items? .+) \w{8} ---$/gm;
  const texts = items.replaceAll(heads, '');
  return {
    items,
    labels: [...items.matchAll(heads)].map(([, label]) => label as string),
    numbers: (texts.match(/\d+/g) ?? []).map(Number),
    spans: spansOf(texts),
  };
};

/** Numbers as spans, `0-24`: what goes on where the span before ends is one with it, and what is doubled, left out or disordered shows. */
const spansOf = (items: string): string[] => {
  const spans: [number, number][] = [];
  for (const [, from, to] of items.matchAll(/(\d+)(?:-(\d+))?/g)) {
    const [first, last] = [Number(from), Number(to ?? from)];
    const before = spans.at(-1);
    if (before && before[1] + 1 === first) before[1] = last;
    else spans.push([first, last]);
  }
  return spans.map((span) => span.join('-'));
};

const numbersTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n);

const rowsOf = (count: number, of: (n: number) => object = () => ({})) => ({
  name: 'rows.jsonl',
  content: numbersTo(count)
    .map((n) => JSON.stringify({ ...of(n), text: `number ${n} of a text` }))
    .join('\n'),
});

const reducePlan = (more: Partial<Omit<ReduceStep, 'template'>> = {}, template: Partial<ReduceStep['template']> = {}): Plan => ({
  version: 1,
  steps: [
    {
      id: 'folded',
      kind: 'reduce',
      input: 'rows',
      maxTokens: MAX_TOKENS,
      ...more,
      template: {
        mode: 'llm',
        instructions: 'List all numbers in {{items}}',
        output: { type: 'object', required: ['numbers'], properties: { numbers: { type: 'array', items: { type: 'integer' } } } },
        ...template,
      },
    },
  ],
  outputs: ['folded'],
});

const SPANS = { type: 'object', required: ['spans'], properties: { spans: { type: 'array', items: { type: 'string' } } } };

/** Real: everything but the model, whose server the test runs. It answers with the numbers in what it was shown. */
describe('groups folded in a tree', () => {
  let system: System;
  let model: ScriptedModel;
  let calls: Call[];

  beforeAll(async () => {
    model = await scriptedModel();
    system = await System.asking(model);
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  /** `instead`: what other than the numbers a call is answered with. */
  const answer = (instead: (call: Call) => ScriptedAnswer | null = () => null): void => {
    calls = [];
    model.otherwise(({ messages }) => {
      const call = callOf(messages);
      calls.push(call);
      return { content: { numbers: call.numbers, spans: call.spans }, ...instead(call) };
    });
  };
  const levelsOf = (run: Run) => run.steps.find(({ kind }) => kind === 'reduce')?.levels ?? [];
  const level = (run: Run, wanted: number) => levelsOf(run).find((one) => one.level === wanted);

  it('should fold what fits one call in one', async () => {
    answer();
    const run = await system.run({ inputs: { rows: rowsOf(12) }, plan: reducePlan() });
    expect(run).toMatchObject({ state: 'succeeded', steps: [{ rowsIn: 12, rows: 1, counts: { ok: 1, failed: 0, calls: 1 } }] });
    expect(await system.rows(run, 'folded')).toMatchObject([
      { numbers: numbersTo(12), sources: { count: 12, rows: [{ first: 0, last: 11 }] }, level: 1, _status: 'ok', _row: 0 },
    ]);
    expect(calls.map(({ labels }) => labels)).toEqual([numbersTo(12).map((n) => `item ${n}`)]);
  });

  it('should fold what does not in levels: each row once, in order, no call above the budget', async () => {
    answer();
    const rows = 400;
    const run = await system.run({ inputs: { rows: rowsOf(rows) }, plan: reducePlan({}, { output: SPANS }) });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const levels = levelsOf(run);
    expect(levels.length).toBeGreaterThanOrEqual(3);
    expect(levels.at(-1)).toMatchObject({ bundles: 1, answered: 1 });
    expect(await system.rows(run, 'folded')).toMatchObject([
      {
        spans: [`0-${rows - 1}`],
        sources: { count: rows, rows: [{ first: 0, last: rows - 1 }] },
        level: levels.length,
        _attempts: calls.length,
      },
    ]);
    expect(run.steps[0]?.counts).toMatchObject({ ok: 1, failed: 0, calls: calls.length, usage: { input: 10 * calls.length } });
    expect(calls).toHaveLength(levels.reduce((sum, { bundles }) => sum + (bundles ?? 0), 0));
    for (const { items } of calls) expect(Buffer.byteLength(items)).toBeLessThanOrEqual(MAX_TOKENS * 4);
    // The rows of the first level, by the bundles in their order.
    const first = await system.client.tables.get(levels[0]?.tables[1] ?? '');
    expect(first.lineage.inputs).toEqual([levels[0]?.tables[0]]);
    const used = calls.filter(({ labels }) => labels.every((label) => label.startsWith('item ')));
    expect(used.flatMap(({ labels }) => labels.map((label) => Number(label.slice(5)))).sort((a, b) => a - b)).toEqual(numbersTo(rows));
    for (const { labels, numbers } of used) expect(labels).toEqual(numbers.map((n) => `item ${n}`));
  });

  it('should fold each group by itself, in the order that is asked for, and leave out what had failed before', async () => {
    const failing = new Set([7, 50]);
    calls = [];
    model.otherwise(({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const row = /^number (\d+)$/m.exec(text)?.[1];
      if (row === undefined) {
        const call = callOf(messages);
        calls.push(call);
        return { content: { numbers: call.numbers } };
      }
      return failing.has(Number(row)) ? { refusal: 'no' } : { content: { said: `it is ${row}` } };
    });
    const [reduce] = reducePlan(
      { input: 'said', by: ['half'], orderBy: ['back'], columns: ['said'] },
      { instructions: 'Half {{half}}: {{items}}' },
    ).steps as [ReduceStep];
    const plan: Plan = {
      version: 1,
      steps: [
        {
          id: 'said',
          kind: 'map',
          input: 'rows',
          template: {
            mode: 'llm',
            instructions: 'Say {{text}}',
            output: { type: 'object', required: ['said'], properties: { said: { type: 'string' } } },
          },
        },
        reduce,
      ],
      outputs: ['folded'],
    };
    const content = numbersTo(80)
      .map((n) => JSON.stringify({ half: n < 40 ? 'a' : 'b', back: -n, text: `number ${n}` }))
      .join('\n');
    const run = await system.run({ inputs: { rows: { name: 'rows.jsonl', content } }, plan });
    expect(run).toMatchObject({ state: 'partially_succeeded', steps: [{ counts: { failed: 2 } }, { counts: { ok: 2, failed: 0 } }] });
    const rows = await system.rows(run, 'folded');
    const wanted = (from: number) =>
      numbersTo(40, from)
        .filter((n) => !failing.has(n))
        .reverse();
    expect(rows).toMatchObject([
      { half: 'a', numbers: wanted(0), left_out: { count: 1, rows: [{ first: 7, last: 7 }] }, level: 2 },
      { half: 'b', numbers: wanted(40), left_out: { count: 1, rows: [{ first: 50, last: 50 }] }, level: 2 },
    ]);
  });

  it('should fail a group that lacks an answer, ask no more for it, and go on with the others', async () => {
    answer(({ labels }) => (labels.includes('item 13') ? { refusal: 'no' } : null));
    const rows = rowsOf(150, (n) => ({ half: n < 75 ? 'a' : 'b' }));
    const run = await system.run({ inputs: { rows }, plan: reducePlan({ by: ['half'] }) });
    expect(run).toMatchObject({ state: 'partially_succeeded', steps: [{ counts: { ok: 1, failed: 1, errors: { input_failed: 1 } } }] });
    const result = await system.rows(run, 'folded');
    expect(result).toMatchObject([
      { half: 'a', _status: 'failed', _error_code: 'input_failed', numbers: null, sources: { count: 75 } },
      { half: 'b', _status: 'ok', numbers: numbersTo(75, 75) },
    ]);
    expect(result[0]?._error).toMatch(/^1 of its \d answers of level 1 failed: rows \d+ to \d+ \(refused: /);
    expect(level(run, 2)).toMatchObject({ bundles: 1 });

    answer();
    const redone = await system.wait((await system.client.runs.redrive(run.id, { steps: ['folded'] })).id);
    expect(redone).toMatchObject({ state: 'succeeded', steps: [{ counts: { ok: 2, failed: 0 } }] });
    expect(await system.rows(redone, 'folded')).toMatchObject([
      { half: 'a', _status: 'ok', numbers: numbersTo(75), sources: { count: 75 } },
      { half: 'b', _status: 'ok', numbers: numbersTo(75, 75) },
    ]);
    // Of the first level the call that had failed alone, and then what its group had lacked; of the other group nothing.
    expect(calls.filter(({ labels }) => labels.some((label) => label.startsWith('item ')))).toMatchObject([
      { labels: expect.arrayContaining(['item 13']) },
    ]);
    expect(calls.filter(({ numbers }) => numbers.some((number) => number >= 75))).toEqual([]);
    await expect(system.client.runs.redrive(redone.id)).rejects.toMatchObject({ code: 'invalid_redrive', details: { field: 'steps' } });
  });

  it('should go on at the level at which the manager was killed', async () => {
    let gate: (() => void) | null = null;
    const open = new Promise<void>((resolve) => (gate = resolve));
    let second = 0;
    calls = [];
    model.otherwise(async ({ messages }) => {
      const call = callOf(messages);
      calls.push(call);
      // Of the second level one call is answered before the kill.
      if (call.labels[0]?.startsWith('items') && second++ > 0) await open;
      return { content: { spans: call.spans } };
    });
    const run = await system.submit({ inputs: { rows: rowsOf(400) }, plan: reducePlan({}, { output: SPANS }) });
    await eventually(async () => level(await system.client.runs.get(run.id), 2)?.answered === 1, {
      timeoutMs: 60_000,
      what: 'an answer of level 2',
    });
    const { manager } = system.stack.services;
    await manager.kill();
    gate!();
    await manager.restart();
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect(await system.rows(ended, 'folded')).toMatchObject([{ spans: ['0-399'], level: 3 }]);
    expect(calls).toHaveLength(levelsOf(ended).reduce((sum, { bundles }) => sum + (bundles ?? 0), 0));
    const tables = await system.catalogue<{ n: number }>(
      `SELECT count(*)::int AS n FROM tables WHERE run_id = $1 AND level_of = 'folded'`,
      [run.id],
    );
    expect(tables).toEqual([{ n: 2 * levelsOf(ended).length }]);
  });

  it('should begin no level while it is paused, and end with the run that is cancelled', async () => {
    let gate: (() => void) | null = null;
    const open = new Promise<void>((resolve) => (gate = resolve));
    calls = [];
    model.otherwise(async ({ messages }) => {
      const call = callOf(messages);
      calls.push(call);
      await open;
      return { content: { numbers: call.numbers } };
    });
    const { runs } = system.client;
    const [paused, cancelled] = [
      await system.submit({ inputs: { rows: rowsOf(100) }, plan: reducePlan() }),
      await system.submit({ inputs: { rows: rowsOf(100) }, plan: reducePlan() }),
    ];
    for (const { id } of [paused, cancelled])
      await eventually(async () => (level(await runs.get(id), 1)?.bundles ?? 0) > 0 && calls.length > 1, { what: `calls of ${id}` });
    await runs.pause(paused.id);
    await runs.cancel(cancelled.id);
    gate!();
    await eventually(async () => (await runs.get(paused.id)).state === 'paused', { what: 'the pause' });
    expect(levelsOf(await runs.get(paused.id))).toHaveLength(1);
    await runs.resume(paused.id);
    expect(await system.wait(paused.id)).toMatchObject({ state: 'succeeded' });
    expect(await system.wait(cancelled.id)).toMatchObject({ state: 'cancelled', steps: [{ state: 'cancelled' }] });
  });

  it('should refuse a plan whose answers cannot be folded, with field, value and what is allowed', async () => {
    answer();
    const faultOf = async (plan: Plan): Promise<unknown> => {
      const inputs = { rows: rowsOf(3) };
      const run = await system.run({ inputs, plan }).catch((error: unknown) => error);
      return run instanceof RefusedError ? run.details.faults : (run as Run).error?.faults;
    };
    expect(await faultOf(reducePlan({ merge: { instructions: 'Fold {{items}} of {{numbers}}' } }))).toEqual([
      expect.objectContaining({ field: 'plan.steps[0].merge.instructions', value: '{{numbers}}', allowed: '{{items}}' }),
    ]);
    // What the columns of a file are is known when it has been read.
    expect(await faultOf(reducePlan({ by: ['txt'] }))).toEqual([
      expect.objectContaining({ field: 'steps[0].by[0]', value: 'txt', allowed: expect.stringContaining('did you mean text?') }),
    ]);
    expect(calls).toEqual([]);
  });
});
