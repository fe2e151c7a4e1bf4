import { type Column, type JsonSchema } from '@apwa/contracts';

const INTEGERS = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const NUMBERS = /^(FLOAT|DOUBLE|DECIMAL(\(.*\))?)$/;

/** What a column's values are in JSON, nulls aside; null where they may be anything. */
export const jsonKindOf = ({ type }: Column): string | null => {
  if (type.endsWith(']')) return 'array';
  if (type.startsWith('STRUCT(') || type.startsWith('MAP(')) return 'object';
  if (type === 'JSON' || type.startsWith('UNION(')) return null;
  if (type === 'BOOLEAN') return 'boolean';
  if (INTEGERS.test(type)) return 'integer';
  return NUMBERS.test(type) ? 'number' : 'string';
};

/** The kinds of JSON that a parameter takes, nulls aside; null where it takes any. */
export const kindsOf = (parameter: JsonSchema): string[] | null => {
  const type = parameter.type as string | string[] | undefined;
  return type === undefined ? null : [type].flat().filter((kind) => kind !== 'null');
};

/** Whether values of a kind may be arguments for a parameter; a number can be whole. */
export const fits = (kind: string | null, kinds: readonly string[] | null): boolean => {
  if (kind === null || kinds === null || kinds.includes(kind)) return true;
  return (kind === 'integer' && kinds.includes('number')) || (kind === 'number' && kinds.includes('integer'));
};
