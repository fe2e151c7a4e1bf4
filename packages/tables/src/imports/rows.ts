import { type BadRow } from './bad-input.js';

/** A row as a reader found it in a file. */
export interface SourceRow {
  line: number;
  /** What it takes in the file. */
  bytes: number;
  /** Keys of its columns: the same array for all rows of a file with a header. */
  keys: readonly string[];
  values: readonly unknown[];
}

export interface ReadEvents {
  /** A row that is wrong; may throw. */
  bad: (row: BadRow) => void;
  /** The header of a file that has one: its columns are there without any row. */
  header?: (keys: readonly string[]) => void;
}

/** Reads one file, some rows at a time. */
export type RowReader = (events: ReadEvents) => AsyncIterable<SourceRow[]>;

/** How the values of a column become values of its type. */
export interface ColumnInference {
  /** A value of the first pass. */
  add(value: unknown): void;
  /** The type that all values fit, as DuckDB names it; called after the first pass. */
  type(): string;
  /** A value of the second pass, as `encodeValue` takes it for `type()`. */
  convert(value: unknown, type: string): unknown;
}

/** Keys of text tables. */
export const TEXT_COLUMNS = [
  { name: 'path', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
  { name: 'bytes', type: 'BIGINT' },
];

/** Columns of the table of bad rows. */
export const REJECTED_COLUMNS = [
  { name: 'file', type: 'VARCHAR' },
  { name: 'line', type: 'BIGINT' },
  { name: 'error', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
];
