import { InternalError, type MapWork, type ReduceStep } from '@apwa/contracts';
import { type Ordered, type StepOrder } from '../production/step-order.js';
import { templateKey } from '../production/template-key.js';
import { type RunRecord, tablesByName } from '../runs/run-record.js';
import { type Config } from '../settings.js';
import { type LevelPlace, type TableRow, columnsOf, levelOf, referenceOf } from '../tables/tables.repository.js';
import { nextLevel } from './levels.js';
import { type Source, workOfAnswers, workOfBundles, workOfFound, workOfResult } from './work.js';

/** How a reduce goes on: with a stage, or with a table of a level. */
export type ReduceOrder = Extract<StepOrder, { order: 'stage' | 'level' }>;

type FoundTable = Pick<TableRow, 'id' | 'reference'>;

/** Tables of answers of runs before, by the template key of their calls. */
export type AnswersBefore = (templateKey: string) => Promise<FoundTable[]>;

/** What the making of a table of a reduce begins with. `table`: of the step, or of one of its levels, whose inputs are there. */
export const orderOfReduce = async (
  record: RunRecord,
  step: ReduceStep,
  table: TableRow,
  config: Pick<Config, 'model' | 'models' | 'limits'>,
  before: AnswersBefore,
): Promise<ReduceOrder> => {
  const input = tablesByName(record).get(step.input);
  const levels = record.levels.filter((one) => one.levelOf === step.id);
  const answers = levels.filter(({ levelKind }) => levelKind === 'answers');
  const place = levelOf(table);
  if (place) return { order: 'stage', ordered: await ofLevel(place) };
  const next = nextLevel(
    levels.flatMap((one) => {
      const { level, kind } = levelOf(one) as LevelPlace;
      return kind === 'found' ? [] : [{ level, kind, rows: Number(one.rows ?? 0) }];
    }),
  );
  switch (next.make) {
    case 'result': {
      const references = answers.slice(0, next.levels).map((one) => sourceOf(step, one).reference);
      return { order: 'stage', ordered: { work: workOfResult(step, sourceOf(step, input), references, config), resources: {} } };
    }
    case 'bundles': {
      const below = belowOf({ level: next.level, kind: 'bundles' });
      return { order: 'level', stepId: step.id, level: next.level, kind: 'bundles', inputs: below ? [below.id] : [], earlier: [] };
    }
    case 'answers': {
      const bundles = belowOf({ level: next.level, kind: 'answers' });
      const made = { order: 'level' as const, stepId: step.id, level: next.level, inputs: bundles ? [bundles.id] : [] };
      const earlier = foundFor(next.level) ? [] : (await sourcesFor(next.level)).map(({ id }) => id);
      return { ...made, kind: earlier.length > 0 ? 'found' : 'answers', earlier };
    }
  }

  async function ofLevel({ level, kind }: LevelPlace): Promise<Ordered> {
    if (kind === 'bundles') return { work: workOfBundles(step, level, sourceOf(step, belowOf({ level, kind })), config), resources: {} };
    const work = answersTo(level);
    if (kind === 'found') return { work: workOfFound(work, await sourcesFor(level), config), resources: {} };
    const found = foundFor(level);
    const from = found && referenceOf(found);
    const redo = from ? { redo: { rows: [{ first: 0, last: work.input.rows - 1 }], from: [from] } } : {};
    return { work: { ...work, ...redo }, resources: step.template.resources ?? {}, templateKey: templateKey(work, config) };
  }

  async function sourcesFor(level: number): Promise<FoundTable[]> {
    const key = templateKey(answersTo(level), config);
    return key === null ? [] : before(key);
  }

  function answersTo(level: number): MapWork {
    return workOfAnswers(step, level, sourceOf(step, belowOf({ level, kind: 'answers' })), config);
  }

  function foundFor(level: number): TableRow | undefined {
    return levels.find((one) => one.level === level && one.levelKind === 'found');
  }

  function belowOf({ level, kind }: LevelPlace): TableRow | undefined {
    if (kind !== 'bundles') return levels.find((one) => one.level === level && one.levelKind === 'bundles');
    return level === 1 ? input : answers.find((one) => one.level === level - 1);
  }
};

const sourceOf = (step: ReduceStep, row: TableRow | undefined): Source => {
  const reference = row && referenceOf(row);
  if (!reference) throw new InternalError('input_not_ready', `Step ${step.id} was gone on with before what it reads was there.`);
  return { reference, columns: columnsOf(row) };
};
