import {
  BOOKKEEPING_COLUMNS,
  type Column,
  InternalError,
  type Part,
  PermanentError,
  type RowResult,
  TRANSCRIPT_COLUMN,
} from '@apwa/contracts';
import { type Storage } from '../storage/storage.js';
import { parseType } from '../types/column-type.js';
import { encodeValue, Misfit } from './parquet-schema.js';
import { PartWriter } from './part-writer.js';

/** Row groups of a thousand rows, or less where rows are large: a reader of a few rows reads little beside them. */
const ROW_GROUP = { rows: 1_000, bytes: 8 * 1024 * 1024 };
/** What a row of bookkeeping takes, about. */
const BOOKKEEPING_BYTES = 200;

export interface MapPartContent {
  /** The output's columns, without bookkeeping but that of conversations, where they are kept. */
  columns: readonly Column[];
  /** Sorted by row, no row twice. */
  results: readonly RowResult[];
}

/**
 * Writes the rows of a map's attempt as one part: the output's columns, then the bookkeeping columns. The same content gives the
 * same bytes. PermanentError `value_misfit` if an output does not fit its column (see `misfitOf`).
 */
export const writeMapPart = async (storage: Storage, key: string, { columns, results }: MapPartContent): Promise<Part> => {
  const writer = new PartWriter([...columns, ...BOOKKEEPING_COLUMNS], ROW_GROUP);
  let previous = -1;
  for (const result of results) {
    if (result.row <= previous) throw new InternalError('rows_out_of_order', `Row ${result.row} of ${key} comes after row ${previous}.`);
    previous = result.row;
    const { output, transcript } = result;
    const values = columns.map(({ name }) => {
      if (name === TRANSCRIPT_COLUMN.name) return transcript ?? null;
      return output && Object.hasOwn(output, name) ? output[name] : null;
    });
    try {
      writer.add(
        [...values, ...bookkeepingOf(result)],
        BOOKKEEPING_BYTES + (output === null ? 0 : sizeOf(output)) + (transcript?.length ?? 0),
      );
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      throw new PermanentError('value_misfit', `Row ${result.row}: ${thrown.message}.`, { cause: thrown });
    }
  }
  const stored = await storage.write(key, writer.finish());
  return { key, ...stored, rows: writer.rows };
};

/** Why an output cannot stand in columns of these types (an integer beyond 64 bits, for example); null if it can. */
export const misfitOf = (columns: readonly Column[], output: Record<string, unknown>): { column: string; message: string } | null => {
  for (const { name, type } of columns) {
    try {
      encodeValue(Object.hasOwn(output, name) ? output[name] : null, parseType(type));
    } catch (thrown) {
      if (thrown instanceof Misfit) return { column: name, message: thrown.message };
      throw thrown;
    }
  }
  return null;
};

const bookkeepingOf = (result: RowResult): unknown[] => {
  const { usage } = result;
  const values: Record<(typeof BOOKKEEPING_COLUMNS)[number]['name'], unknown> = {
    _row: result.row,
    _status: result.status,
    _error_code: result.error?.code,
    _error: result.error?.message,
    _attempts: result.attempts,
    _model: result.model,
    _input_tokens: usage.input + usage.cacheRead + usage.cacheWrite,
    _cached_tokens: usage.cacheRead,
    _output_tokens: usage.output + usage.reasoning,
    _cost_usd: result.costUsd,
    _latency_ms: Math.round(result.latencyMs),
    _trace_id: result.traceId,
  };
  return BOOKKEEPING_COLUMNS.map(({ name }) => values[name]);
};

const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + sizeOf(element), 8);
  if (typeof value === 'object' && value !== null) return Object.values(value).reduce<number>((sum, element) => sum + sizeOf(element), 8);
  return 8;
};
