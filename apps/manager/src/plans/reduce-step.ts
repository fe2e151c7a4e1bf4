import {
  BOOKKEEPING_COLUMNS,
  BUNDLE_COLUMNS,
  type Column,
  type Fault,
  ITEMS_COLUMN,
  REDUCED_COLUMNS,
  RefusedError,
  type ReduceStep,
  placeholdersOf,
} from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { type ModelRoom, itemTokens, takenBefore } from '../reduce/calls.js';
import { itemColumns } from '../reduce/work.js';
import { clashesOf } from './columns.js';
import { unknownModel } from './names.js';
import { allowedNames } from './nearest.js';
import { faultsOfSchema } from './schema-faults.js';

/** Names that columns of groups and of answers must not have. */
const RESERVED: Column[] = [...BUNDLE_COLUMNS, ...REDUCED_COLUMNS.filter(({ name }) => name === 'level')];

/** Items of a call, in tokens: with fewer there is no use in a call. */
const LEAST_TOKENS = 20;

export interface ReduceContext {
  field: string;
  /** Of the input; null where they are not known. */
  columns: Column[] | null;
  models: readonly string[];
  /** Of a model of the configuration, its default one if none is named. */
  room: (model: string | undefined) => ModelRoom | null;
}

/** Checks a reduce, and says which columns its result has; null where that cannot be said. */
export const checkReduceStep = (step: ReduceStep, context: ReduceContext): { faults: Fault[]; columns: Column[] | null } => {
  const { field, columns: input } = context;
  const { by = [], orderBy = [], columns: shown = [], template, merge } = step;
  const own = input && input.filter(({ name }) => !name.startsWith('_'));
  const faults = [
    ...checkNames(`${field}.by`, by, own),
    ...checkNames(`${field}.orderBy`, orderBy, own),
    ...checkNames(`${field}.columns`, shown, own),
    ...checkPlaceholders(`${field}.template.instructions`, template.instructions, by),
    ...(merge ? checkPlaceholders(`${field}.merge.instructions`, merge.instructions, by) : []),
    ...by.flatMap((name, index) => clashesOf([{ name, type: '' }], RESERVED, () => `${field}.by[${index}]`)).map(reserved),
    ...checkModel(step, context),
  ];
  if (own && itemColumns(step, own).length === 0)
    faults.push({
      field: `${field}.by`,
      message: 'with orderBy are all columns of the input: nothing is left to be shown',
      allowed: 'fewer, or columns',
    });
  try {
    compileSchema(template.output);
    const answer = columnsOfSchema(template.output);
    const groups = (own ?? []).filter(({ name }) => by.includes(name));
    const fieldOf = (name: string): string => `${field}.template.output.properties.${name}`;
    faults.push(...clashesOf(answer, groups, fieldOf), ...clashesOf(answer, RESERVED, fieldOf).map(reserved));
    const named = by.flatMap((name) => groups.find((column) => column.name === name) ?? []);
    return { faults, columns: own && [...named, ...answer, ...REDUCED_COLUMNS, ...BOOKKEEPING_COLUMNS] };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { faults: [...faults, ...faultsOfSchema(error, `${field}.template.output`)], columns: null };
  }
};

const reserved = (fault: Fault): Fault => ({ ...fault, message: `is a column that every reduce has: ${fault.value ?? ''}` });

const checkNames = (field: string, names: readonly string[], columns: Column[] | null): Fault[] =>
  names.flatMap((name, index): Fault[] => {
    const at = { field: `${field}[${index}]`, value: name };
    if (names.indexOf(name) < index) return [{ ...at, message: 'is named twice', allowed: 'each name once' }];
    const known = columns?.map((column) => column.name);
    return !known || known.includes(name) ? [] : [{ ...at, message: 'is no column of the input', allowed: allowedNames(name, known) }];
  });

/** A call sees its items and its group: of other columns of the rows it sees what the items show. */
const checkPlaceholders = (field: string, instructions: string, by: readonly string[]): Fault[] => {
  const placeholders = placeholdersOf(instructions);
  const known = [ITEMS_COLUMN, ...by];
  const faults = placeholders
    .filter((name) => !known.includes(name))
    .map((name) => ({
      field,
      message: 'a placeholder names neither the items nor a column of by: other columns are shown in the items',
      value: `{{${name}}}`,
      allowed: known.map((one) => `{{${one}}}`).join(', '),
    }));
  if (placeholders.includes(ITEMS_COLUMN)) return faults;
  return [
    ...faults,
    {
      field,
      message: 'do not name the items: the model would see nothing to fold',
      value: instructions.slice(0, 200),
      allowed: 'the placeholder {{items}}',
    },
  ];
};

const checkModel = (step: ReduceStep, { field, models, room }: ReduceContext): Fault[] => {
  const { template, maxTokens } = step;
  const { model } = template;
  const unknown = unknownModel(`${field}.template.model`, model, models);
  if (unknown.length > 0) return unknown;
  const own = room(model);
  if (!own) return [];
  const left = own.contextTokens - takenBefore(step, own);
  if (maxTokens !== undefined && maxTokens > left)
    return [
      {
        field: `${field}.maxTokens`,
        message: `does not fit the model's context of ${own.contextTokens} tokens beside instructions and answer`,
        value: String(maxTokens),
        allowed: left < LEAST_TOKENS ? 'a model with a longer context, or a lower template.limits.outputTokens' : `${left} at most`,
      },
    ];
  if (itemTokens(step, own) < LEAST_TOKENS)
    return [
      {
        field: `${field}.template`,
        message: `leaves no room for items in the model's context of ${own.contextTokens} tokens`,
        allowed: 'a model with a longer context, shorter instructions, or a lower limits.outputTokens',
      },
    ];
  const answer = template.limits?.outputTokens;
  if (answer === undefined || itemTokens(step, own) >= 2 * answer) return [];
  return [
    {
      field: maxTokens === undefined ? `${field}.template.limits.outputTokens` : `${field}.maxTokens`,
      message: `two answers of ${answer} tokens would not fit a call: they could not be folded`,
      value: String(maxTokens ?? answer),
      allowed:
        maxTokens === undefined
          ? `${Math.floor(itemTokens(step, own) / 2)} at most`
          : `${2 * answer} at least, or a lower template.limits.outputTokens`,
    },
  ];
};
