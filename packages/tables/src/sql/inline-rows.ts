import { type Column, type JsonObject } from '@apwa/contracts';
import { JsonShape } from '../imports/json-inference.js';
import { quoteName, quoteText } from '../types/column-type.js';
import { type TableView } from './views.js';

/** The columns of rows that stand somewhere as JSON: all their keys in the order in which they come up, with types that hold every value. */
export const columnsOfRows = (rows: readonly JsonObject[]): Column[] => {
  const shapes = new Map<string, JsonShape>();
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const shape = shapes.get(name) ?? new JsonShape();
      shape.add(value);
      shapes.set(name, shape);
    }
  return [...shapes].map(([name, shape]) => ({ name, type: shape.type() }));
};

/** A table of these rows as a query sees it. */
export const viewOfRows = (name: string, rows: readonly JsonObject[]): TableView => ({
  name,
  select: queryOfRows(rows),
  columns: columnsOfRows(rows),
  numbered: false,
});

/** A SELECT that gives these rows in their order, NULL where a row has no such key. */
export const queryOfRows = (rows: readonly JsonObject[]): string => {
  const columns = columnsOfRows(rows);
  const structure = JSON.stringify([Object.fromEntries(columns.map(({ name, type }) => [name, type]))]);
  const rowsOf = `SELECT unnest(json_transform(${quoteText(JSON.stringify(rows))}, ${quoteText(structure)}), max_depth := 2)`;
  // JSON comes out of it as text.
  const selected = columns.map(({ name, type }) => (type === 'JSON' ? `${quoteName(name)}::JSON AS ${quoteName(name)}` : quoteName(name)));
  return `SELECT ${selected.join(', ')} FROM (${rowsOf})`;
};
