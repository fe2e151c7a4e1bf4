import {
  type ChoiceColumn,
  choiceColumns,
  chosenBy,
  type Column,
  excerpt,
  type Fault,
  type JsonSchema,
  joiningKeywords,
  type ModelTemplate,
  RefusedError,
  schemaOfChosen,
} from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { jsonKindOf } from './column-kinds.js';
import { allowedNames } from './nearest.js';
import { faultsOfSchema } from './schema-faults.js';
import { type TemplateContext } from './template-check.js';

type Context = Pick<TemplateContext, 'field' | 'columns' | 'written'>;

/** Checks the columns by which rows say what of a template they take, and the rows themselves where they stand in the plan. */
export const checkChoices = (template: ModelTemplate, context: Context): Fault[] => [
  ...choiceColumns(template).flatMap((choice) => {
    const faults = checkColumn(choice, context);
    return faults.length > 0 ? faults : checkRows(choice, context);
  }),
  ...(template.outputFrom === undefined ? [] : checkParts(template, template.outputFrom, context.field)),
];

/** Whether values of a column may be names, or lists of them. */
const holdsNames = ({ name, type }: Column): boolean => ['string', null].includes(jsonKindOf({ name, type: type.replace(/\[\]$/, '') }));

const checkColumn = ({ key, column }: ChoiceColumn, { field, columns }: Context): Fault[] => {
  if (columns === null) return [];
  const at = { field: `${field}.${key}`, value: column };
  const names = columns.filter(holdsNames).map(({ name }) => name);
  const known = columns.find(({ name }) => name === column);
  if (!known) return [{ ...at, message: 'names a column that the input does not have', allowed: allowedNames(column, names) }];
  return holdsNames(known)
    ? []
    : [{ ...at, message: `is a column of ${known.type}`, allowed: `columns of names or lists of them: ${allowedNames(column, names)}` }];
};

const checkRows = (choice: ChoiceColumn, { field, written }: Context): Fault[] =>
  written?.columns.includes(choice.column)
    ? written.rows.flatMap((row, index): Fault[] => {
        const chosen = chosenBy(choice, row[choice.column]);
        if ('names' in chosen) return [];
        const value = excerpt(chosen.value);
        const place = `${written.field}[${index}].${choice.column}`;
        return [{ field: place, message: `${chosen.message} (${field}.${choice.of})`, value, allowed: allowedNames(value, choice.names) }];
      })
    : [];

/** Each property has to make sense without the others, and nothing may be made of answers that lack it. */
const checkParts = ({ output, replicas }: ModelTemplate, column: string, field: string): Fault[] => [
  ...joiningKeywords(output).map((keyword) => ({
    field: `${field}.output.${keyword}`,
    message: `speaks of properties together, and rows answer those that their ${column} names`,
    value: excerpt(output[keyword]),
    allowed: 'type, properties, required, additionalProperties, $defs, title and description',
  })),
  ...(replicas?.combine === 'majority' || replicas?.combine === 'best'
    ? [
        {
          field: `${field}.replicas.combine`,
          message: `needs properties that every answer has, and rows answer those that their ${column} names`,
          value: replicas.combine,
          allowed: 'judge, all, or no outputFrom',
        },
      ]
    : []),
  ...faultsOfParts(output, field),
];

const faultsOfParts = (output: JsonSchema, field: string): Fault[] =>
  Object.keys(output.properties ?? {}).flatMap((name) => {
    try {
      compileSchema(schemaOfChosen(output, [name]));
      return [];
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return faultsOfSchema(error, `${field}.output`);
    }
  });
