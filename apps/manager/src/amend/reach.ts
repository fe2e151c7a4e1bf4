import { isSettled } from '../owners/product.js';
import { type StepFacts, hasBegun } from '../runs/step-facts.js';

/** Steps that a step reads, directly or not. */
export const readBy = ({ id }: Pick<StepFacts, 'id'>, steps: readonly StepFacts[]): Set<string> =>
  reach(id, (name) => steps.find((step) => step.id === name)?.reads ?? []);

/** Steps that read a step, directly or not. */
export const readersOf = ({ id }: Pick<StepFacts, 'id'>, steps: readonly StepFacts[]): Set<string> =>
  reach(id, (name) => steps.filter(({ reads }) => reads.includes(name)).map((step) => step.id));

/** Of the readers of a step those that have begun and not ended. */
export const readersUnderWay = (step: Pick<StepFacts, 'id'>, steps: readonly StepFacts[]): StepFacts[] => {
  const readers = readersOf(step, steps);
  return steps.filter((one) => readers.has(one.id) && hasBegun(one) && !isSettled(one.product));
};

const reach = (from: string, near: (id: string) => string[]): Set<string> => {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const one of near(id)) {
      if (found.has(one)) continue;
      found.add(one);
      visit(one);
    }
  };
  visit(from);
  return found;
};
