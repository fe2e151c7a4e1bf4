import { BOOKKEEPING_COLUMNS, type Column } from '@apwa/contracts';

const isOwn = ({ name }: Column): boolean => !name.startsWith('_');

/** Columns that stand in the parts of a `map`. */
export const ownColumnsOfMap = (added: Column[]): Column[] => [...added, ...BOOKKEEPING_COLUMNS];

/**
 * What SQL and templates see of the result of a `map`: the input's columns, those that were added, and the machinery's.
 * The machinery's columns of the input itself are hidden by those of the result.
 */
export const viewOfMap = (input: Column[], added: Column[]): Column[] => [...input.filter(isOwn), ...ownColumnsOfMap(added)];
