import {
  type Column,
  InternalError,
  type JsonValue,
  RefusedError,
  type RowValues,
  type TableManifest,
  type TablePart,
  type TableReference,
} from '@apwa/contracts';
import { readManifestChain } from '../manifests/manifests.js';
import { isBookkeeping, hasOutcomes, ownColumnsOf, visibleColumnsOf } from '../manifests/table-columns.js';
import { type Storage } from '../storage/storage.js';
import { parseType, type TypeTree } from '../types/column-type.js';
import { toJsonValue } from '../types/json-values.js';
import { readPart } from './part-file.js';

export interface RowSelection {
  /** Number of the first row, from 0. */
  first: number;
  /** Number of the last row, counted too. */
  last: number;
  /** Columns by name, bookkeeping columns among them (of any table `_row`, its rows' number); all visible ones if left out. */
  columns?: string[];
}

/** Parts read at once for one call: ranges of the network wait for each other no longer than that, and memory stays small. */
const PARTS_AT_ONCE = 4;

/**
 * Rows of a table in order, each with its values as JSON. Rows that the table does not have (after its end; of a map result
 * that is not complete, rows without a result) are left out. RefusedError `no_such_column`.
 */
export const readRows = async (storage: Storage, table: TableReference, selection: RowSelection): Promise<RowValues[]> => {
  return readChainRows(storage, await readManifestChain(storage, table), selection);
};

/** As `readRows`, of a table that is described by its manifest and those that it is based on. */
export const readChainRows = (storage: Storage, chain: readonly TableManifest[], selection: RowSelection): Promise<RowValues[]> => {
  const wanted = chooseColumns(chain[0] as TableManifest, selection.columns);
  return readLevel(storage, chain, 0, wanted, selection);
};

/**
 * The first `count` rows that the table has from row `first` on, for a reply, bookkeeping columns included. The page ends before
 * the row with which `maxBytes` of JSON would be passed, and says so by `cut`.
 */
export const readPage = async (
  storage: Storage,
  { table, first, count, maxBytes }: { table: TableReference; first: number; count: number; maxBytes: number },
): Promise<{ columns: Column[]; rows: RowValues[]; cut: boolean }> => {
  const manifest = (await readManifestChain(storage, table))[0] as TableManifest;
  const columns = visibleColumnsOf(manifest);
  const page: RowValues[] = [];
  let bytes = 0;
  for (const range of piecesOf(manifest, first, count)) {
    for (const row of await readRows(storage, table, range)) {
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      if (bytes > maxBytes) return { columns, rows: page, cut: true };
      page.push(row);
    }
  }
  return { columns, rows: page, cut: false };
};

/** A page is read in pieces of so many rows at most, so that large rows beyond its limit are not read at all. */
const PAGE_ROWS = 100;

/** The rows of a page as ranges without gaps. */
function* piecesOf(manifest: TableManifest, first: number, count: number): Iterable<{ first: number; last: number }> {
  let left = count;
  for (const { from, to } of stretchesOf(manifest)) {
    for (let row = Math.max(first, from); row < to && left > 0;) {
      const size = Math.min(PAGE_ROWS, to - row, left);
      yield { first: row, last: row + size - 1 };
      row += size;
      left -= size;
    }
  }
}

/** Rows `from` to `to - 1` that a table has without a gap, in order. */
const stretchesOf = ({ parts }: TableManifest): { from: number; to: number }[] => {
  const stretches: { from: number; to: number }[] = [];
  for (const { firstRow, rows } of [...parts].sort((a, b) => a.firstRow - b.firstRow)) {
    const last = stretches.at(-1);
    if (last?.to === firstRow) last.to += rows;
    else stretches.push({ from: firstRow, to: firstRow + rows });
  }
  return stretches;
};

const chooseColumns = (manifest: TableManifest, names: string[] | undefined): string[] => {
  const visible = visibleColumnsOf(manifest).map(({ name }) => name);
  if (!names) return visible;
  const known = new Set([...visible, '_row']);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return names;
  throw new RefusedError('no_such_column', `The table has no column ${unknown}.`, {
    field: 'columns',
    value: unknown,
    allowed: visible.join(', '),
  });
};

/** Rows of the table at `level` of the chain, keys in the order of `wanted`. */
const readLevel = async (
  storage: Storage,
  chain: readonly TableManifest[],
  level: number,
  wanted: readonly string[],
  selection: RowSelection,
): Promise<RowValues[]> => {
  const manifest = chain[level] as TableManifest;
  const own = new Map<string, TypeTree>(ownColumnsOf(manifest).map(({ name, type }) => [name, parseType(type)]));
  if (hasOutcomes(manifest))
    for (const { name, type } of visibleColumnsOf(manifest)) if (isBookkeeping(name)) own.set(name, parseType(type));
  const fromParts = wanted.filter((name) => own.has(name));
  const fromBase = wanted.filter((name) => !own.has(name) && name !== '_row');
  const [rows, base] = await Promise.all([
    readOwn(storage, manifest, own, fromParts, selection),
    fromBase.length === 0 ? [] : readLevel(storage, chain, level + 1, ['_row', ...fromBase], selection),
  ]);
  const baseByRow = new Map(base.map((values) => [values['_row'], values]));
  return rows.map(({ row, values }) => {
    const under = baseByRow.get(row);
    if (fromBase.length > 0 && !under)
      throw new InternalError('base_row_missing', `Row ${row} of ${manifest.tableId} has a result, and its base has no such row.`);
    const valueOf = (name: string): JsonValue => (name === '_row' ? row : ((own.has(name) ? values[name] : under?.[name]) ?? null));
    return Object.fromEntries(wanted.map((name) => [name, valueOf(name)]));
  });
};

interface OwnRow {
  row: number;
  values: RowValues;
}

const readOwn = async (
  storage: Storage,
  manifest: TableManifest,
  types: ReadonlyMap<string, TypeTree>,
  names: readonly string[],
  { first, last }: RowSelection,
): Promise<OwnRow[]> => {
  const overlapping = manifest.parts.filter((part) => part.rows > 0 && part.firstRow <= last && part.firstRow + part.rows > first);
  const numbered = hasOutcomes(manifest);
  const columns = [...new Set(numbered ? ['_row', ...names] : names)];
  const read = async (part: TablePart): Promise<OwnRow[]> => {
    const start = Math.max(first - part.firstRow, 0);
    const found = await readPart(storage, part, { start, end: Math.min(last + 1 - part.firstRow, part.rows), columns });
    return found.map((values, index) => {
      const row = part.firstRow + start + index;
      if (numbered && Number(values['_row']) !== row)
        throw new InternalError('part_damaged', `The part ${part.key} has row ${String(values['_row'])} in the place of row ${row}.`);
      return {
        row,
        values: Object.fromEntries(names.map((name) => [name, toJsonValue(values[name], types.get(name) as TypeTree)])),
      };
    });
  };
  const rows: OwnRow[] = [];
  for (let next = 0; next < overlapping.length; next += PARTS_AT_ONCE)
    for (const part of await Promise.all(overlapping.slice(next, next + PARTS_AT_ONCE).map(read))) for (const row of part) rows.push(row);
  return rows;
};
