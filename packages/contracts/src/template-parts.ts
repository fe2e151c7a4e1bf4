import { z } from 'zod';

/** Rows of which a share is taken, where a plan does not say it: a share of few rows says little. */
export const DEFAULT_MIN_ROWS = 200;

/**
 * How many failed rows end a stage: `{ "count": 50 }`, or `{ "share": 0.2, "minRows": 500 }` of the rows that have an outcome. Rows that
 * had failed in the step before are none of its rows. A share of 1 is never exceeded: such a stage goes on whatever fails.
 */
export const FailureBound = z.union([
  z.strictObject({ /** The stage ends with the first failed row beyond so many. */ count: z.number().int().min(0).max(1_000_000_000) }),
  z.strictObject({
    share: z.number().min(0).max(1),
    /** The share counts once so many rows have an outcome. Default 200. */
    minRows: z.number().int().min(1).max(1_000_000).optional(),
  }),
]);
export type FailureBound = z.infer<typeof FailureBound>;

/** The longest answer, in tokens, and the longest call. */
export const callLimits = {
  /** The longest answer, in tokens. Default: what the model's configuration says. */
  outputTokens: z.number().int().positive().max(1_000_000).optional(),
  /** The longest a single call may take. Default: what the model's configuration says. */
  timeoutMs: z.number().int().min(100).max(3_600_000).optional(),
};

/** How calls are tried again, for all modes that call a model. */
export const callRetry = {
  /** Calls per row at most, the first one counted; of an agent per turn. Default 5. */
  attempts: z.number().int().min(1).max(20).optional(),
  /** Further turns in which the model is told what is wrong with its answer. Default 2. */
  repairs: z.number().int().min(0).max(5).optional(),
  /**
   * The stage ends as failed when more of its rows have failed, so that a bad prompt does not cost a million calls; what is done stays.
   * Default: it ends when its first 200 rows have all failed by the same code, one of those that no further try heals.
   */
  stopWhenFailuresExceed: FailureBound.optional(),
};

/** Limits of an agent where its template does not say them. */
export const AGENT_DEFAULTS = { turns: 20, tokens: 500_000, totalMs: 1_800_000 } as const;

/** How far an agent goes. */
export const agentLimits = z.strictObject({
  ...callLimits,
  /** Answers of the model, repairs counted. Default 20. */
  turns: z.number().int().min(1).max(200).optional(),
  /** Read and written, over all turns: no turn begins when they are used up. Default 500,000. */
  tokens: z.number().int().min(100).max(100_000_000).optional(),
  /** By the prices of the model's configuration. Default: no bound of its own. */
  costUsd: z.number().positive().max(10_000).optional(),
  /** Milliseconds from the row's first call in a member on. Default 1,800,000: half an hour. */
  totalMs: z.number().int().min(1_000).max(86_400_000).optional(),
});
