import { type Column, excerpt, type JsonValue, type RowValues } from '@apwa/contracts';
import { guardQuery } from '../../sql/guard.js';
import { boundColumns } from '../../sql/result-columns.js';
import { createView } from '../../sql/views.js';
import { type JobSettings, type JobWork } from '../protocol.js';
import { openDatabase } from './database.js';
import { streamRows } from './duckdb-values.js';
import { sqlFault } from './sql-errors.js';

type QueryJob = Extract<JobWork, { kind: 'query' }>;

/** A text that does not fit the reply is cut to so many characters. */
const CUT_LENGTH = 500;

/** The first rows of a query's result, as many as fit. */
export const queryTables = async (
  settings: JobSettings,
  { views, query, maxRows, maxBytes }: QueryJob,
): Promise<{ columns: Column[]; rows: RowValues[]; cut: boolean }> => {
  const connection = await openDatabase(settings);
  try {
    for (const view of views) await connection.run(createView(view));
    const { text } = await guardQuery(
      connection,
      query,
      views.map(({ name }) => name),
    );
    const columns = await boundColumns(connection, text);
    const rows: RowValues[] = [];
    let left = maxBytes;
    let cut = false;
    for await (const chunk of streamRows(connection, `SELECT * FROM (${text}\n) LIMIT ${maxRows + 1}`, columns)) {
      for (const row of chunk) {
        if (rows.length === maxRows) return { columns, rows, cut: true };
        let fitting = row;
        if (sizeOf(row) > left) {
          fitting = shorten(row) as RowValues;
          cut = true;
          if (sizeOf(fitting) > left) return { columns, rows, cut };
        }
        left -= sizeOf(fitting);
        rows.push(fitting);
      }
    }
    return { columns, rows, cut };
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};

const sizeOf = (row: RowValues): number => Buffer.byteLength(JSON.stringify(row)) + 1;

const shorten = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return excerpt(value, CUT_LENGTH);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
  return value;
};
