import { z } from 'zod';
import { Name, TableId } from './ids.js';
import { JsonValue } from './json.js';

/**
 * The type of a column, as DuckDB writes it: `VARCHAR`, `BIGINT`, `DOUBLE`, `BOOLEAN`, `DATE`, `TIMESTAMP`, `JSON`,
 * `STRUCT("type" VARCHAR, "value" VARCHAR)[]` and so on. One vocabulary for the catalogue, agents and SQL.
 */
export const ColumnType = z.string().min(1).max(10_000);

export const Column = z.strictObject({ name: z.string().min(1).max(255), type: ColumnType });
export type Column = z.infer<typeof Column>;

/** Columns whose names begin with `_` belong to the machinery. */
export const BOOKKEEPING_COLUMNS = [
  { name: '_row', type: 'BIGINT' },
  { name: '_status', type: 'VARCHAR' },
  { name: '_error_code', type: 'VARCHAR' },
  { name: '_error', type: 'VARCHAR' },
  { name: '_attempts', type: 'INTEGER' },
  { name: '_model', type: 'VARCHAR' },
  { name: '_input_tokens', type: 'BIGINT' },
  { name: '_cached_tokens', type: 'BIGINT' },
  { name: '_output_tokens', type: 'BIGINT' },
  { name: '_cost_usd', type: 'DOUBLE' },
  { name: '_latency_ms', type: 'BIGINT' },
  { name: '_trace_id', type: 'VARCHAR' },
] as const satisfies Column[];

/** Of agents whose conversations are kept: a JSON array of messages, null where it is not kept. Belongs to the machinery too. */
export const TRANSCRIPT_COLUMN = { name: '_transcript', type: 'VARCHAR' } as const satisfies Column;

/** A Parquet file in storage. It is never overwritten: its name holds the shard and the lease token of its attempt. */
export const Part = z.strictObject({
  /** Key in the storage, for example `parts/stg_…/shd_….<token>.parquet`. */
  key: z.string().min(1).max(1024),
  bytes: z.number().int().nonnegative(),
  /** Hex SHA-256 of the whole file. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.number().int().nonnegative(),
});
export type Part = z.infer<typeof Part>;

/** A part as an element of a table: `firstRow` is the number of its first row in the table, from 0. */
export const TablePart = z.strictObject({
  ...Part.shape,
  firstRow: z.number().int().nonnegative(),
  /** Of a map: how many of its rows failed. Left out where that was not written down. */
  failed: z.number().int().nonnegative().optional(),
});
export type TablePart = z.infer<typeof TablePart>;

/**
 * One version of a table: an immutable list of committed parts, written once to storage as JSON.
 * Parts of a `map` hold a column `_row` and output columns only; the other columns are those of `base` at the same row.
 * Parts of a table without `base` hold all columns; a row's number is `firstRow` + its position in the part.
 */
export interface TableManifest {
  tableId: string;
  version: number;
  /** All columns that a reader sees, base columns first. `_row` is not among them. */
  columns: Column[];
  rows: number;
  base?: TableReference;
  /** Columns that stand in the parts themselves. */
  ownColumns: Column[];
  parts: TablePart[];
}

/** What is needed to read one version of a table: the key of its manifest and the manifest's checksum. */
export const TableReference = z.strictObject({
  tableId: TableId,
  version: z.number().int().positive(),
  manifestKey: z.string().min(1).max(1024),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.number().int().nonnegative(),
});
export type TableReference = z.infer<typeof TableReference>;

export const TableManifest: z.ZodType<TableManifest> = z.strictObject({
  tableId: TableId,
  version: z.number().int().positive(),
  columns: z.array(Column),
  rows: z.number().int().nonnegative(),
  base: TableReference.optional(),
  ownColumns: z.array(Column),
  parts: z.array(TablePart),
});

/** What an agent may know of a column. Values are shortened; figures that make no sense for the type are left out. */
export const ColumnStatistics = z.strictObject({
  name: z.string(),
  type: ColumnType,
  /** 0 to 1. */
  nullShare: z.number(),
  min: z.string().optional(),
  max: z.string().optional(),
  /** An estimate, some per cent off. */
  distinct: z.number().int().optional(),
  /** Length of the text (or of the value as JSON) in characters. */
  length: z.strictObject({ p50: z.number(), p95: z.number(), max: z.number() }).optional(),
  /** The most frequent values with their share of the rows, for columns that repeat values. */
  top: z.array(z.strictObject({ value: z.string(), share: z.number() })).optional(),
});
export type ColumnStatistics = z.infer<typeof ColumnStatistics>;

/** What agents see of a table: at most about 2,000 tokens however large the table is. */
export const TableMetadata = z.strictObject({
  rows: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  columns: z.array(ColumnStatistics),
  /** Up to five rows, values shortened. */
  sample: z.array(z.record(z.string(), JsonValue)),
  /** What did not fit, in words: `statistics of 214 more columns`. Empty if nothing was left out. */
  leftOut: z.array(z.string()),
});
export type TableMetadata = z.infer<typeof TableMetadata>;

/** How much there is of a table that is not complete. */
export const PartialRows = z.strictObject({
  /** Rows that can be read. */
  rows: z.number().int().nonnegative(),
  /** Rows that it is to have. */
  of: z.number().int().nonnegative(),
});
export type PartialRows = z.infer<typeof PartialRows>;

/** `writing` until it is complete; `failed` and `cancelled` ones keep the rows that they had. */
export const TableState = z.enum(['waiting', 'writing', 'ready', 'failed', 'cancelled']);
export type TableState = z.infer<typeof TableState>;

export const ExportFormat = z.enum(['parquet', 'csv', 'jsonl']);
export type ExportFormat = z.infer<typeof ExportFormat>;

/** How a file becomes a table. */
export const ImportOptions = z.strictObject({
  /** Of Excel files: the sheet's name; the first one if left out. */
  sheet: z.string().min(1).optional(),
  /** Broken rows go to a table of their own instead of failing the import. */
  skipBadRows: z.boolean().default(false),
});
export type ImportOptions = z.infer<typeof ImportOptions>;

/** A file that was uploaded: where it stands in storage, and the name it came with. */
export const UploadedFile = z.strictObject({
  key: z.string().min(1).max(1024),
  /** A relative path, a label only: it is shown, and fills the column `path` of text tables. */
  name: z.string().min(1).max(1024),
  bytes: z.number().int().nonnegative(),
});
export type UploadedFile = z.infer<typeof UploadedFile>;

/** A table as a named input of a query. */
export const NamedTable = z.strictObject({ name: Name, table: TableReference });
export type NamedTable = z.infer<typeof NamedTable>;
