import { type Column, type Fault, type Plan, type Template, callsModel } from '@apwa/contracts';
import { addedBy } from './assembly.js';
import { callsOf } from './work.js';

/** A template, with the capabilities that its plan defines. */
export interface Defined {
  template: Template;
  capabilities: Plan['capabilities'];
}

/** What is wrong with a template for rows of a table that another one made: rows that stay need the same columns, by name and type. */
export const misfitsOf = (before: Defined, after: Defined, field: string): Fault[] => {
  const { mode } = before.template;
  if (after.template.mode !== mode)
    return [{ field: `${field}.mode`, message: 'cannot change', value: after.template.mode, allowed: mode }];
  return otherColumns(madeBy(before), madeBy(after), `${field}.${callsModel(after.template) ? 'output' : 'capability'}`);
};

const madeBy = ({ template, capabilities }: Defined): Column[] => addedBy({ template, ...callsOf(template, capabilities) });

const otherColumns = (before: Column[], after: Column[], field: string): Fault[] => {
  const types = new Map(after.map(({ name, type }) => [name, type]));
  const known = new Set(before.map(({ name }) => name));
  return [
    ...before.flatMap(({ name, type }): Fault[] => {
      const now = types.get(name);
      if (now === type) return [];
      const message = now === undefined ? `has no column ${name}, and the table has one` : `makes another type of column ${name}`;
      return [{ field, message, value: now ?? name, allowed: `${name} ${type}` }];
    }),
    ...after.flatMap(({ name, type }): Fault[] =>
      known.has(name)
        ? []
        : [{ field, message: `has a column ${name} that the table has not`, value: `${name} ${type}`, allowed: [...known].join(', ') }],
    ),
  ];
};
