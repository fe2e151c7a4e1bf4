import { type Plan, type Step, inputsOf } from '@apwa/contracts';
import { misfitsOf } from '../production/misfits.js';
import { type Standing, isMadeAnew } from './standings.js';

/** A step's table in a run under way. */
export interface StepTable {
  id: string;
  stepId: string;
  /** As the table has them. */
  earlier: string[];
  /** Something of it can be read. */
  readable: boolean;
}

export interface TableChanges {
  /** Of steps that have not begun and are left out. */
  drop: string[];
  /** Of steps that failed or are done again: they are those of no step any more. */
  retire: { id: string; stepId: string }[];
  /** Of steps that have not begun: what they read may have another id, and `anew`, no row of an earlier version fits any more. */
  change: { id: string; inputs: string[]; anew: boolean }[];
  create: { id: string; stepId: string; inputs: string[]; previousId: string | null; earlier: string[] }[];
}

export interface TableContext {
  before: Plan;
  after: Plan;
  standings: ReadonlyMap<string, Standing>;
  tables: readonly StepTable[];
  /** Ids of the run's inputs by name. */
  inputs: ReadonlyMap<string, string>;
  newId: () => string;
}

/** What becomes of the tables of steps where the plan of a run under way is replaced by a checked one. Pure but for new ids. */
export const tableChanges = ({ before, after, standings, tables, inputs, newId }: TableContext): TableChanges => {
  const old = new Map(tables.map((table) => [table.stepId, table]));
  const stays = ({ id }: Step): boolean => old.has(id) && !isMadeAnew(standings.get(id));
  const ids = new Map([...inputs, ...after.steps.map((step) => [step.id, (stays(step) && old.get(step.id)?.id) || newId()] as const)]);
  const read = (step: Step): string[] => inputsOf(step).flatMap((name) => ids.get(name) ?? []);
  const now = new Set(after.steps.map(({ id }) => id));
  const was = new Map(before.steps.map((step) => [step.id, step]));
  return {
    drop: tables.filter(({ stepId }) => standings.get(stepId) === 'open' && !now.has(stepId)).map(({ id }) => id),
    retire: tables.filter(({ stepId }) => isMadeAnew(standings.get(stepId))).map(({ id, stepId }) => ({ id, stepId })),
    change: after.steps.flatMap((step) => {
      const table = old.get(step.id);
      if (!table || standings.get(step.id) !== 'open') return [];
      return [{ id: table.id, inputs: read(step), anew: !fits(was.get(step.id), before, step, after) }];
    }),
    create: after.steps
      .filter((step) => !stays(step))
      .map((step) => {
        const table = old.get(step.id);
        const previous = table?.readable && fits(was.get(step.id), before, step, after) ? table : null;
        const earlier = previous ? [previous.id, ...previous.earlier] : [];
        return { id: ids.get(step.id) ?? '', stepId: step.id, inputs: read(step), previousId: previous?.id ?? null, earlier };
      }),
  };
};

/** Whether rows that were ok can stay: of a map the input is the same by name, and so are the columns; anything else is the same step. */
const fits = (was: Step | undefined, before: Plan, is: Step, after: Plan): boolean => {
  if (was?.kind !== 'map' || is.kind !== 'map') return was !== undefined && JSON.stringify(was) === JSON.stringify(is);
  if (was.input !== is.input) return false;
  const defined = ({ template }: typeof is, { capabilities }: Plan) => ({ template, capabilities });
  return misfitsOf(defined(was, before), defined(is, after), is.id).length === 0;
};
