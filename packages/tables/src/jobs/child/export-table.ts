import { closeSync, openSync, writeSync } from 'node:fs';
import { type Column, type JsonValue, type RowValues } from '@apwa/contracts';
import { isBookkeeping } from '../../manifests/table-columns.js';
import { type TableView } from '../../sql/views.js';
import { quoteName, quoteText } from '../../types/column-type.js';
import { type JobSettings, type JobWork, type WrittenFile } from '../protocol.js';
import { openDatabase, partFormat } from './database.js';
import { streamRows } from './duckdb-values.js';
import { sqlFault } from './sql-errors.js';

type ExportJob = Extract<JobWork, { kind: 'export' }>;

/** Bytes that are put together before they are written. */
const CHUNK_BYTES = 1 << 20;

/** Without these nobody could tell why a row failed: they stand in every export of failed rows. */
const FAILURE_COLUMNS = new Set(['_status', '_error_code', '_error', '_attempts']);

/** Writes a table's rows in order: Parquet by DuckDB, CSV and JSONL with values as the API shows them. */
export const exportTable = async (settings: JobSettings, job: ExportJob): Promise<WrittenFile> => {
  const connection = await openDatabase(settings);
  try {
    const columns = exportedColumns(job);
    const select = exportSelect(job, columns);
    if (job.format === 'parquet') {
      const copied = await connection.run(`COPY (${select}) TO ${quoteText(job.output)} (${partFormat(settings)})`);
      return { rows: copied.rowsChanged, columns };
    }
    const file = new TextFile(job.output);
    try {
      if (job.format === 'csv') file.add(csvLine(columns.map(({ name }) => name)));
      let rows = 0;
      for await (const chunk of streamRows(connection, select, columns)) {
        for (const row of chunk) file.add(job.format === 'csv' ? csvRow(row, columns) : `${JSON.stringify(row)}\n`);
        rows += chunk.length;
      }
      return { rows, columns };
    } finally {
      file.close();
    }
  } catch (thrown) {
    throw sqlFault(thrown);
  }
};

const exportedColumns = ({ view, rows, bookkeeping }: ExportJob): Column[] => {
  const content = view.columns.filter(({ name }) => !isBookkeeping(name));
  if (!view.numbered) return content;
  const machinery = view.columns.filter(({ name }) => isBookkeeping(name));
  return [...content, ...machinery.filter(({ name }) => bookkeeping || (rows === 'failed' && FAILURE_COLUMNS.has(name)))];
};

/** Files are read in the order of their rows; a join with a base loses it. */
const exportSelect = ({ view, rows }: ExportJob, columns: readonly Column[]): string => {
  const list = columns.map(({ name }) => quoteName(name)).join(', ');
  return `SELECT ${list} FROM (${view.select}) WHERE ${condition(view, rows)}${view.numbered ? ' ORDER BY "_row"' : ''}`;
};

const condition = ({ numbered }: TableView, rows: ExportJob['rows']): string => {
  if (rows === 'all') return 'true';
  if (!numbered) return rows === 'ok' ? 'true' : 'false';
  return `"_status" = ${quoteText(rows)}`;
};

const csvRow = (row: RowValues, columns: readonly Column[]): string => csvLine(columns.map(({ name }) => csvText(row[name] ?? null)));

/** Null is an empty field, an empty text a quoted one. */
const csvText = (value: JsonValue): string | null => {
  if (value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const csvLine = (fields: readonly (string | null)[]): string =>
  `${fields.map((field) => (field === null ? '' : quoteField(field))).join(',')}\n`;

const quoteField = (field: string): string => (field === '' || /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

class TextFile {
  private readonly file: number;
  private waiting: string[] = [];
  private bytes = 0;

  constructor(path: string) {
    this.file = openSync(path, 'wx');
  }

  add(text: string): void {
    this.waiting.push(text);
    this.bytes += text.length;
    if (this.bytes >= CHUNK_BYTES) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    const content = Buffer.from(this.waiting.join(''));
    for (let written = 0; written < content.length;) written += writeSync(this.file, content, written);
    this.waiting = [];
    this.bytes = 0;
  }
}
