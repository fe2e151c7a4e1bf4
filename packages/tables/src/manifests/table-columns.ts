import { BOOKKEEPING_COLUMNS, type Column, type TableManifest, TRANSCRIPT_COLUMN } from '@apwa/contracts';

const BOOKKEEPING_NAMES: ReadonlySet<string> = new Set([...BOOKKEEPING_COLUMNS, TRANSCRIPT_COLUMN].map(({ name }) => name));

export const isBookkeeping = (name: string): boolean => BOOKKEEPING_NAMES.has(name);

const contentColumns = (columns: readonly Column[]): Column[] => columns.filter(({ name }) => !isBookkeeping(name));

/** Whether the table's rows have outcomes, and its parts bookkeeping columns: results of maps do, and documents that were imported. */
export const hasOutcomes = ({ base, ownColumns }: TableManifest): boolean =>
  base !== undefined || ownColumns.some(({ name }) => name === '_status');

/** Columns that stand in the table's own parts, without bookkeeping. */
export const ownColumnsOf = (manifest: TableManifest): Column[] => contentColumns(manifest.ownColumns);

/** Columns of the table's content, base columns first. */
export const contentColumnsOf = (manifest: TableManifest): Column[] => contentColumns(manifest.columns);

/** Columns of the machinery in the table's own parts: none but in one with outcomes. */
export const bookkeepingOf = (manifest: TableManifest): Column[] =>
  hasOutcomes(manifest)
    ? [...BOOKKEEPING_COLUMNS, ...(manifest.ownColumns.some(({ name }) => name === TRANSCRIPT_COLUMN.name) ? [TRANSCRIPT_COLUMN] : [])]
    : [];

/** All columns that a query sees: the content's, then of one with outcomes the bookkeeping columns. */
export const visibleColumnsOf = (manifest: TableManifest): Column[] => [...contentColumnsOf(manifest), ...bookkeepingOf(manifest)];
