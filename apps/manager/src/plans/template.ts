import {
  type AgentTemplate,
  ANSWERS_COLUMN,
  type Column,
  type Fault,
  type MapStep,
  type ModelTemplate,
  RefusedError,
  REPLICAS_COLUMN,
  placeholdersOf,
  replicatedSchema,
  TRANSCRIPT_COLUMN,
} from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { checkCapabilityTemplate } from './capability-template.js';
import { clashesOf } from './columns.js';
import { unknownColumns, unknownModel } from './names.js';
import { allowedNames } from './nearest.js';
import { checkReplicas } from './replicas.js';
import { checkChoices } from './row-choice.js';
import { faultsOfSchema } from './schema-faults.js';
import { type CheckedTemplate, type TemplateContext } from './template-check.js';

/** Checks a template, and says which columns it adds. */
export const checkTemplate = ({ template }: MapStep, context: TemplateContext): CheckedTemplate => {
  switch (template.mode) {
    case 'llm':
      return checkModelTemplate(template, context);
    case 'agent': {
      const { faults, added } = checkModelTemplate(template, context);
      const kept = template.transcript === 'none' ? [] : [TRANSCRIPT_COLUMN];
      return { faults: [...faults, ...checkTools(template, context)], added: added && [...added, ...kept] };
    }
    case 'capability':
      return checkCapabilityTemplate(template, context);
  }
};

const checkModelTemplate = (template: ModelTemplate, context: TemplateContext): CheckedTemplate => {
  const { field, columns, written, models } = context;
  const output = checkOutput(template, context);
  const faults = [
    ...checkPlaceholders(template, `${field}.instructions`, columns),
    ...checkInstructionColumns(template, `${field}.instructionColumns`, columns, written?.columns ?? []),
    ...output.faults,
    // Of an output that is none nothing more can be said.
    ...(output.added === null ? [] : checkChoices(template, context)),
    ...unknownModel(`${field}.model`, template.model, models),
  ];
  return { faults, added: output.added };
};

/** What an agent may call is there, each is named once, and nothing that must not be called twice is called by several replicas. */
const checkTools = ({ capabilities: named, replicas }: AgentTemplate, { field, capabilities }: TemplateContext): Fault[] =>
  named.flatMap((id, index): Fault[] => {
    const at = { field: `${field}.capabilities[${index}]`, value: id };
    const known = capabilities.list().map((one) => one.id);
    if (!known.includes(id)) return [{ ...at, message: 'is no capability that is there', allowed: allowedNames(id, known) }];
    if (replicas && capabilities.find(id)?.effects === 'unsafe')
      return [
        {
          ...at,
          message: 'must not be called twice, and each replica would call it',
          allowed: 'capabilities whose effects are none or idempotent, or no replicas',
        },
      ];
    return named.indexOf(id) < index ? [{ ...at, message: 'is named twice', allowed: 'each name once' }] : [];
  });

const checkInstructionColumns = (
  { instructionColumns = [] }: ModelTemplate,
  field: string,
  columns: Column[] | null,
  written: readonly string[],
): Fault[] =>
  columns === null
    ? []
    : instructionColumns.flatMap((column, index): Fault[] => {
        const at = `${field}[${index}]`;
        const named = {
          field: at,
          value: column,
          allowed: written.length > 0 ? allowedNames(column, written) : 'columns of a step of kind table',
        };
        if (!columns.some(({ name }) => name === column)) return [{ ...named, message: 'names a column that the input does not have' }];
        if (!written.includes(column))
          return [{ ...named, message: 'is a column of data: only what the plan itself holds can be instructions' }];
        return instructionColumns.indexOf(column) < index ? [{ ...named, message: 'is named twice', allowed: 'each name once' }] : [];
      });

const checkPlaceholders = ({ instructions, instructionColumns = [] }: ModelTemplate, field: string, columns: Column[] | null): Fault[] => {
  const placeholders = placeholdersOf(instructions);
  if (placeholders.length === 0 && instructionColumns.length === 0) {
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
  return unknownColumns(
    field,
    placeholders,
    columns?.map(({ name }) => name),
  );
};

const placeholder = (column: string) => `{{${column}}}`;

const checkOutput = ({ output: schema, replicas }: ModelTemplate, context: TemplateContext): CheckedTemplate => {
  const { field: template, columns } = context;
  const field = `${template}.output`;
  try {
    compileSchema(schema);
    const answered = columnsOfSchema(schema);
    if (!replicas) return { faults: clashesOf(answered, columns ?? [], (name) => `${field}.properties.${name}`), added: answered };
    const faults = checkReplicas(replicas, schema, answered, context);
    const added = columnsOfSchema(replicatedSchema(schema, replicas));
    const placeOf = (name: string) =>
      name === REPLICAS_COLUMN || name === ANSWERS_COLUMN ? `${template}.replicas` : `${field}.properties.${name}`;
    return { faults: [...faults, ...clashesOf(added, columns ?? [], placeOf)], added };
  } catch (error) {
    if (error instanceof RefusedError) return { faults: faultsOfSchema(error, field), added: null };
    throw error;
  }
};
