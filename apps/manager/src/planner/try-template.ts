import { Name } from '@apwa/contracts';
import { z } from 'zod';

const TRY_ROWS = { least: 2, most: 5 } as const;
/** Of one plan. */
export const MAX_TRIES = 8;

export const tryTemplate = {
  description: `Runs one map step of a draft of the plan on a few rows (${TRY_ROWS.least} to ${TRY_ROWS.most}), with the models and capabilities that it will have, and what it needs before it. Shows the answers, what they cost, what all rows are likely to cost, and how many rows the sql, table and split steps before it make. It costs money, but rows that were tried are not asked again by the run if the template stays the same. Worth it where many rows are to be asked, or where it is doubtful whether instructions, output or model do what they should. Not for steps behind a reduce. At most ${MAX_TRIES} tries, of three minutes each: slow agents may not be done by then, and the try is lost. The estimate is as good as the rows are like the others: where lengths differ much, do not rely on it. A draft with faults is not tried; that does not count as a submission.`,
  arguments: z.strictObject({
    plan: z.unknown().describe('The draft: a whole plan, as submit_plan takes it. Steps after the one that is tried may still be missing.'),
    step: Name.describe('Id of the map step.'),
    rows: z.number().int().min(TRY_ROWS.least).max(TRY_ROWS.most).default(3).describe('Rows of its input, short ones and long ones.'),
  }),
} as const;
