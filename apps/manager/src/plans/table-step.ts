import { type Column, type Fault, type TableStep } from '@apwa/contracts';
import { columnsOfRows } from '@apwa/tables';

const LONGEST_NAME = 255;

/** Checks a table that stands in a plan, and says which columns it has. */
export const checkTableStep = ({ rows }: TableStep, field: string): { faults: Fault[]; columns: Column[] } => {
  const columns = columnsOfRows(rows);
  if (columns.length === 0)
    return {
      faults: [{ field, message: 'have no keys: the table would have no columns', allowed: 'objects such as {"topic": "…"}' }],
      columns,
    };
  const taken = new Map<string, string>();
  const faults = columns.flatMap(({ name }): Fault[] => {
    const at = `${field}[${rows.findIndex((row) => name in row)}].${name}`;
    const before = taken.get(name.toLowerCase());
    taken.set(name.toLowerCase(), name);
    if (before !== undefined)
      return [
        { field: at, message: `differs from the column ${before} by upper and lower case alone`, value: name, allowed: 'one spelling' },
      ];
    if (name.trim() === '' || name.length > LONGEST_NAME || name.startsWith('_'))
      return [
        { field: at, message: 'is no name for a column', value: name, allowed: `1 to ${LONGEST_NAME} characters, not beginning with _` },
      ];
    return [];
  });
  return { faults, columns };
};
