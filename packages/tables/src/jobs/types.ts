import { type Column, type JsonObject, type Part, type StageCounts, type workerPoolOperations } from '@apwa/contracts';
import { type z } from 'zod';
import { type RowFailures } from './protocol.js';
import { type Storage } from '../storage/storage.js';

export interface SqlLimits {
  /** Of DuckDB and the process around it; a job that passes it is killed. */
  memoryMb: number;
  timeoutMs: number;
  /** Rows of a result. */
  rows: number;
}

export interface ImportLimits {
  memoryMb: number;
  timeoutMs: number;
  /** The largest row (of text files: the largest file), in bytes as they stand in the file. */
  maxRowBytes: number;
  /** What a file may hold once unpacked. Default 64 GiB. */
  maxInflatedBytes?: number;
  /** The largest document, unpacked. Default 128 MiB. */
  maxDocumentBytes?: number;
  /** The longest that reading one document may take. Default 60 s. */
  documentTimeoutMs?: number;
}

export interface TableJobsOptions {
  storage: Storage;
  limits: { sql: SqlLimits; import: ImportLimits };
  /** Folder for the jobs' temporary folders; the system's if left out. */
  tempDirectory?: string;
  /** Threads of DuckDB in each job. Default 2. */
  threads?: number;
  /** Jobs that run at once; the others wait. Default 4. */
  jobsAtOnce?: number;
}

export interface JobOptions {
  /** Kills the job; the call rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface ImportResult {
  part: Part;
  /** The bad rows of an import with `skipBadRows`, columns `file, line, error, text`; null if there were none. */
  rejected: Part | null;
  columns: Column[];
  /** Of documents, some of whose rows may have failed. */
  counts?: StageCounts;
}

export interface SqlResult {
  part: Part;
  columns: Column[];
}

/** A part of which rows may be failed ones, by code. */
export interface GroupsResult extends SqlResult, RowFailures {}

export type QueryTablesRequest = z.output<typeof workerPoolOperations.queryTables.request>;
export type QueryTablesReply = z.output<typeof workerPoolOperations.queryTables.reply>;
/** A SELECT over rows that stand in the request. */
export interface QueryRowsRequest {
  /** By name: one row or more each. */
  tables: Readonly<Record<string, readonly JsonObject[]>>;
  query: string;
  maxRows: number;
  maxBytes: number;
  limits: { memoryMb: number; timeoutMs: number };
}
export type CheckSqlRequest = z.output<typeof workerPoolOperations.checkSql.request>;
export type CheckSqlReply = z.output<typeof workerPoolOperations.checkSql.reply>;
