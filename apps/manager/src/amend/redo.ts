import { type Fault, type Plan, type Step } from '@apwa/contracts';
import { callsOf } from '../production/work.js';
import { isSettled } from '../owners/product.js';
import { type StepFacts } from '../runs/step-facts.js';
import { readersOf, readersUnderWay } from './reach.js';
import { type Standing } from './standings.js';

/** How a run stands in which failed rows may be done again. */
export interface Underway {
  before: Plan;
  steps: readonly StepFacts[];
  standings: ReadonlyMap<string, Standing>;
}

/** Steps that are done, and whose failed rows an amendment may have done again. */
export const redoable = (run: Underway): string[] =>
  run.before.steps.flatMap(({ id }) => (run.standings.get(id) === 'begun' && obstacleTo(id, run) === null ? [id] : []));

/** How far steps are once the failed rows of some are done again, or what is wrong with that: fields are `redo[i]`. */
export const withRedo = (redo: readonly string[], run: Underway): { standings: Map<string, Standing>; faults: Fault[] } => {
  const standings = new Map(run.standings);
  const faults = redo.flatMap((id, index): Fault[] => {
    const message = obstacleTo(id, run);
    if (message === null) return [];
    return [
      { field: `redo[${index}]`, message, value: id, allowed: redoable(run).join(', ') || 'nothing: no step has rows that could be' },
    ];
  });
  if (faults.length > 0) return { standings, faults };
  // What failed as a whole is done again anyway.
  const again = redo.filter((id) => run.standings.get(id) === 'begun');
  for (const id of again)
    for (const reader of readersOf({ id }, run.steps)) if (run.standings.get(reader) === 'begun') standings.set(reader, 'behind');
  for (const id of again) standings.set(id, 'again');
  return { standings, faults };
};

/** Why the failed rows of a step cannot be done again; null where they can. */
const obstacleTo = (id: string, { before, steps, standings }: Underway): string | null => {
  const step = before.steps.find((one) => one.id === id);
  const facts = steps.find((one) => one.id === id);
  if (!step || !facts) return 'is no step of the plan as it is';
  if (standings.get(id) === 'failed') return null;
  if (step.kind !== 'map' && step.kind !== 'reduce') return `is a step of kind ${step.kind}: rows of map and reduce steps alone can fail`;
  if (standings.get(id) === 'open') return 'has not begun: it can be changed as it is';
  if (!isSettled(facts.product)) return 'has not ended yet';
  if (facts.product.failedRows === 0) return 'has no failed rows';
  const [reader] = readersUnderWay(facts, steps);
  if (reader) return `is read by step ${reader.id}, which has not ended yet`;
  const behind = readersOf(facts, steps);
  const harmful = before.steps.find((one) => (one === step || behind.has(one.id)) && hasCalledUnsafe(one, before, standings));
  if (!harmful) return null;
  const who = harmful === step ? 'has called' : `is read by step ${harmful.id}, which has called`;
  return `${who} what must not be called twice for a row`;
};

const hasCalledUnsafe = (step: Step, { capabilities }: Plan, standings: Underway['standings']): boolean =>
  standings.get(step.id) !== 'open' &&
  step.kind === 'map' &&
  (callsOf(step.template, capabilities).capabilities ?? []).some(({ effects }) => effects === 'unsafe');
