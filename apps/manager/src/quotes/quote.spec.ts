import { type MapStep, type Plan, type Step } from '@apwa/contracts';
import { type QuoteFacts, type SampledRow, quoteOf } from './quote.js';
import { quoteTermsOf, samplesOf, termsFor, unchangedSteps } from './samples.js';

const map = (id: string, input: string, instructions = `Do {{text}} for ${id}`): MapStep => ({
  id,
  kind: 'map',
  input,
  template: { mode: 'llm', instructions, output: { type: 'object', properties: { [id]: { type: 'string' } } } },
});
const sql = (id: string, ...inputs: string[]): Step => ({ id, kind: 'sql', inputs, query: 'SELECT 1' });
const split = (id: string, input: string): Step => ({
  id,
  kind: 'split',
  input,
  column: 'text',
  by: { kind: 'sentences' },
  maxTokens: 100,
  overlapTokens: 0,
});
const sends: MapStep = { id: 'sent', kind: 'map', input: 'rows', template: { mode: 'capability', capability: 'python:mail', with: {} } };
const mail = (effects: 'none' | 'idempotent') =>
  ({
    kind: 'python',
    name: 'mail',
    description: 'x',
    effects,
    source: 'x',
    function: 'f',
    input: {},
    output: {},
  }) as unknown as NonNullable<Plan['capabilities']>[number];
const planOf = (...steps: Step[]): Plan => ({ version: 1, steps, outputs: [steps.at(-1)?.id ?? ''] });
const row = (facts: Partial<SampledRow> = {}): SampledRow => ({
  failed: false,
  calls: 1,
  tokens: 100,
  costUsd: 0.001,
  latencyMs: 500,
  size: 0,
  weight: 1,
  ...facts,
});
const facts = (plan: Plan, more: Partial<QuoteFacts> = {}): QuoteFacts => ({
  plan,
  rows: new Map([['rows', 1_000]]),
  chunks: new Map(),
  sampled: new Map(),
  slots: 10,
  only: null,
  ...more,
});
const sampled = (rows: SampledRow[]) => ({ tableId: 'tbl_1', tookMs: 600, rows, all: null });

describe('what is run for a quote', () => {
  const all = { rows: 20, step: null };
  it.each<[string, Step[], string[]]>([
    ['a map over an input', [map('a', 'rows')], ['a rows']],
    ['what no model is called for, as a whole', [sql('s', 'rows'), map('a', 's')], ['s whole', 'a rows']],
    ['a chain of maps', [map('b', 'a'), map('a', 'rows')], ['a rows', 'b rows']],
    [
      'chunks of texts that are there, and of those that are sampled',
      [split('c', 'rows'), map('a', 'c'), split('d', 'a'), map('b', 'd')],
      ['c whole', 'a rows', 'd rows', 'b rows'],
    ],
    ['nothing behind a query over results', [map('a', 'rows'), sql('s', 'a'), map('b', 's')], ['a rows']],
    ['nothing that no model needs', [map('a', 'rows'), sql('s', 'rows')], ['a rows']],
  ])('should be %s', (_, steps, expected) =>
    expect(samplesOf(planOf(...steps), all).map(({ step, of }) => `${step} ${of}`)).toEqual(expected),
  );

  it('should not be what may change something elsewhere, nor what reads it', () => {
    const plan = planOf(map('a', 'rows'), sends, map('b', 'sent'));
    expect(samplesOf({ ...plan, capabilities: [mail('idempotent')] }, all).map(({ step }) => step)).toEqual(['a']);
    expect(samplesOf({ ...plan, capabilities: [mail('none')] }, all).map(({ step }) => step)).toEqual(['a', 'sent', 'b']);
  });

  it('should go through queries to a step that is tried, and to no other', () => {
    const plan = planOf(map('a', 'rows'), sql('s', 'a'), map('b', 's'), map('c', 'rows'));
    expect(samplesOf(plan, { rows: 20, step: 'b' })).toEqual([
      { step: 'a', of: 'rows' },
      { step: 's', of: 'rows' },
      { step: 'b', of: 'rows' },
    ]);
  });

  it('should be wanted by who approves, or asks for it, of plans that call a model', () => {
    expect(quoteTermsOf({ approval: 'auto' })).toBeNull();
    expect(quoteTermsOf({ approval: 'required' })).toEqual(all);
    expect(quoteTermsOf({ approval: 'required', quote: false })).toBeNull();
    expect(quoteTermsOf({ approval: 'auto', quote: { rows: 7, step: 'a' } })).toEqual({ rows: 7, step: 'a' });
    expect(termsFor(planOf(sql('s', 'rows')), { approval: 'required' })).toBeNull();
  });

  it('should stand for another plan as far as nothing has changed that it goes by', () => {
    const before = planOf(map('a', 'rows'), map('b', 'a'), map('c', 'rows'));
    const after = planOf(map('a', 'rows', 'Otherwise {{text}}'), map('b', 'a'), map('c', 'rows'));
    expect([...unchangedSteps(before, after)]).toEqual(['c']);
    expect([...unchangedSteps(before, before)]).toEqual(['a', 'b', 'c']);
  });
});

describe('a quote', () => {
  it('should count all rows, and leave room for what no sampled row has done', () => {
    const rows = Array.from({ length: 20 }, (_, index) => row({ tokens: 90 + index }));
    const { steps, total } = quoteOf(facts(planOf(map('a', 'rows')), { sampled: new Map([['a', sampled(rows)]]) }));
    expect(steps[0]).toMatchObject({ step: 'a', rows: { low: 1_000, high: 1_000 }, basis: { kind: 'sample', rows: 20, failed: 0 } });
    expect(steps[0]?.calls).toMatchObject({ low: 1_000, expected: 1_000 });
    expect(steps[0]?.calls.high).toBeCloseTo(1_136, 0);
    expect(steps[0]?.tokens.expected).toBeCloseTo(99_500);
    expect(steps[0]?.tokens.low).toBeLessThan(99_500);
    expect(steps[0]?.tokens.high).toBeGreaterThan(99_500);
    // 1,000 rows of half a second in ten slots, and at most at the pace of the sample.
    expect(steps[0]?.timeMs).toMatchObject({ expected: 50_000, high: 50_000 });
    expect(total).toEqual({ calls: steps[0]?.calls, tokens: steps[0]?.tokens, costUsd: steps[0]?.costUsd, timeMs: steps[0]?.timeMs });
  });

  it('should be exact of a table that was done as a whole, its failures counted', () => {
    const rows = [row(), row({ failed: true, calls: 3, tokens: 300 })];
    const { steps } = quoteOf(facts(planOf(map('a', 'rows')), { rows: new Map([['rows', 2]]), sampled: new Map([['a', sampled(rows)]]) }));
    expect(steps[0]).toMatchObject({
      basis: { failed: 1 },
      calls: { low: 4, expected: 4, high: 4 },
      tokens: { low: 400, expected: 400, high: 400 },
    });
  });

  it('should take fewer calls for possible where rows show the model the same', () => {
    const rows = Array.from({ length: 20 }, () => row());
    const found = { ...sampled(rows), all: { size: 0, distinct: 400 } };
    expect(quoteOf(facts(planOf(map('a', 'rows')), { sampled: new Map([['a', found]]) })).steps[0]?.calls).toMatchObject({
      low: 400,
      expected: 1_000,
    });
  });

  it('should say of a step behind a query that it is a guess, from none of its rows to as many as are read', () => {
    const plan = planOf(map('a', 'rows'), sql('s', 'a'), map('b', 's'));
    const { steps } = quoteOf(facts(plan, { sampled: new Map([['a', sampled([row(), row()])]]) }));
    expect(steps[1]).toMatchObject({
      step: 'b',
      basis: { kind: 'estimate', why: expect.stringContaining('before the run') },
      rows: { low: 0, expected: 1_000, high: 1_000 },
    });
    expect(steps[1]?.tokens.low).toBe(0);
    expect(steps[1]?.tokens.high).toBeGreaterThan(100_000);
  });

  it('should count the chunks of texts by those of the sampled ones', () => {
    const plan = planOf(map('a', 'rows'), split('c', 'a'), map('b', 'c'));
    const { steps } = quoteOf(
      facts(plan, {
        chunks: new Map([['c', [2, 3, 4, 3]]]),
        sampled: new Map([
          ['a', sampled([row()])],
          ['b', sampled([row(), row()])],
        ]),
      }),
    );
    expect(steps[1]?.rows.expected).toBe(3_000);
    expect(steps[1]?.rows.low).toBeLessThan(3_000);
  });
});
