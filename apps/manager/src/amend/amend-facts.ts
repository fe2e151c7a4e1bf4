import {
  type AmendmentCause,
  type AmendmentOutcome,
  type Amounts,
  type Plan,
  type RunAmendment,
  type RunBudget,
  tokensOf,
} from '@apwa/contracts';
import { fromJson } from '../database/json.js';
import { type Amendment } from '../generated/prisma/client.js';
import { type StepFacts, faultOf } from '../runs/step-facts.js';
import { type AmendFacts } from './due.js';
import { failureOf } from './work-hash.js';

/** Of a turn of the planner, whatever it was about. */
type Turns = readonly { usage: Parameters<typeof tokensOf>[0]; costUsd: number }[];

/** `budget`: of the run, with all that it has spent. */
export const amendFactsOf = (
  allowed: number,
  amendments: readonly Amendment[],
  { budget, turns }: { budget: RunBudget | null; turns: Turns },
): AmendFacts => {
  const open = openOf(amendments);
  const changes = amendments.filter(({ outcome }) => outcome === 'amended').length;
  return {
    allowed,
    left: Math.max(0, allowed - changes),
    open: open && { step: open.stepId, budgetUsedUp: noRoom(budget, turns) },
    looked: new Map(
      amendments.map(({ tableId, outcome, reason }) => [tableId, { outcome: outcome as AmendmentOutcome | null, reason }] as const),
    ),
  };
};

/** A step whose failed rows an amendment has done again, and a hash of what it does then: `workHash`. */
export interface Redone {
  step: string;
  work: string;
}

export const redoOf = ({ redo }: Pick<Amendment, 'redo'>): Redone[] => fromJson<Redone[]>(redo);

/** The amendment that is under way. */
export const openOf = (amendments: readonly Amendment[]): Amendment | null => {
  const last = amendments.at(-1);
  return last?.outcome === null ? last : null;
};

/** A turn is taken if the largest so far would still fit. */
const noRoom = (budget: RunBudget | null, turns: Turns): string | null => {
  if (!budget) return null;
  const largest: Pick<Amounts, 'usd' | 'tokens'> = {
    usd: Math.max(0, ...turns.map(({ costUsd }) => costUsd)),
    tokens: Math.max(0, ...turns.map(({ usage }) => tokensOf(usage))),
  };
  for (const limit of ['usd', 'tokens'] as const) {
    const most = budget.limits[limit];
    if (most !== undefined && budget.spent[limit] + budget.reserved[limit] + largest[limit] > most)
      return `no further turn of the planner fits the run's budget of ${limit === 'usd' ? `$${most}` : `${most} tokens`}.`;
  }
  return null;
};

/** The steps with what is known of their failures: whether one has failed before as it does now. */
export const withFailuresBefore = (steps: readonly StepFacts[], plan: Plan | null, amendments: readonly Amendment[]): StepFacts[] => {
  if (!plan || amendments.length === 0) return [...steps];
  return steps.map((step) => {
    const error = faultOf(step, steps);
    if (!error) return step;
    const failure = failureOf(plan, step.id, error.code);
    return { ...step, failedAlike: amendments.some((one) => one.failure === failure && one.tableId !== step.product.id) };
  });
};

export const amendmentsView = (amendments: readonly Amendment[]): RunAmendment[] =>
  amendments.map(({ number, stepId, cause, planVersion, outcome, reason, newVersion, redo, startedAt, finishedAt }) => ({
    number,
    step: stepId,
    cause: cause as AmendmentCause,
    planVersion,
    outcome: outcome as AmendmentOutcome | null,
    reason,
    newVersion,
    redo: redoOf({ redo }).map(({ step }) => step),
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  }));
