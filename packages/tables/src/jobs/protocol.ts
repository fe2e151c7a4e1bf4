import {
  type ChunkSize,
  type ErrorPayload,
  type ExportWork,
  type ImportOptions,
  type FileFormat,
  type Column,
  type SplitBy,
  type StageCounts,
} from '@apwa/contracts';
import { type TableView } from '../sql/views.js';

/** What a job's child process is asked to do: one line of JSON on its standard input. Its end says that the parent is gone. */
export interface JobRequest {
  settings: JobSettings;
  work: JobWork;
}

export interface JobSettings {
  /** The job's own temporary folder: results go to `out/`, DuckDB spills to `spill/`. */
  folder: string;
  /** Files that the job may read. */
  readable: string[];
  memoryMb: number;
  threads: number;
  /** Rows are large: results are written in row groups by bytes, which takes a single thread. */
  largeRows: boolean;
}

export interface LocalFile {
  path: string;
  /** The name that it was uploaded with. */
  name: string;
  bytes: number;
}

export type JobWork =
  | { kind: 'sql'; views: TableView[]; query: string; maxRows: number; output: string }
  | { kind: 'query'; views: TableView[]; query: string; maxRows: number; maxBytes: number }
  | { kind: 'check'; tables: { name: string; columns: Column[] }[]; query: string }
  | { kind: 'export'; view: TableView; format: ExportWork['format']; rows: ExportWork['rows']; bookkeeping: boolean; output: string }
  | { kind: 'match'; input: TableView; columns: string[]; sources: TableView[]; written: Column[]; output: string }
  | { kind: 'split'; input: TableView; column: string; by: SplitBy; size: ChunkSize; maxRows: number; output: string }
  | {
      kind: 'bundle';
      input: TableView;
      level: number;
      by: string[];
      orderBy: string[];
      columns: string[];
      maxTokens: number;
      maxRows: number;
      output: string;
    }
  | { kind: 'gather'; levels: TableView[]; by: Column[]; answer: Column[]; output: string }
  | { kind: 'describe'; view: TableView; bytes: number }
  | {
      kind: 'import';
      files: LocalFile[];
      format: FileFormat | null;
      options: ImportOptions;
      maxRowBytes: number;
      maxInflatedBytes: number;
      maxDocumentBytes: number;
      /** The longest that one document may take. */
      documentTimeoutMs: number;
      output: string;
      rejected: string;
    };

export type ImportJob = Extract<JobWork, { kind: 'import' }>;

export type JobKind = JobWork['kind'];

/** The child's answer: one line of JSON on file descriptor 3. */
export type JobReply = { result: unknown } | { error: ErrorPayload };

/** Rows written to a job's output file. */
export interface WrittenFile {
  rows: number;
  columns: Column[];
}

/** Failed rows by code, with the message of one for each. */
export type RowFailures = Pick<StageCounts, 'errors' | 'examples'>;

/** Rows of groups, of which some may be failed ones. */
export interface WrittenGroups extends WrittenFile, RowFailures {}

export interface ImportedFiles extends WrittenFile {
  /** Bad rows in the second file; 0: there is no such file. */
  rejectedRows: number;
  /** Of documents, some of whose rows may have failed. */
  counts?: StageCounts;
}
