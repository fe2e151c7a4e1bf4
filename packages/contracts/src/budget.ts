import { z } from 'zod';
import { OwnerId } from './ids.js';

/** The longest working time that a budget may have: ten years, in milliseconds. */
const LONGEST_MS = 10 * 365 * 24 * 3_600_000;

/** What a run may spend. Whatever is used up first pauses it; what is left out is not limited. */
export const Budget = z
  .strictObject({
    /** US dollars, for calls of the planner and of steps alike; every model that is called has to have prices. */
    usd: z.number().min(0.000_001, 'must be $0.000001 or more').max(1e9, 'must be $1,000,000,000 at most').optional(),
    /** Tokens read and written, cached ones and reasoning among them. */
    tokens: z.number().int('must be a whole number').min(1, 'must be 1 or more').max(1e15, 'must be 10^15 at most').optional(),
    /** Rows of steps that begin model calls. A row whose calls were lost with their member counts again when it is asked again. */
    rows: z.number().int('must be a whole number').min(1, 'must be 1 or more').max(1e12, 'must be 10^12 at most').optional(),
    /** Working time, imports and planning among it, pauses not. Milliseconds. */
    timeMs: z
      .number()
      .int('must be a whole number')
      .min(1_000, 'must be 1000 or more')
      .max(LONGEST_MS, 'must be ten years at most')
      .optional(),
  })
  .refine((budget) => Object.values(budget).some((limit) => limit !== undefined), 'must have a limit: usd, tokens, rows or timeMs');
export type Budget = z.infer<typeof Budget>;

/** What calls take of a budget. Estimates are no integers. */
export const Amounts = z.strictObject({
  usd: z.number().nonnegative(),
  tokens: z.number().nonnegative(),
  rows: z.number().nonnegative(),
});
export type Amounts = z.infer<typeof Amounts>;

export const noAmounts = (): Amounts => ({ usd: 0, tokens: 0, rows: 0 });
export const addAmounts = (a: Amounts, b: Amounts): Amounts => ({ usd: a.usd + b.usd, tokens: a.tokens + b.tokens, rows: a.rows + b.rows });

/** A run's budget as the executor keeps to it; null is not limited. A higher version replaces a lower one. */
export const BudgetTerms = z.strictObject({
  version: z.number().int().positive(),
  usd: z.number().nonnegative().nullable(),
  tokens: z.number().nonnegative().nullable(),
  rows: z.number().nonnegative().nullable(),
  /** Spent already by calls that are not the executor's: the planner's. */
  planning: Amounts,
});
export type BudgetTerms = z.infer<typeof BudgetTerms>;

/** What has been spent of a run's budget, and what its members hold for calls that are under way or about to begin. */
export const Spending = z.strictObject({ spent: Amounts, reserved: Amounts });
export type Spending = z.infer<typeof Spending>;

/**
 * What a member has to say and to ask of the budget of a run. All but `wants` and `next` are sums since the member's start, so that
 * nothing is counted twice or lost with a message.
 */
export const BudgetQuestion = z.strictObject({
  ownerId: OwnerId,
  /** Grows with each question of the member about the run: older ones change nothing. */
  sequence: z.number().int().positive(),
  /** By calls that have ended. */
  spent: Amounts,
  /** Of `spent` what is of attempts that are not over: the journal tells of it when the member dies. */
  open: Amounts,
  /** Put aside for calls under way. */
  reserved: Amounts,
  /** What `spent` and `reserved` together will not go above before the answer is there: what it held beyond that is given back. */
  holds: Amounts,
  /** Beyond `holds`, for calls that wait and those that will begin soon. */
  wants: Amounts,
  /** The first call that waits, all of it; null if none does. */
  next: Amounts.nullable(),
});
export type BudgetQuestion = z.infer<typeof BudgetQuestion>;

export const BudgetAnswer = z.strictObject({
  ownerId: OwnerId,
  sequence: z.number().int().positive(),
  /** What `spent` and `reserved` may come to from now on; null: the run has no budget. */
  holds: Amounts.nullable(),
});
export type BudgetAnswer = z.infer<typeof BudgetAnswer>;
