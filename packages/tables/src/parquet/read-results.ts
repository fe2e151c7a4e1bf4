import {
  BOOKKEEPING_COLUMNS,
  type Column,
  InternalError,
  type JsonValue,
  type RowResult,
  type ShardRange,
  type TableReference,
  TRANSCRIPT_COLUMN,
} from '@apwa/contracts';
import { readManifest } from '../manifests/manifests.js';
import { type Storage } from '../storage/storage.js';
import { parseType, type TypeTree } from '../types/column-type.js';
import { readPart } from './part-file.js';

/**
 * Of a map's result the rows within a range that are ok, as the results that they were written from: written again, they are the
 * same row. `columns`: of the output. Rows that the table does not have, and failed ones, are left out; but not those that may have made
 * a call which must never be made twice (`unknown`): they stay as they are.
 */
export const readResults = async (
  storage: Storage,
  table: TableReference,
  { first, last }: ShardRange,
  columns: readonly Column[],
): Promise<RowResult[]> => {
  const { parts } = await readManifest(storage, table);
  const types = columns.filter(({ name }) => name !== TRANSCRIPT_COLUMN.name).map(({ name, type }) => ({ name, type: parseType(type) }));
  const names = [...columns, ...BOOKKEEPING_COLUMNS].map(({ name }) => name);
  const results: RowResult[] = [];
  for (const part of parts) {
    if (part.firstRow > last || part.firstRow + part.rows <= first) continue;
    const start = Math.max(first - part.firstRow, 0);
    const end = Math.min(last + 1 - part.firstRow, part.rows);
    for (const [index, values] of (await readPart(storage, part, { start, end, columns: names })).entries()) {
      const row = part.firstRow + start + index;
      if (Number(values._row) !== row)
        throw new InternalError('part_damaged', `The part ${part.key} has row ${String(values._row)} in the place of row ${row}.`);
      if (values._status === 'ok' || values._error_code === 'unknown') results.push(resultOf(row, values, types));
    }
  }
  return results;
};

const resultOf = (row: number, values: Record<string, unknown>, types: readonly { name: string; type: TypeTree }[]): RowResult => {
  const cached = Number(values._cached_tokens ?? 0);
  return {
    row,
    ...(values._status === 'ok'
      ? { status: 'ok', output: Object.fromEntries(types.map(({ name, type }) => [name, answerOf(values[name], type)])), error: null }
      : { status: 'failed', output: null, error: { code: 'unknown', message: textOf(values._error) ?? '' } }),
    attempts: Number(values._attempts ?? 0),
    model: textOf(values._model),
    usage: {
      input: Number(values._input_tokens ?? 0) - cached,
      cacheRead: cached,
      cacheWrite: 0,
      output: Number(values._output_tokens ?? 0),
      reasoning: 0,
    },
    usageEstimated: false,
    costUsd: Number(values._cost_usd ?? 0),
    latencyMs: Number(values._latency_ms ?? 0),
    traceId: textOf(values._trace_id),
    ...(typeof values[TRANSCRIPT_COLUMN.name] === 'string' ? { transcript: values[TRANSCRIPT_COLUMN.name] as string } : {}),
  };
};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A value of an output column as the answer held it: integers as numbers, which they came as, JSON taken apart. */
const answerOf = (value: unknown, type: TypeTree): JsonValue => {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'list':
      return (value as unknown[]).map((element) => answerOf(element, type.element));
    case 'struct': {
      const fields = value as Record<string, unknown>;
      return Object.fromEntries(type.fields.map(({ name, type: inner }) => [name, answerOf(fields[name], inner)]));
    }
    case 'scalar':
      if (type.name === 'JSON') return JSON.parse(value as string) as JsonValue;
      return typeof value === 'bigint' ? Number(value) : (value as JsonValue);
    case 'map':
    case 'union':
      throw new InternalError('unsupported_type', `An output column cannot be a ${type.kind.toUpperCase()}.`);
  }
};
