/** Answers are made of answers so many times at most: each level is a bill, and a tree that narrows at all ends long before. */
export const MOST_LEVELS = 20;

/** The placeholder of a reduce's instructions that stands for the items of a call, and the column that holds them. */
export const ITEMS_COLUMN = 'items';

const ROWS = 'STRUCT("count" BIGINT, "rows" STRUCT("first" BIGINT, "last" BIGINT)[])';

/** Columns that say of which rows of the input something was made: `first` to `last`, both counted, in the order in which they were used. */
const SOURCE_COLUMNS = [
  /** Rows that stand in it. */
  { name: 'sources', type: ROWS },
  /** Rows of the group that had failed before. */
  { name: 'left_out', type: ROWS },
] as const;

/** Columns of a result of a reduce, beside those of the group and of the answer. */
export const REDUCED_COLUMNS = [
  ...SOURCE_COLUMNS,
  /** Levels that it took: 1 where a group fits one call. */ { name: 'level', type: 'BIGINT' },
] as const;

/**
 * Columns of a bundle, beside those of the group. `group`: the first row of the group in the input; `number`: of the bundle in its group,
 * from 0; `tokens`: of its items; `code` and `problem`: why there can be no bundle of the group.
 */
export const BUNDLE_COLUMNS = [
  { name: ITEMS_COLUMN, type: 'VARCHAR' },
  ...SOURCE_COLUMNS,
  { name: 'bundle', type: 'STRUCT("group" BIGINT, "number" BIGINT, "tokens" BIGINT, "code" VARCHAR, "problem" VARCHAR)' },
] as const;
