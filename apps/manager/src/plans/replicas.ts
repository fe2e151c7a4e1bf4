import {
  ANSWERS_COLUMN,
  type Column,
  type Fault,
  type JsonSchema,
  placeholdersOf,
  REPLICAS_COLUMN,
  type Replicas,
  votersOf,
} from '@apwa/contracts';
import { unknownColumns, unknownModel } from './names.js';
import { type TemplateContext } from './template-check.js';

const NUMBERS: ReadonlySet<string> = new Set(['BIGINT', 'DOUBLE']);

/** Checks that the answers to replicas can become one. `answered`: the columns of one answer. */
export const checkReplicas = (
  replicas: Replicas,
  output: JsonSchema,
  answered: readonly Column[],
  context: Pick<TemplateContext, 'field' | 'columns' | 'models'>,
): Fault[] => {
  const { field: template } = context;
  const field = `${template}.replicas`;
  const names = answered.map(({ name }) => name);
  const taken = replicas.combine === 'all' ? undefined : names.find((name) => name.toLowerCase() === REPLICAS_COLUMN);
  const faults: Fault[] =
    taken === undefined
      ? []
      : [
          {
            field: `${template}.output.properties.${taken}`,
            message: 'is the column that says how far replicas agree',
            value: taken,
            allowed: 'another name',
          },
        ];
  switch (replicas.combine) {
    case 'majority': {
      const voters = votersOf(output);
      if (voters.length === 0)
        return [
          ...faults,
          {
            field: `${field}.combine`,
            message: 'has nothing to vote on: free texts are hardly ever the same',
            value: 'majority',
            allowed: `best, all, or properties that are enum, boolean or number (there are ${names.join(', ')})`,
          },
        ];
      const strange = (replicas.vote ?? []).flatMap((name, index): Fault[] =>
        voters.includes(name)
          ? []
          : [
              {
                field: `${field}.vote[${index}]`,
                message: names.includes(name) ? 'is no property that can vote' : 'is no property of the output',
                value: name,
                allowed: voters.join(', '),
              },
            ],
      );
      return [...faults, ...strange];
    }
    case 'best': {
      const numbers = answered.filter(({ type }) => NUMBERS.has(type)).map(({ name }) => name);
      if (numbers.includes(replicas.score)) return faults;
      return [
        ...faults,
        {
          field: `${field}.score`,
          message: 'is no number of the output',
          value: replicas.score,
          allowed: numbers.join(', ') || 'a property of type number, to be added to the output',
        },
      ];
    }
    case 'judge':
      return [...faults, ...checkJudge(replicas.judge, `${field}.judge`, context)];
    case 'all':
      return faults;
  }
};

type Judge = Extract<Replicas, { combine: 'judge' }>['judge'];

/** A judge sees the answers, and the columns of the row that it names. */
const checkJudge = (
  { instructions, model }: Judge,
  field: string,
  { columns, models }: Pick<TemplateContext, 'columns' | 'models'>,
): Fault[] => {
  const faults: Fault[] = [];
  const named = placeholdersOf(instructions);
  if (!named.includes(ANSWERS_COLUMN))
    faults.push({
      field: `${field}.instructions`,
      message: 'do not name the answers: there would be nothing to choose among',
      value: instructions.slice(0, 200),
      allowed: `instructions with {{${ANSWERS_COLUMN}}}`,
    });
  const known = columns ? [ANSWERS_COLUMN, ...columns.map(({ name }) => name)] : undefined;
  return [...faults, ...unknownColumns(`${field}.instructions`, named, known), ...unknownModel(`${field}.model`, model, models)];
};
