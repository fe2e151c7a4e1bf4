import { type DuckDBConnection } from '@duckdb/node-api';
import { type Column, type ColumnStatistics } from '@apwa/contracts';
import { type TableView } from '../sql/views.js';
import { parseType, quoteName } from '../types/column-type.js';

/** Columns whose figures are taken in one pass over the table: more would take more memory at once than passes take time. */
const COLUMNS_PER_PASS = 40;
/** More columns than that could not be shown with figures anyhow. */
export const MEASURED_COLUMNS = 120;
/** Columns of which the most frequent values are looked for, a pass each. */
const TOP_COLUMNS = 40;
const TOP_VALUES = 5;
/** Values that are repeated less than that say nothing by their frequency. */
const TOP_MAX_DISTINCT = 1_000;
/** The longest excerpt of a value that is taken out of the table, in characters. */
const EXCERPT = 120;

type Shape = 'text' | 'ordered' | 'nested' | 'opaque';

const shapeOf = (type: string): Shape => {
  const tree = parseType(type);
  if (tree.kind !== 'scalar' || tree.name === 'JSON') return 'nested';
  if (tree.name === 'VARCHAR') return 'text';
  return tree.name === 'BLOB' ? 'opaque' : 'ordered';
};

/** Aggregates of a column, in the order in which `readFigures` takes them: five of each, whatever its shape. */
const aggregatesOf = ({ name, type }: Column): string[] => {
  const column = quoteName(name);
  const lengths = (text: string): string[] => [`approx_quantile(length(${text}), [0.5, 0.95])`, `max(length(${text}))`];
  switch (shapeOf(type)) {
    case 'text':
      return [
        `count(${column})`,
        `min(left(${column}, ${EXCERPT}))`,
        `max(left(${column}, ${EXCERPT}))`,
        `approx_count_distinct(${column})`,
        ...lengths(column),
      ];
    case 'ordered':
      return [`count(${column})`, `min(${column})::VARCHAR`, `max(${column})::VARCHAR`, `approx_count_distinct(${column})`, 'NULL', 'NULL'];
    case 'nested':
      return [`count(${column})`, 'NULL', 'NULL', 'NULL', ...lengths(`to_json(${column})::VARCHAR`)];
    case 'opaque':
      return [`count(${column})`, 'NULL', 'NULL', 'NULL', 'NULL', 'NULL'];
  }
};
const AGGREGATES = 6;

type Figure = string | number | null | Figure[];

/** Rows of a table and the figures of its first columns. */
export const measure = async (
  connection: DuckDBConnection,
  view: TableView,
  columns: readonly Column[],
): Promise<{ rows: number; statistics: ColumnStatistics[] }> => {
  const measured = columns.slice(0, MEASURED_COLUMNS);
  const statistics: ColumnStatistics[] = [];
  // Without columns there is no pass that counts them.
  let rows = measured.length === 0 ? await countRows(connection, view) : 0;
  for (let from = 0; from < measured.length; from += COLUMNS_PER_PASS) {
    const batch = measured.slice(from, from + COLUMNS_PER_PASS);
    const list = batch.flatMap(aggregatesOf).join(', ');
    const result = await connection.runAndReadAll(`SELECT count(*), ${list} FROM (${view.select})`);
    const [total, ...figures] = result.getRowsJson()[0] as Figure[];
    rows = Number(total);
    for (const [index, column] of batch.entries())
      statistics.push(readFigures(column, rows, figures.slice(index * AGGREGATES, (index + 1) * AGGREGATES)));
  }
  const repeating = statistics.filter(({ distinct }) => distinct !== undefined && distinct <= Math.min(TOP_MAX_DISTINCT, rows / 2));
  for (const column of repeating.slice(0, TOP_COLUMNS)) column.top = await topValues(connection, view, column.name, rows);
  return { rows, statistics };
};

const countRows = async (connection: DuckDBConnection, view: TableView): Promise<number> =>
  Number((await connection.runAndReadAll(`SELECT count(*) FROM (${view.select})`)).getRowsJson()[0]?.[0]);

const readFigures = ({ name, type }: Column, rows: number, [present, min, max, distinct, lengths, longest]: Figure[]): ColumnStatistics => {
  const figures: ColumnStatistics = { name, type, nullShare: rows === 0 ? 0 : round(1 - Number(present) / rows) };
  if (typeof min === 'string') figures.min = min;
  if (typeof max === 'string') figures.max = max;
  // An estimate can be above the number of values.
  if (distinct !== null && distinct !== undefined) figures.distinct = Math.min(Number(distinct), Number(present));
  if (Array.isArray(lengths)) figures.length = { p50: Number(lengths[0]), p95: Number(lengths[1]), max: Number(longest) };
  return figures;
};

const topValues = async (
  connection: DuckDBConnection,
  view: TableView,
  name: string,
  rows: number,
): Promise<{ value: string; share: number }[]> => {
  const column = quoteName(name);
  const result = await connection.runAndReadAll(
    `SELECT left(${column}::VARCHAR, ${EXCERPT}) AS value, count(*) AS n FROM (${view.select}) WHERE ${column} IS NOT NULL
     GROUP BY 1 ORDER BY n DESC, value LIMIT ${TOP_VALUES}`,
  );
  return result.getRowsJson().map(([value, count]) => ({ value: value as string, share: round(Number(count) / rows) }));
};

const round = (share: number): number => Math.round(share * 10_000) / 10_000;
