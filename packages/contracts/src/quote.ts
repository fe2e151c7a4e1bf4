import { z } from 'zod';
import { Name, TableId } from './ids.js';

/** Rows of a sample where nothing else is said, the fewest of which anything can be said, and the most. */
export const DEFAULT_SAMPLE_ROWS = 20;
const MIN_SAMPLE_ROWS = 2;
const MAX_SAMPLE_ROWS = 1_000;

/** What a run is to cost, found out on a sample before its steps begin. */
export const QuoteRequest = z.union([
  z.boolean(),
  z.strictObject({
    /** Of each step's input, spread over it. A smaller table is done as a whole. Default 20. */
    rows: z
      .number()
      .int('must be a whole number')
      .min(MIN_SAMPLE_ROWS, `must be ${MIN_SAMPLE_ROWS} or more`)
      .max(MAX_SAMPLE_ROWS, `must be ${MAX_SAMPLE_ROWS} at most`)
      .optional(),
    /** This step alone, and what it needs before it. Left out: all. */
    step: Name.optional(),
  }),
]);
export type QuoteRequest = z.infer<typeof QuoteRequest>;

/** A figure with the interval that holds it nine times of ten. */
export const Estimate = z.strictObject({
  low: z.number().nonnegative(),
  expected: z.number().nonnegative(),
  high: z.number().nonnegative(),
});
export type Estimate = z.infer<typeof Estimate>;

const figures = {
  calls: Estimate,
  /** Read and written. */
  tokens: Estimate,
  costUsd: Estimate,
  /** Milliseconds, with the slots that were there. */
  timeMs: Estimate,
};

/** What a quote goes by. `estimate`: nothing of the step was run, for the rows that it reads cannot be had before. */
export const QuoteBasis = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sample'),
    /** Rows that were run, and those of them that failed. */
    rows: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    /** What came of them. */
    tableId: TableId,
  }),
  z.strictObject({ kind: z.literal('estimate'), why: z.string() }),
]);
export type QuoteBasis = z.infer<typeof QuoteBasis>;

/** A step that calls a model. The sample's own calls are in its figures. */
export const StepQuote = z.strictObject({ step: Name, basis: QuoteBasis, /** That it reads. */ rows: Estimate, ...figures });
export type StepQuote = z.infer<typeof StepQuote>;

export const Quote = z.strictObject({
  steps: z.array(StepQuote),
  /** The sums of the steps' figures, interval by interval: wider than it had to be. */
  total: z.strictObject(figures),
});
export type Quote = z.infer<typeof Quote>;

/** What something came to, its sample counted. */
const Actual = z.strictObject({
  calls: z.number().nonnegative(),
  tokens: z.number().nonnegative(),
  costUsd: z.number().nonnegative(),
  timeMs: z.number().nonnegative(),
});

/** A quote beside what it came to, once that is known. */
export const RunQuote = z.strictObject({
  steps: z.array(z.strictObject({ ...StepQuote.shape, actual: Actual.nullable() })),
  total: z.strictObject({ ...figures, actual: Actual.nullable() }),
});
export type RunQuote = z.infer<typeof RunQuote>;
