import { isSettled } from '../owners/product.js';
import { type StepFacts, faultOf, hasBegun } from '../runs/step-facts.js';

/**
 * How far a step is, for who changes the plan: `open` has not begun; `begun` runs, or has a result, and stays as it is; `failed` has ended without a result, or
 * reads one that has: it may be changed, and what stays in the plan is done again. Of what an amendment wants: `again` is done, and its failed rows are done again,
 * by another template of the same columns if that is wished; `behind` has read such a step, and reads the next version of it, as it stands.
 */
export type Standing = 'open' | 'begun' | 'failed' | 'again' | 'behind';

/** The step has another table from now on. */
export const isMadeAnew = (standing: Standing | undefined): boolean => {
  switch (standing) {
    case 'failed':
    case 'again':
    case 'behind':
      return true;
    case 'open':
    case 'begun':
    case undefined:
      return false;
  }
};

/** The step stays in the plan as it stands. */
export const isFixed = (standing: Standing | undefined): boolean => standing === 'begun' || standing === 'behind';

/** By the steps' ids. While what takes the rows of a failed step has not ended yet, both count as begun. */
export const standingsOf = (steps: readonly StepFacts[]): Map<string, Standing> => {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const known = new Map<string, Standing>();
  const look = (id: string): Standing | null => {
    const step = byId.get(id);
    if (!step) return null;
    const before = known.get(id);
    if (before) return before;
    const standing = ofStep(step, step.reads.map(look));
    known.set(id, standing);
    return standing;
  };
  const ofStep = (step: StepFacts, reads: (Standing | null)[]): Standing => {
    if (!hasBegun(step)) return 'open';
    const ended = step.product.state === 'failed' || step.product.state === 'cancelled' || faultOf(step, steps) !== null;
    return ended || reads.includes('failed') ? 'failed' : 'begun';
  };
  for (const { id } of steps) look(id);
  const ending = steps.some(({ id, product }) => known.get(id) === 'failed' && !isSettled(product));
  return ending ? new Map([...known].map(([id, standing]) => [id, standing === 'failed' ? 'begun' : standing])) : known;
};
