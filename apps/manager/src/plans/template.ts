import { type Column, type Fault, type MapStep, RefusedError, placeholdersOf } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { allowedNames } from './nearest.js';

/** What a template is checked against. `columns` of its input: null where they are not known, because the step before is faulty. */
export interface TemplateContext {
  field: string;
  columns: Column[] | null;
  models: readonly string[];
}

/** Checks a template, and says which columns it adds; null where its schema cannot say. */
export const checkTemplate = (
  { template }: MapStep,
  { field, columns, models }: TemplateContext,
): { faults: Fault[]; added: Column[] | null } => {
  const output = checkOutput(template.output, `${field}.output`, columns);
  const faults = [...checkPlaceholders(template.instructions, `${field}.instructions`, columns), ...output.faults];
  if (template.model !== undefined && !models.includes(template.model)) {
    faults.push({
      field: `${field}.model`,
      message: 'is not a model of the configuration',
      value: template.model,
      allowed: allowedNames(template.model, models),
    });
  }
  return { faults, added: output.added };
};

const checkPlaceholders = (instructions: string, field: string, columns: Column[] | null): Fault[] => {
  const placeholders = placeholdersOf(instructions);
  if (placeholders.length === 0) {
    const names = columns?.map(({ name }) => name).filter((name) => !name.startsWith('_'));
    return [
      {
        field,
        message: 'name no column: the model would see nothing of a row',
        value: instructions.slice(0, 200),
        allowed: names ? `placeholders such as ${names.slice(0, 5).map(placeholder).join(', ')}` : 'placeholders such as {{column}}',
      },
    ];
  }
  if (!columns) return [];
  const known = columns.map(({ name }) => name);
  return placeholders
    .filter((column) => !known.includes(column))
    .map((column) => ({
      field,
      message: 'a placeholder names a column that the input does not have',
      value: placeholder(column),
      allowed: allowedNames(column, known),
    }));
};

const placeholder = (column: string) => `{{${column}}}`;

const checkOutput = (
  schema: MapStep['template']['output'],
  field: string,
  columns: Column[] | null,
): { faults: Fault[]; added: Column[] | null } => {
  try {
    compileSchema(schema);
    const added = columnsOfSchema(schema);
    return { faults: checkNames(added, `${field}.properties`, columns ?? []), added };
  } catch (error) {
    if (error instanceof RefusedError) return { faults: faultsOfSchema(error, field), added: null };
    throw error;
  }
};

/** Where a schema says what is wrong with it, its own places are put behind the place of the schema. */
const faultsOfSchema = ({ message, details }: RefusedError, field: string): Fault[] => {
  const { faults, value, allowed } = details;
  if (faults?.length) return faults.map((fault) => ({ ...fault, field: join(field, fault.field) }));
  return [
    {
      field: details.field ? join(field, details.field) : field,
      message,
      ...(value === undefined ? {} : { value }),
      ...(allowed === undefined ? {} : { allowed }),
    },
  ];
};

const join = (field: string, below: string): string => {
  const path = below.replace(/^(schema|output)(?=$|[.[/])/, '').replace(/^[./#]+/, '');
  return path === '' ? field : path.startsWith('[') ? `${field}${path}` : `${field}.${path}`;
};

/** DuckDB does not tell upper from lower case in names, so names that differ by it alone clash. */
const checkNames = (added: Column[], field: string, columns: Column[]): Fault[] => {
  const taken = new Map(columns.map(({ name }) => [name.toLowerCase(), name]));
  return added.flatMap(({ name }): Fault[] => {
    const clash = taken.get(name.toLowerCase());
    return clash
      ? [{ field: `${field}.${name}`, message: `is a column of the input: ${clash}`, value: name, allowed: 'a name of its own' }]
      : [];
  });
};
