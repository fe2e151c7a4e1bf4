import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  type Column,
  type ExportWork,
  type FileFormat,
  newId,
  newLeaseToken,
  noUsage,
  type Part,
  RefusedError,
  type RowResult,
  type RowValues,
  type SqlWork,
  type TableManifest,
  type TableReference,
  type UploadedFile,
} from '@apwa/contracts';
import {
  type ImportLimits,
  type ImportResult,
  openStorage,
  readManifest,
  readRows,
  type Storage,
  TableJobs,
  writeManifest,
  writeMapPart,
} from '../../src/index.js';

export const LIMITS = {
  sql: { memoryMb: 300, timeoutMs: 60_000, rows: 1_000_000 },
  import: { memoryMb: 400, timeoutMs: 120_000, maxRowBytes: 1_000_000 } as ImportLimits,
};

export { gzipSync };

/** A storage, jobs over it, and short ways to make tables in it. */
export class Fixture implements AsyncDisposable {
  readonly jobs: TableJobs;

  private constructor(
    readonly folder: string,
    readonly storage: Storage,
    limits: typeof LIMITS,
  ) {
    this.jobs = new TableJobs({ storage, limits, tempDirectory: join(folder, 'jobs') });
  }

  static async create({ storage, limits = LIMITS }: { storage?: Storage; limits?: typeof LIMITS } = {}): Promise<Fixture> {
    const folder = await mkdtemp(join(tmpdir(), 'apwa-tables-test-'));
    return new Fixture(folder, storage ?? (await openStorage({ url: pathToFileURL(join(folder, 'storage')).href })), limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.storage.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  newKey(ending = 'parquet'): string {
    return `parts/${newId('stage')}/${newId('shard')}.${newLeaseToken()}.${ending}`;
  }

  async upload(files: Record<string, string | Uint8Array>): Promise<UploadedFile[]> {
    const upload = newId('upload');
    const uploaded: UploadedFile[] = [];
    for (const [name, content] of Object.entries(files)) {
      const key = `uploads/${upload}/${uploaded.length}`;
      const { bytes } = await this.storage.write(key, typeof content === 'string' ? Buffer.from(content) : content);
      uploaded.push({ key, name, bytes });
    }
    return uploaded;
  }

  async import(
    files: Record<string, string | Uint8Array>,
    { format, sheet, skipBadRows = false }: { format?: FileFormat; sheet?: string; skipBadRows?: boolean } = {},
  ): Promise<ImportResult> {
    const work = {
      kind: 'import' as const,
      files: await this.upload(files),
      options: { skipBadRows, ...(sheet === undefined ? {} : { sheet }) },
      ...(format === undefined ? {} : { format }),
    };
    return this.jobs.importFiles(work, this.newKey(), this.newKey());
  }

  /** A table of one part that holds all columns. */
  async table({ part, columns }: { part: Part; columns: Column[] }): Promise<TableReference> {
    return this.tableOf({ rows: part.rows, columns, ownColumns: columns, parts: [{ ...part, firstRow: 0 }] });
  }

  async tableOf(manifest: Omit<TableManifest, 'tableId' | 'version'>): Promise<TableReference> {
    return writeManifest(this.storage, { tableId: newId('table'), version: 1, ...manifest });
  }

  async importTable(files: Record<string, string | Uint8Array>): Promise<TableReference> {
    return this.table(await this.import(files));
  }

  /** A map over a table: `answer` gives a row's output, or null for a row that fails. */
  async map(
    base: TableReference,
    columns: Column[],
    answer: (row: number) => Record<string, unknown> | null,
    { shardRows = 1_000 }: { shardRows?: number } = {},
  ): Promise<TableReference> {
    const writePart = async (first: number) => {
      const results = Array.from({ length: Math.min(shardRows, base.rows - first) }, (_, at) => resultOf(first + at, answer(first + at)));
      return { ...(await writeMapPart(this.storage, this.newKey(), { columns, results })), firstRow: first };
    };
    const firsts = Array.from({ length: Math.ceil(base.rows / shardRows) }, (_, at) => at * shardRows);
    const parts = [];
    for (let at = 0; at < firsts.length; at += 64) parts.push(...(await Promise.all(firsts.slice(at, at + 64).map(writePart))));
    const under = await readManifest(this.storage, base);
    return this.tableOf({ rows: base.rows, columns: [...under.columns, ...columns], base, ownColumns: columns, parts });
  }

  async rows(table: TableReference): Promise<RowValues[]> {
    return readRows(this.storage, table, { first: 0, last: Math.max(0, table.rows - 1) });
  }

  async sql(query: string, tables: Record<string, TableReference>, limits: Partial<SqlWork['limits']> = {}) {
    const inputs = Object.entries(tables).map(([name, table]) => ({ name, table }));
    return this.jobs.runSql({ kind: 'sql', inputs, query, limits: { ...LIMITS.sql, ...limits } }, this.newKey());
  }

  async sqlRows(query: string, tables: Record<string, TableReference>): Promise<RowValues[]> {
    return this.rows(await this.table(await this.sql(query, tables)));
  }

  async export(input: TableReference, options: Partial<ExportWork> = {}): Promise<string> {
    const format = options.format ?? 'jsonl';
    const key = this.newKey(format);
    await this.jobs.exportTable({ kind: 'export', input, format, rows: 'all', bookkeeping: false, ...options }, key);
    return Buffer.from(await this.storage.read(key)).toString('utf8');
  }
}

export const resultOf = (row: number, output: Record<string, unknown> | null): RowResult => ({
  row,
  status: output ? 'ok' : 'failed',
  output: output as RowResult['output'],
  error: output ? null : { code: 'refused', message: `row ${row} was declined` },
  attempts: output ? 1 : 3,
  model: 'test-model',
  usage: { ...noUsage(), input: 10, cacheRead: 5, output: 3 },
  usageEstimated: false,
  costUsd: 0.25,
  latencyMs: 12.4,
  traceId: null,
});

/** The payload of the refusal that a promise ends with. */
export const refusalOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RefusedError)) throw new Error(`expected a refusal, got ${String(error)}`, { cause: error });
  return error.toPayload();
};
