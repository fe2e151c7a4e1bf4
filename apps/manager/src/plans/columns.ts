import { BOOKKEEPING_COLUMNS, type Column, type Fault } from '@apwa/contracts';

const isOwn = ({ name }: Column): boolean => !name.startsWith('_');

/** Columns that stand in the parts of a `map`. */
export const ownColumnsOfMap = (added: Column[]): Column[] => [...added, ...BOOKKEEPING_COLUMNS];

/**
 * What SQL and templates see of the result of a `map`: the input's columns, those that were added, and the machinery's.
 * The machinery's columns of the input itself are hidden by those of the result.
 */
export const viewOfMap = (input: Column[], added: Column[]): Column[] => [...input.filter(isOwn), ...ownColumnsOfMap(added)];

/** Added columns that the input has already. DuckDB does not tell upper from lower case in names: those that differ by it alone clash. */
export const clashesOf = (added: readonly Column[], input: readonly Column[], fieldOf: (name: string) => string): Fault[] => {
  const taken = new Map(input.map(({ name }) => [name.toLowerCase(), name]));
  return added.flatMap(({ name }): Fault[] => {
    const clash = taken.get(name.toLowerCase());
    return clash
      ? [{ field: fieldOf(name), message: `is a column of the input: ${clash}`, value: name, allowed: 'a name of its own' }]
      : [];
  });
};
