import { InternalError, type ReduceStep } from '@apwa/contracts';
import { type StepOrder } from '../production/step-order.js';
import { type RunRecord, tablesByName } from '../runs/run-record.js';
import { type Config } from '../settings.js';
import { type LevelPlace, type TableRow, columnsOf, levelOf, referenceOf } from '../tables/tables.repository.js';
import { nextLevel } from './levels.js';
import { type Source, workOfLevel, workOfResult } from './work.js';

/** What the making of a table of a reduce begins with. `table`: of the step, or of one of its levels, whose inputs are there. */
export const orderOfReduce = (
  record: RunRecord,
  step: ReduceStep,
  table: TableRow,
  config: Pick<Config, 'model' | 'models' | 'limits'>,
): StepOrder => {
  const input = tablesByName(record).get(step.input);
  const levels = record.levels.filter((one) => one.levelOf === step.id);
  const answers = levels.filter(({ levelKind }) => levelKind === 'answers');
  const place = levelOf(table);
  if (place) {
    const work = workOfLevel(step, place, sourceOf(step, belowOf(place)), config);
    return { order: 'stage', ordered: { work, resources: place.kind === 'answers' ? (step.template.resources ?? {}) : {} } };
  }
  const next = nextLevel(levels.map((one) => ({ ...(levelOf(one) as LevelPlace), rows: Number(one.rows ?? 0) })));
  switch (next.make) {
    case 'result': {
      const references = answers.slice(0, next.levels).map((one) => sourceOf(step, one).reference);
      return { order: 'stage', ordered: { work: workOfResult(step, sourceOf(step, input), references, config), resources: {} } };
    }
    case 'bundles':
    case 'answers': {
      const below = belowOf({ level: next.level, kind: next.make });
      return { order: 'level', stepId: step.id, level: next.level, kind: next.make, inputs: below ? [below.id] : [] };
    }
  }

  function belowOf({ level, kind }: LevelPlace): TableRow | undefined {
    if (kind === 'answers') return levels.find((one) => one.level === level && one.levelKind === 'bundles');
    return level === 1 ? input : answers.find((one) => one.level === level - 1);
  }
};

const sourceOf = (step: ReduceStep, row: TableRow | undefined): Source => {
  const reference = row && referenceOf(row);
  if (!reference) throw new InternalError('input_not_ready', `Step ${step.id} was gone on with before what it reads was there.`);
  return { reference, columns: columnsOf(row) };
};
