import { type AmendmentCause, type AmendmentOutcome, type ErrorPayload } from '@apwa/contracts';
import { type StepFacts, faultOf } from '../runs/step-facts.js';
import { readBy, readersUnderWay } from './reach.js';

/** What a run's amendments are so far, for deciding how it goes on. */
export interface AmendFacts {
  /** Times that its plan may be changed: in all, and yet. */
  allowed: number;
  left: number;
  /** The one that is under way. `budgetUsedUp`: why no further turn of the planner fits the run's budget. */
  open: { step: string; budgetUsedUp: string | null } | null;
  /** What came of looking at tables, by their ids: each is looked at once. */
  looked: ReadonlyMap<string, { outcome: AmendmentOutcome | null; reason: string | null }>;
}

export const NO_AMENDMENTS: AmendFacts = { allowed: 0, left: 0, open: null, looked: new Map() };

export type Due =
  | { due: 'nothing' }
  /** What reads the step that is to be looked at has not ended yet: nothing begins meanwhile. */
  | { due: 'wait' }
  | { due: 'amendment'; step: StepFacts; cause: AmendmentCause };

/** Faults of steps that another plan may heal. What is wrong with an account, a pool or the storage would meet any plan. */
const HEALABLE: ReadonlySet<string> = new Set([
  'all_rows_failed',
  'too_many_failures',
  'invalid_sql',
  'sql_failed',
  'sql_memory_limit',
  'sql_too_many_rows',
  'split_never_splits',
  'reduce_never_ends',
  'no_such_column',
]);

/** Whether the planner is to look at a run under way, and why. Pure. */
export const dueAmendment = (steps: readonly StepFacts[], amend: AmendFacts): Due => {
  if (amend.left === 0) return { due: 'nothing' };
  const faulty = steps.flatMap((step) => {
    const error = faultOf(step, steps);
    return error ? [{ step, error }] : [];
  });
  if (faulty.length > 0) return ofFaults(faulty, steps, amend);
  for (const step of steps) {
    if (step.product.state !== 'ready' || amend.looked.has(step.product.id)) continue;
    const cause = step.rowErrors.some(({ code }) => code === 'needs_split') ? 'needs_split' : step.review ? 'review' : null;
    // Where failed rows are done again, what has read them reads anew: it has to have ended.
    if (cause) return readersUnderWay(step, steps).length > 0 ? { due: 'wait' } : { due: 'amendment', step, cause };
  }
  return { due: 'nothing' };
};

const ofFaults = (faulty: { step: StepFacts; error: ErrorPayload }[], steps: readonly StepFacts[], amend: AmendFacts): Due => {
  const failed = new Set(faulty.map(({ step }) => step.id));
  // What fails behind another one is told by that.
  const roots = faulty.filter(({ step }) => ![...readBy(step, steps)].some((id) => failed.has(id)));
  const lost = roots.some(({ step, error }) => !HEALABLE.has(error.code) || amend.looked.has(step.product.id) || step.failedAlike);
  const [root] = roots;
  if (lost || !root) return { due: 'nothing' };
  const underWay = roots.some(({ step }) => readersUnderWay(step, steps).length > 0);
  return underWay ? { due: 'wait' } : { due: 'amendment', step: root.step, cause: 'failed' };
};

/** Why a run fails with a step, and why nobody amended its plan, or what came of it. */
export const explained = (error: ErrorPayload, step: StepFacts, amend: AmendFacts): ErrorPayload => {
  const why = explanationOf(error, step, amend);
  return why === null ? error : { ...error, message: `${error.message} ${why}` };
};

const explanationOf = (
  { code }: ErrorPayload,
  { product, failedAlike }: StepFacts,
  { allowed, left, looked }: AmendFacts,
): string | null => {
  const look = looked.get(product.id);
  switch (look?.outcome) {
    case 'failed':
      return `The plan was not amended: ${look.reason}`;
    case 'kept':
      return `The planner left the plan as it is: ${look.reason}`;
    case 'ended':
      return `The planner ended the run: ${look.reason}`;
    case 'amended':
    case null:
    case undefined:
      break;
  }
  if (allowed === 0 || !HEALABLE.has(code)) return null;
  if (failedAlike) return 'The plan is not amended again: the step failed in the same way before, doing the same.';
  return left === 0 ? `The plan was amended ${allowed === 1 ? 'once' : `${allowed} times`}, as often as it may be.` : null;
};
