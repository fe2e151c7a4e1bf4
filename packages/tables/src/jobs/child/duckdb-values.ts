import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import { type Column, type RowValues } from '@apwa/contracts';
import { parseType } from '../../types/column-type.js';
import { isoDate, isoTimestamp } from '../../types/iso-time.js';
import { toJsonValue } from '../../types/json-values.js';

/** A value of DuckDB as `toJsonValue` takes it: the same forms in which parts are read. */
const plainValue = (value: DuckDBValue): unknown => {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(plainValue);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, inner]) => [name, plainValue(inner)]));
  if (value instanceof DuckDBMapValue)
    return value.entries.map((entry) => ({ key: plainValue(entry.key), value: plainValue(entry.value) }));
  if (value instanceof DuckDBDateValue) return isoDate(value.days);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return isoTimestamp(value.micros);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBUnionValue) return plainValue(value.value);
  return value.toString();
};

/** The rows of a SELECT, a chunk at a time, without holding them all. */
export async function* streamRows(connection: DuckDBConnection, select: string, columns: readonly Column[]): AsyncIterable<RowValues[]> {
  const types = columns.map(({ type }) => parseType(type));
  const result = await connection.stream(select);
  for await (const chunk of result) {
    const values = chunk.getRows();
    yield values.map((row) =>
      Object.fromEntries(
        columns.map(({ name }, column) => {
          const type = types[column];
          return [name, type ? toJsonValue(plainValue(row[column] ?? null), type) : null];
        }),
      ),
    );
  }
}
