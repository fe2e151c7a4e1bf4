import { type Estimate, type Plan, type Quote, type Step, type StepQuote, inputsOf } from '@apwa/contracts';
import { addEstimates, exactly, meanOf, timesEstimates, unseenShare } from './estimate.js';
import { asksModel } from './samples.js';

/** A row as it was sampled. */
export interface SampledRow {
  failed: boolean;
  calls: number;
  tokens: number;
  costUsd: number;
  latencyMs: number;
  /** Characters of what the model is shown of it, as far as all rows of the table have it. */
  size: number;
  /** Rows of the table that it stands for, to scale with the others of the sample. */
  weight: number;
}

/** What was found out of a step that calls a model. */
export interface SampledStep {
  tableId: string;
  rows: SampledRow[];
  /** From its first row to its last, in milliseconds. */
  tookMs: number;
  /** Of all rows that it will read: their mean size, and how many of them differ in what the model is shown. Null where that is not known before. */
  all: { size: number; distinct: number } | null;
}

export interface QuoteFacts {
  plan: Plan;
  /** Rows of tables that are known before the run: inputs and steps that no model is called for. */
  rows: ReadonlyMap<string, number>;
  /** Chunks of each sampled text, of steps that split what a sampled step makes. */
  chunks: ReadonlyMap<string, readonly number[]>;
  sampled: ReadonlyMap<string, SampledStep>;
  /** Calls that may be in flight, by the slots that are there and the run's limit. */
  slots: number;
  /** This step alone is quoted, and what it needs: a quote of one step. */
  only: ReadonlySet<string> | null;
}

type Figures = Pick<StepQuote, 'calls' | 'tokens' | 'costUsd' | 'timeMs'>;

/** What a plan is to cost, step by step and in all. */
export const quoteOf = (facts: QuoteFacts): Quote => {
  const { plan, only } = facts;
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const calling = plan.steps.filter((step) => asksModel(step) && (only === null || only.has(step.id)));
  const sampled = calling.flatMap((step) => {
    const found = facts.sampled.get(step.id);
    return found ? [sampledQuote(step, found, rowsRead(step, steps, facts), facts.slots)] : [];
  });
  const perRow = perRowOf(sampled);
  const quotes = calling.map(
    (step) => sampled.find((one) => one.step === step.id) ?? guessed(step, rowsRead(step, steps, facts), perRow, facts.slots),
  );
  return { steps: quotes, total: quotes.reduce<Figures>(addFigures, nothing()) };
};

const nothing = (): Figures => ({ calls: exactly(0), tokens: exactly(0), costUsd: exactly(0), timeMs: exactly(0) });

const addFigures = (a: Figures, b: Figures): Figures => ({
  calls: addEstimates(a.calls, b.calls),
  tokens: addEstimates(a.tokens, b.tokens),
  costUsd: addEstimates(a.costUsd, b.costUsd),
  timeMs: addEstimates(a.timeMs, b.timeMs),
});

/** Rows that a step will read. */
const rowsRead = (step: Step, steps: ReadonlyMap<string, Step>, facts: QuoteFacts): Estimate =>
  inputsOf(step)
    .map((name) => rowsOf(name, steps, facts))
    .reduce(addEstimates, exactly(0));

const rowsOf = (name: string, steps: ReadonlyMap<string, Step>, facts: QuoteFacts): Estimate => {
  const known = facts.rows.get(name);
  if (known !== undefined) return exactly(known);
  const step = steps.get(name);
  if (!step) return exactly(0);
  const read = rowsRead(step, steps, facts);
  switch (step.kind) {
    case 'map':
      return read;
    case 'table':
      return exactly(step.rows.length);
    case 'split': {
      const chunks = facts.chunks.get(name);
      return chunks ? timesEstimates(read, meanOf({ values: chunks, of: read.low === read.high ? read.high : Infinity })) : upTo(read);
    }
    // As many as there are groups, which nobody knows before.
    case 'reduce':
    case 'sql':
      return upTo(read);
  }
};

/** A query may leave out all rows, and seldom makes more than it reads. */
const upTo = ({ expected, high }: Estimate): Estimate => ({ low: 0, expected, high });

const sampledQuote = (step: Step, { rows, all, tableId, tookMs }: SampledStep, read: Estimate, slots: number): StepQuote => {
  const exact = read.low === read.high;
  const of = exact ? read.high : Infinity;
  const size = all && exact ? { values: rows.map((row) => row.size), mean: all.size } : undefined;
  const weights = rows.map(({ weight }) => weight);
  const perRow = (figure: (row: SampledRow) => number, known = size): Estimate =>
    timesEstimates(read, meanOf({ values: rows.map(figure), weights, of, ...(known ? { size: known } : {}) }));
  // Rows that show the model the same are asked once, where they meet.
  const alike = all && exact && read.high > 0 ? Math.min(1, all.distinct / read.high) : 1;
  const lower = ({ low, expected, high }: Estimate): Estimate => ({ low: low * alike, expected, high });
  const calls = perRow((row) => row.calls, undefined);
  const unseen = rows.length < of ? unseenShare(rows.length) * (read.high - Math.min(read.high, rows.length)) : 0;
  return {
    step: step.id,
    basis: { kind: 'sample', rows: rows.length, failed: rows.filter(({ failed }) => failed).length, tableId },
    rows: read,
    // A second call for a row is rare, and what no sampled row needed others may.
    calls: lower({ ...calls, high: Math.max(calls.high, calls.expected + unseen) }),
    tokens: lower(perRow(({ tokens }) => tokens)),
    costUsd: lower(perRow(({ costUsd }) => costUsd)),
    timeMs: timeOf(
      perRow(({ latencyMs }) => latencyMs, undefined),
      { rows, tookMs },
      { read, inFlight: Math.max(1, Math.min(slots, read.high)) },
    ),
  };
};

/**
 * At best all slots are the step's own, and none waits for anything but the model; at worst more rows at once are no faster than those of the
 * sample were. It takes no less than a row does.
 */
const timeOf = (
  { low, expected }: Estimate,
  { rows, tookMs }: Pick<SampledStep, 'rows' | 'tookMs'>,
  { read, inFlight }: { read: Estimate; inFlight: number },
): Estimate => {
  if (rows.length === 0) return exactly(0);
  const typical = rows.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / rows.length;
  const atBest = low / inFlight;
  const likely = Math.max(atBest, expected / inFlight, read.expected > 0 ? typical : 0);
  return { low: atBest, expected: likely, high: Math.max(likely, (tookMs * read.high) / rows.length) };
};

/** What a row of any sampled step costs. */
const perRowOf = (sampled: readonly StepQuote[]): Figures | null => {
  const per = (key: keyof Figures): Estimate | null => {
    const values = sampled.filter(({ rows }) => rows.expected > 0).map((quote) => quote[key].expected / quote.rows.expected);
    if (values.length === 0) return null;
    // Another template over other rows: it may well be a third or three times that.
    return {
      low: Math.min(...values) / 3,
      expected: values.reduce((sum, value) => sum + value, 0) / values.length,
      high: Math.max(...values) * 3,
    };
  };
  const [calls, tokens, costUsd, timeMs] = [per('calls'), per('tokens'), per('costUsd'), per('timeMs')];
  return calls && tokens && costUsd && timeMs
    ? { calls: { ...calls, low: 1, high: Math.max(1, calls.high) }, tokens, costUsd, timeMs }
    : null;
};

const WHY = 'it has effects, folds groups, or reads what cannot be had before the run';

const guessed = ({ id }: Step, rows: Estimate, perRow: Figures | null, slots: number): StepQuote => {
  const basis = { kind: 'estimate' as const, why: perRow ? `${WHY}: as if its rows cost what those of other steps do` : WHY };
  if (!perRow) return { step: id, basis, rows, ...nothing(), calls: rows, timeMs: { low: 0, expected: 0, high: rows.high / slots } };
  return {
    step: id,
    basis,
    rows,
    calls: timesEstimates(rows, perRow.calls),
    tokens: timesEstimates(rows, perRow.tokens),
    costUsd: timesEstimates(rows, perRow.costUsd),
    timeMs: timesEstimates(rows, perRow.timeMs),
  };
};
