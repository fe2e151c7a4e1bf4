import {
  BOOKKEEPING_COLUMNS,
  type BundleWork,
  type Column,
  type ExportWork,
  type GatherWork,
  type ImportWork,
  type MatchWork,
  type NamedTable,
  type Part,
  type SplitWork,
  type SqlWork,
  type TableManifest,
  type TableMetadata,
  type TableReference,
  TOKEN_BYTES,
} from '@apwa/contracts';
import { readManifestChain } from '../manifests/manifests.js';
import { viewOfRows } from '../sql/inline-rows.js';
import { type TableView, viewOf } from '../sql/views.js';
import { runChild, type ChildLimits } from './child-process.js';
import { JobFolder, removeLeftFolders } from './job-folder.js';
import { Limiter } from './limiter.js';
import { type ImportedFiles, type JobWork, type WrittenFile, type WrittenGroups } from './protocol.js';
import {
  type CheckSqlReply,
  type CheckSqlRequest,
  type GroupsResult,
  type ImportResult,
  type JobOptions,
  type QueryRowsRequest,
  type QueryTablesReply,
  type QueryTablesRequest,
  type SqlResult,
  type TableJobsOptions,
} from './types.js';

const INFLATED_BYTES = 64 * 1024 ** 3;
const DOCUMENT_BYTES = 128 * 1024 ** 2;
const DOCUMENT_MS = 60_000;
const THREADS = 2;
const JOBS_AT_ONCE = 4;
/** Average bytes of a row in its part from which on results are written by bytes. */
const LARGE_ROW_BYTES = 8 * 1024;

interface Loaded {
  views: TableView[];
  readable: string[];
  largeRows: boolean;
  /** Of all parts that are read. */
  bytes: number;
}

const NOTHING: Loaded = { views: [], readable: [], largeRows: false, bytes: 0 };

/**
 * Everything that reads or writes whole tables. Each job runs in a child process of its own, with a temporary folder of its
 * own, and is killed at its limits: PermanentError `sql_memory_limit | sql_timeout` (of other jobs with their name in front:
 * `import_memory_limit` and so on). What a job writes goes to storage once it is complete.
 */
export class TableJobs {
  private readonly limiter: Limiter;
  private swept: Promise<void> | null = null;

  constructor(private readonly options: TableJobsOptions) {
    this.limiter = new Limiter(options.jobsAtOnce ?? JOBS_AT_ONCE);
  }

  /**
   * Makes one table of uploaded files of one format; see `importFiles` in `imports/` for what each format becomes, and `documents/`.
   * RefusedError `bad_input` names file and line: `messages.csv:17`.
   */
  async importFiles(work: ImportWork, key: string, rejectedKey: string, { signal }: JobOptions = {}): Promise<ImportResult> {
    const { storage, limits } = this.options;
    return this.inFolder(signal, async (folder) => {
      const paths = await folder.localise(
        storage,
        work.files.map((file) => file.key),
        signal,
      );
      const files = work.files.map(({ key: file, name, bytes }) => ({ path: paths.get(file) as string, name, bytes }));
      const [output, rejected] = [folder.output('part.parquet'), folder.output('rejected.parquet')];
      const loaded = { ...NOTHING, readable: [...paths.values()] };
      const job: JobWork = {
        kind: 'import',
        files,
        format: work.format ?? null,
        options: work.options,
        maxRowBytes: limits.import.maxRowBytes,
        maxInflatedBytes: limits.import.maxInflatedBytes ?? INFLATED_BYTES,
        maxDocumentBytes: limits.import.maxDocumentBytes ?? DOCUMENT_BYTES,
        documentTimeoutMs: limits.import.documentTimeoutMs ?? DOCUMENT_MS,
        output,
        rejected,
      };
      const imported = (await this.child(folder, loaded, job, limits.import, signal)) as ImportedFiles;
      const { rows, columns, rejectedRows, counts } = imported;
      return {
        part: await this.store(key, output, rows),
        rejected: rejectedRows > 0 ? await this.store(rejectedKey, rejected, rejectedRows) : null,
        columns,
        ...(counts ? { counts } : {}),
      };
    });
  }

  /** Writes the result of one SELECT as a part. RefusedError `invalid_sql`, PermanentError `sql_too_many_rows`, `sql_failed`. */
  async runSql({ inputs, query, limits }: SqlWork, key: string, { signal }: JobOptions = {}): Promise<SqlResult> {
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, inputs, signal);
      const output = folder.output('part.parquet');
      const job: JobWork = { kind: 'sql', views: loaded.views, query, maxRows: limits.rows, output };
      const { rows, columns } = (await this.child(folder, loaded, job, limits, signal)) as WrittenFile;
      return { part: await this.store(key, output, rows), columns };
    });
  }

  /**
   * Writes a part with a row for each of a table's, as one of a map: the result of a row of the sources that is alike and ok, or
   * one whose columns but `_row` are all null.
   */
  async matchRows({ input, columns, sources, output, limits }: MatchWork, key: string, { signal }: JobOptions = {}): Promise<SqlResult> {
    return this.inFolder(signal, async (folder) => {
      const named = [input, ...sources].map((table, index) => ({ name: `t${index}`, table }));
      const loaded = await this.load(folder, named, signal);
      const [view, ...others] = loaded.views as [TableView, ...TableView[]];
      const written = [...output, ...BOOKKEEPING_COLUMNS];
      const job: JobWork = { kind: 'match', input: view, columns, sources: others, written, output: folder.output('part.parquet') };
      const { rows } = (await this.child(folder, loaded, job, limits, signal)) as WrittenFile;
      return { part: await this.store(key, job.output, rows), columns: output };
    });
  }

  /**
   * Writes a part with a row for each chunk of the texts in a column, in order, with the other columns of the text's row.
   * PermanentError `split_never_splits`, `split_too_many_rows`.
   */
  async splitRows({ input, column, by, size, limits }: SplitWork, key: string, { signal }: JobOptions = {}): Promise<SqlResult> {
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, [{ name: 'split', table: input }], signal);
      const [view] = loaded.views as [TableView];
      const job: JobWork = { kind: 'split', input: view, column, by, size, maxRows: limits.rows, output: folder.output('part.parquet') };
      const { rows, columns } = (await this.child(folder, loaded, job, limits, signal)) as WrittenFile;
      return { part: await this.store(key, job.output, rows), columns };
    });
  }

  /**
   * Writes a part as one of a map, with a row for each bundle of items that fit a call; a group of which there can be no bundle is a
   * failed row. Above level 1 answers of the level below are bundled. PermanentError `bundle_too_many_rows`.
   */
  async bundleRows(work: BundleWork, key: string, { signal }: JobOptions = {}): Promise<GroupsResult> {
    const { input, limits, level, by, orderBy, columns, maxTokens } = work;
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, [{ name: 'bundled', table: input }], signal);
      const [view] = loaded.views as [TableView];
      const output = folder.output('part.parquet');
      const job: JobWork = { kind: 'bundle', input: view, level, by, orderBy, columns, maxTokens, maxRows: limits.rows, output };
      const largeRows = loaded.largeRows || maxTokens * TOKEN_BYTES > LARGE_ROW_BYTES;
      return this.storeGroups(key, output, await this.child(folder, { ...loaded, largeRows }, job, limits, signal));
    });
  }

  /** Writes a part as one of a map, with a row for each group of a reduce: its last answer, or why it has none. */
  async gatherGroups({ levels, by, output, limits }: GatherWork, key: string, { signal }: JobOptions = {}): Promise<GroupsResult> {
    return this.inFolder(signal, async (folder) => {
      const named = levels.map((table, index) => ({ name: `level${index + 1}`, table }));
      const loaded = await this.load(folder, named, signal);
      const job: JobWork = { kind: 'gather', levels: loaded.views, by, answer: output, output: folder.output('part.parquet') };
      return this.storeGroups(key, job.output, await this.child(folder, loaded, job, limits, signal));
    });
  }

  /** Writes a table as a file for other programs, its rows in order. */
  async exportTable({ input, format, rows, bookkeeping }: ExportWork, key: string, { signal }: JobOptions = {}): Promise<{ part: Part }> {
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, [{ name: 'exported', table: input }], signal);
      const output = folder.output(`export.${format}`);
      const job: JobWork = { kind: 'export', view: loaded.views[0] as TableView, format, rows, bookkeeping, output };
      const written = (await this.child(folder, loaded, job, this.options.limits.sql, signal)) as WrittenFile;
      return { part: await this.store(key, output, written.rows) };
    });
  }

  /** Reads the table once, and says what agents may know of it: about 8,000 characters of JSON at most. */
  async describeTable(table: TableReference, { signal }: JobOptions = {}): Promise<TableMetadata> {
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, [{ name: 'described', table }], signal);
      const job: JobWork = { kind: 'describe', view: loaded.views[0] as TableView, bytes: loaded.bytes };
      return (await this.child(folder, loaded, job, this.options.limits.sql, signal)) as TableMetadata;
    });
  }

  /** The first rows of a SELECT, for an agent or a person. */
  async queryTables({ tables, query, maxRows, maxBytes }: QueryTablesRequest, { signal }: JobOptions = {}): Promise<QueryTablesReply> {
    return this.inFolder(signal, async (folder) => {
      const loaded = await this.load(folder, tables, signal);
      const job: JobWork = { kind: 'query', views: loaded.views, query, maxRows, maxBytes };
      return (await this.child(folder, loaded, job, this.options.limits.sql, signal)) as QueryTablesReply;
    });
  }

  /** The first rows of a SELECT over rows that are given, which reaches nothing else. Errors as those of `queryTables`. */
  async queryRows({ tables, limits, ...query }: QueryRowsRequest, { signal }: JobOptions = {}): Promise<QueryTablesReply> {
    return this.inFolder(signal, async (folder) => {
      const views = Object.entries(tables).map(([name, rows]) => viewOfRows(name, rows));
      return (await this.child(folder, NOTHING, { kind: 'query', views, ...query }, limits, signal)) as QueryTablesReply;
    });
  }

  /**
   * Binds a SELECT against empty tables and gives its columns, or refuses it with DuckDB's words (`invalid_sql`). Of a map's
   * result the bookkeeping columns must be among the given columns, if queries may name them.
   */
  async checkSql({ tables, query }: CheckSqlRequest, { signal }: JobOptions = {}): Promise<CheckSqlReply> {
    return this.inFolder(signal, async (folder) => {
      const columns = await this.child(folder, NOTHING, { kind: 'check', tables, query }, this.options.limits.sql, signal);
      return columns as { columns: Column[] };
    });
  }

  private inFolder<Result>(signal: AbortSignal | undefined, task: (folder: JobFolder) => Promise<Result>): Promise<Result> {
    return this.limiter.run(async () => {
      await (this.swept ??= removeLeftFolders(this.options.tempDirectory));
      await using folder = await JobFolder.create(this.options.tempDirectory);
      return await task(folder);
    }, signal);
  }

  private async load(folder: JobFolder, tables: readonly NamedTable[], signal?: AbortSignal): Promise<Loaded> {
    const { storage } = this.options;
    const chains = await Promise.all(tables.map(({ table }) => readManifestChain(storage, table)));
    const parts = chains.flat().flatMap((manifest) => manifest.parts.filter(({ rows }) => rows > 0));
    const paths = await folder.localise(
      storage,
      parts.map(({ key }) => key),
      signal,
    );
    const pathOf = ({ key }: Part): string => paths.get(key) as string;
    return {
      views: tables.map(({ name }, index) => viewOf(name, chains[index] as TableManifest[], pathOf)),
      readable: [...paths.values()],
      largeRows: parts.some(({ bytes, rows }) => bytes / rows > LARGE_ROW_BYTES),
      bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    };
  }

  private child(
    folder: JobFolder,
    { readable, largeRows }: Loaded,
    work: JobWork,
    limits: ChildLimits,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const threads = this.options.threads ?? THREADS;
    const settings = { folder: folder.path, readable, memoryMb: limits.memoryMb, threads, largeRows };
    return runChild({ settings, work }, limits, signal);
  }

  private async storeGroups(key: string, path: string, written: unknown): Promise<GroupsResult> {
    const { rows, ...groups } = written as WrittenGroups;
    return { part: await this.store(key, path, rows), ...groups };
  }

  private async store(key: string, path: string, rows: number): Promise<Part> {
    return { key, ...(await this.options.storage.writeFile(key, path)), rows };
  }
}
