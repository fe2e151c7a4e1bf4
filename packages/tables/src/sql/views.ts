import { type Column, type Part, type TableManifest } from '@apwa/contracts';
import { bookkeepingOf, contentColumnsOf, hasOutcomes, ownColumnsOf, visibleColumnsOf } from '../manifests/table-columns.js';
import { quoteName, quoteText } from '../types/column-type.js';

/** A table as a query sees it. */
export interface TableView {
  name: string;
  /** A SELECT over the parts' files; it gives `columns`, and `_row` first, which a base table's view then leaves out. */
  select: string;
  columns: Column[];
  /** Whether `_row` and the other bookkeeping columns are among `columns`. */
  numbered: boolean;
}

/** Where a part stands as a local file. */
export type PathOf = (part: Part) => string;

/** The view of a table, from its chain of manifests: the parts of a map result are joined with its base by row. */
export const viewOf = (name: string, chain: readonly TableManifest[], pathOf: PathOf): TableView => {
  const manifest = chain[0] as TableManifest;
  return { name, select: levelSelect(chain, 0, pathOf), columns: visibleColumnsOf(manifest), numbered: hasOutcomes(manifest) };
};

const selectList = (columns: readonly string[]): string => columns.join(', ');

const levelSelect = (chain: readonly TableManifest[], level: number, pathOf: PathOf): string => {
  const manifest = chain[level] as TableManifest;
  const parts = manifest.parts.filter(({ rows }) => rows > 0).sort((a, b) => a.firstRow - b.firstRow);
  const outcomes = hasOutcomes(manifest);
  if (parts.length === 0) return emptySelect(visibleColumnsOf(manifest), !outcomes);
  const files = `read_parquet([${parts.map((part) => quoteText(pathOf(part))).join(', ')}])`;
  if (!outcomes) {
    const offsets = `[${parts.map(({ firstRow }) => firstRow).join(', ')}]`;
    const row =
      parts.length === 1
        ? `${parts[0]?.firstRow ?? 0} + file_row_number`
        : `list_extract(${offsets}, (file_index + 1)::BIGINT) + file_row_number`;
    return `SELECT (${row})::BIGINT AS "_row", ${selectList(contentColumnsOf(manifest).map(({ name }) => quoteName(name)))} FROM ${files}`;
  }
  const own = new Set(ownColumnsOf(manifest).map(({ name }) => name));
  const content = contentColumnsOf(manifest).map(({ name }) => `${own.has(name) ? 'part' : 'base'}.${quoteName(name)}`);
  const bookkeeping = bookkeepingOf(manifest).map(({ name }) => `part.${quoteName(name)}`);
  const needsBase = content.some((column) => column.startsWith('base.'));
  const joined = needsBase ? ` JOIN (${levelSelect(chain, level + 1, pathOf)}) AS base ON base."_row" = part."_row"` : '';
  return `SELECT ${selectList([...content, ...bookkeeping])} FROM ${files} AS part${joined}`;
};

const emptySelect = (columns: readonly Column[], withRow: boolean): string => {
  const nulls = columns.map(({ name, type }) => `NULL::${type} AS ${quoteName(name)}`);
  return `SELECT ${selectList(withRow ? ['NULL::BIGINT AS "_row"', ...nulls] : nulls)} WHERE false`;
};

/** The statement that makes a table visible to queries by its name: without `_row` where it is no bookkeeping column. */
export const createView = ({ name, select, columns }: TableView): string =>
  `CREATE VIEW ${quoteName(name)} AS SELECT ${selectList(columns.map((column) => quoteName(column.name)))} FROM (${select})`;
