import { z } from 'zod';
import { Budget } from './budget.js';
import { ErrorPayload } from './errors.js';
import { ExportId, Name, TableId, UploadId } from './ids.js';
import { RowValues } from './messages.js';
import { PoolReport } from './pool.js';
import { Run, Table } from './run.js';
import { FileFormat } from './file-format.js';
import { Column, ExportFormat, ImportOptions, PartialRows } from './table.js';

/** The body of every answer that is not 2xx. */
export const ErrorBody = z.strictObject({ error: ErrorPayload });
export type ErrorBody = z.infer<typeof ErrorBody>;

export const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The last id of the page before. */
  after: z.string().optional(),
});
export type Page = z.infer<typeof Page>;

export const RunList = z.strictObject({ runs: z.array(Run), next: z.string().nullable() });
export type RunList = z.infer<typeof RunList>;

export const TableList = z.strictObject({ tables: z.array(Table), next: z.string().nullable() });
export type TableList = z.infer<typeof TableList>;

export const PoolList = z.strictObject({ pools: z.array(PoolReport) });
export type PoolList = z.infer<typeof PoolList>;

/** `POST /v1/runs/:id/resume`: `budget` raises the limits that it names. A run that is paused for its budget needs a raise. */
export const ResumeRequest = z.strictObject({ budget: Budget.optional() });
export type ResumeRequest = z.infer<typeof ResumeRequest>;

/** `POST /v1/runs/:id/steps/:step/…`: has one step stand still, go on, or end with what it has. */
export const StepControl = z.enum(['pause', 'resume', 'cancel']);
export type StepControl = z.infer<typeof StepControl>;

/** `POST /v1/uploads` → an upload; then `PUT /v1/uploads/:id/files?name=…` with each file's bytes as the body. */
export const Upload = z.strictObject({
  id: UploadId,
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number().int().nonnegative() })),
});
export type Upload = z.infer<typeof Upload>;

/** `POST /v1/tables`: an upload becomes a table. */
export const ImportRequest = z.strictObject({
  name: Name,
  upload: UploadId,
  format: FileFormat.optional(),
  options: ImportOptions.optional(),
});
export type ImportRequest = z.infer<typeof ImportRequest>;

export const TableHead = z.strictObject({
  columns: z.array(Column),
  rows: z.array(RowValues),
  /** Rows were left out, for they would have been too large for one answer. */
  cut: z.boolean(),
  /** Of a table that is not complete. */
  partial: PartialRows.nullable(),
});
export type TableHead = z.infer<typeof TableHead>;

/** `POST /v1/tables/:id/exports`; the answer is an export whose content can be fetched when it is `ready`. */
export const ExportRequest = z.strictObject({
  format: ExportFormat,
  rows: z.enum(['all', 'ok', 'failed']).default('ok'),
  bookkeeping: z.boolean().default(false),
});
export type ExportRequest = z.infer<typeof ExportRequest>;

export const Export = z.strictObject({
  id: ExportId,
  tableId: TableId,
  format: ExportFormat,
  rows: z.enum(['all', 'ok', 'failed']),
  state: z.enum(['writing', 'ready', 'failed', 'cancelled']),
  /** Rows and bytes of the file; null until it is ready. */
  rowCount: z.number().int().nonnegative().nullable(),
  bytes: z.number().int().nonnegative().nullable(),
  error: ErrorPayload.nullable(),
});
export type Export = z.infer<typeof Export>;

export const Health = z.strictObject({ status: z.enum(['ok', 'unavailable']), parts: z.record(z.string(), z.string()) });
export type Health = z.infer<typeof Health>;
