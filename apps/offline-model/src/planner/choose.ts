import { type ColumnView, type TableView, isPlaceable, isText } from './tables.js';
import { likeness, stemsOfPhrase } from './words.js';

const ID_NAME = /(?:^|_)(?:id|uuid|key|hash|path|url|uri|link|file|filename)$/i;
const TEXT_NAME = /text|body|message|content|description|review|comment|note|article|abstract|transcript|question|feedback|summary/i;

/** Whether a goal speaks of a thing by its name, in singular or plural. */
export const isNamed = (name: string, goal: string): boolean => {
  const own = stemsOfPhrase(name);
  const said = new Set(stemsOfPhrase(goal));
  return own.length > 0 && own.every((stem) => said.has(stem));
};

const sizeOf = ({ columns, rows }: TableView): number =>
  Math.max(1, rows) * columns.reduce((sum, column) => sum + (column.length?.p50 ?? (isText(column) ? 1 : 0)), 1);

/** The tables to work on: those that the goal names, else the one with the most text. */
export const chosenTables = <T extends TableView>({ goal, tables }: { goal: string; tables: readonly T[] }): T[] => {
  const named = tables.filter(({ name }) => isNamed(name, goal));
  if (named.length > 0) return named;
  return tables.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 1);
};

/** How much a column looks like the text of its rows. */
const weightOf = (column: ColumnView): number => {
  const length = column.length?.p50 ?? (column.length ? 0 : TEXT_NAME.test(column.name) ? 60 : 20);
  return (length + 1) * (TEXT_NAME.test(column.name) ? 2 : 1) * (ID_NAME.test(column.name) ? 0.1 : 1);
};

/** A named column that repeats a few short values tells of the rows; it is not what is to be read. */
const isReadable = ({ length, distinct }: ColumnView, rows: number): boolean =>
  !(length && length.p95 < 12) && !(distinct !== undefined && rows > 20 && distinct < rows / 10);

/** The columns to read: those that the goal names, else the one with the longest texts; all of them where none is text. */
export const readColumns = (table: TableView, goal: string): ColumnView[] => {
  const usable = table.columns.filter((column) => isPlaceable(column) && !column.name.startsWith('_'));
  const texts = usable.filter(isText);
  if (texts.length === 0) return usable.slice(0, MOST_COLUMNS);
  const quotedNames = new Set(
    [...goal.matchAll(/["'`“]([^"'`”]{1,80})["'`”]|\bcolumns? (\w+)|\b(\w+) columns?\b/gi)].map(([, a, b, c]) =>
      (a ?? b ?? c ?? '').toLowerCase(),
    ),
  );
  const quotedColumns = usable.filter(({ name }) => quotedNames.has(name.toLowerCase()));
  if (quotedColumns.length > 0) return quotedColumns;
  const longest = Math.max(...texts.map(({ length }) => length?.p50 ?? 0));
  const named = texts.filter(
    (column) => isNamed(column.name, goal) && isReadable(column, table.rows) && (column.length?.p50 ?? longest) >= longest * LONG_ENOUGH,
  );
  if (named.length > 0) return named.sort((a, b) => weightOf(b) - weightOf(a)).slice(0, 3);
  return [texts.reduce((best, column) => (weightOf(column) > weightOf(best) ? column : best))];
};

const MOST_COLUMNS = 20;
/** A column much shorter than the longest one is named as a key, not as what is to be read. */
const LONG_ENOUGH = 0.2;

/** Whether lengths have to be looked at before a text column can be chosen. */
export const needsPreview = (table: TableView): boolean => {
  const texts = table.columns.filter((column) => isText(column) && isPlaceable(column));
  return texts.length > 1 && texts.every(({ length }) => length === undefined);
};

export const columnMeant = (
  phrase: string,
  columns: readonly ColumnView[],
  accept: (column: ColumnView) => boolean = () => true,
): ColumnView | null => {
  const fitting = columns.filter((column) => accept(column) && likeness(column.name, phrase) > 0);
  return fitting.sort((a, b) => likeness(b.name, phrase) - likeness(a.name, phrase) || a.name.length - b.name.length)[0] ?? null;
};
