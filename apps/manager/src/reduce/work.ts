import {
  type Column,
  InternalError,
  type MapWork,
  type ReduceStep,
  RefusedError,
  type StageWork,
  type TableReference,
  comesFromStage,
} from '@apwa/contracts';
import { columnsOfSchema } from '@apwa/json-schema';
import { addedBy } from '../production/assembly.js';
import { columnsReadBy } from '../production/columns-read.js';
import { type Config } from '../settings.js';
import { type TableRow, referenceOf } from '../tables/tables.repository.js';
import { itemTokens, roomOf, templateOfLevel } from './calls.js';

/** A table that is read. */
export interface Source {
  reference: TableReference;
  columns: Column[];
}

/** What of a row is an item: what the step says, or all that says nothing of its group, its place or the machinery. */
export const itemColumns = ({ by = [], orderBy = [], columns }: ReduceStep, input: readonly Column[]): string[] =>
  columns ?? input.map(({ name }) => name).filter((name) => !name.startsWith('_') && !by.includes(name) && !orderBy.includes(name));

/** What packs the calls of a level. `below`: what is folded, the input of the step or answers of the level below. */
export const workOfBundles = (
  step: ReduceStep,
  level: number,
  below: Source,
  config: Pick<Config, 'model' | 'models' | 'limits'>,
): StageWork => {
  const model = step.template.model ?? config.model;
  const room = roomOf(config, model);
  const maxTokens = room && itemTokens(step, room);
  if (maxTokens === null || maxTokens < 1)
    throw new RefusedError('no_room', `Model ${model} has no room for items beside the instructions and the answer.`, {
      field: 'model',
      value: model,
      allowed: 'a model with a longer context, or a lower template.limits.outputTokens',
    });
  const columns = level === 1 ? itemColumns(step, below.columns) : columnsOfSchema(step.template.output).map(({ name }) => name);
  const { by = [], orderBy = [] } = step;
  return { kind: 'bundle', input: below.reference, level, by, orderBy, columns, maxTokens, limits: config.limits.sql };
};

/** What calls the model for the bundles of a level. */
export const workOfAnswers = (step: ReduceStep, level: number, bundles: Source, config: Pick<Config, 'model'>): MapWork => ({
  kind: 'map',
  input: bundles.reference,
  template: templateOfLevel(step, level),
  model: step.template.model ?? config.model,
});

/** What looks for answers to a level's bundles among those of runs before: the same bundle is the same text. */
export const workOfFound = (
  { input, template }: MapWork,
  answers: readonly Pick<TableRow, 'reference'>[],
  { limits }: Pick<Config, 'limits'>,
): StageWork => {
  if (comesFromStage(input)) throw new InternalError('input_not_ready', 'Answers were looked for before their bundles were there.');
  return {
    kind: 'match',
    input,
    columns: columnsReadBy({ template }, []),
    sources: answers.flatMap((row) => referenceOf(row) ?? []),
    output: addedBy({ template }),
    limits: { memoryMb: limits.sql.memoryMb, timeoutMs: limits.sql.timeoutMs },
  };
};

/** What makes the result of the answers of all levels. */
export const workOfResult = (step: ReduceStep, input: Source, levels: TableReference[], { limits }: Pick<Config, 'limits'>): StageWork => {
  const by = (step.by ?? []).map((name) => {
    const column = input.columns.find((one) => one.name === name);
    if (!column) throw new InternalError('no_column', `The input of step ${step.id} has no column ${name}.`);
    return column;
  });
  const { memoryMb, timeoutMs } = limits.sql;
  return {
    kind: 'gather',
    input: input.reference,
    levels,
    by,
    output: columnsOfSchema(step.template.output),
    limits: { memoryMb, timeoutMs },
  };
};
