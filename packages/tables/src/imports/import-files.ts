import { closeSync, openSync } from 'node:fs';
import { type FileFormat } from '@apwa/contracts';
import { importDocuments } from '../documents/import-documents.js';
import { PartWriter } from '../parquet/part-writer.js';
import { type ImportedFiles, type ImportJob, type JobSettings, type LocalFile } from '../jobs/protocol.js';
import { type BadRow, badInput, faultOfFile } from './bad-input.js';
import { ColumnNames, nameOfKey } from './column-names.js';
import { csvReader } from './csv.js';
import { excelReader } from './excel.js';
import { formatOf } from './formats.js';
import { jsonReader } from './json.js';
import { JsonShape } from './json-inference.js';
import { jsonlReader } from './jsonl.js';
import { importParquet } from './parquet.js';
import { type ColumnInference, REJECTED_COLUMNS, type RowReader, type SourceRow, TEXT_COLUMNS } from './rows.js';
import { unpackTo } from './source.js';
import { textReader } from './text.js';
import { TextInference } from './text-inference.js';

/** What a reader of a thousand rows reads is about that; rows of files stay below DuckDB's own vectors. */
const ROW_GROUP = { rows: 2_048, bytes: 4 * 1024 * 1024 };
/** The longest text of a bad row that is kept, in characters. */
const REJECTED_TEXT = 4_096;

/**
 * Makes one table of files of one format, their rows in order. Files are read twice: the first time says what the columns are and whether every
 * row is good, the second writes. Neither holds more than a row group.
 *
 * Types: of texts (CSV, TSV, Excel) what all values of a column are (BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP), otherwise VARCHAR; of JSON what it says,
 * nested values as STRUCT and LIST, irregular ones as JSON; of Parquet its own.
 */
export const importFiles = async (settings: JobSettings, job: ImportJob): Promise<ImportedFiles> => {
  const format = job.format ?? formatOf(job.files);
  if (format === 'documents') return importDocuments(settings, job);
  for (const file of job.files)
    if (file.bytes === 0 && !job.options.skipBadRows)
      throw badInput(file.name, null, 'the file is empty', { allowed: 'a file with content' });
  if (format === 'parquet') return importParquet(settings, job);
  const files = format === 'excel' ? await unpackAll(settings, job) : job.files;
  const readers = files.map((file) => ({ file, read: readerOf(format, file, job) }));
  const table = new TableShape(format);
  for (const { file, read } of readers)
    await inFile(file, async () => {
      const events = {
        bad: (bad: BadRow) => refuseUnless(job, bad),
        header: (keys: readonly string[]) => void table.indexesOf(keys, file.name),
      };
      for await (const rows of read(events)) for (const row of rows) table.add(row, file.name);
    });
  return write(readers, table, job);
};

const refuseUnless = ({ options }: ImportJob, bad: BadRow): void => {
  if (!options.skipBadRows) throw bad.refusal();
};

const inFile = async (file: LocalFile, task: () => Promise<void>): Promise<void> => {
  try {
    await task();
  } catch (thrown) {
    throw faultOfFile(file.name, thrown);
  }
};

const readerOf = (format: Exclude<FileFormat, 'parquet' | 'documents'>, file: LocalFile, job: ImportJob): RowReader => {
  switch (format) {
    case 'csv':
      return csvReader(file, job);
    case 'tsv':
      return csvReader(file, job, '\t');
    case 'json':
      return jsonReader(file, job);
    case 'jsonl':
      return jsonlReader(file, job);
    case 'text':
      return textReader(file, job);
    case 'excel':
      return excelReader(file, job, job.options.sheet);
  }
};

const unpackAll = (settings: JobSettings, job: ImportJob): Promise<LocalFile[]> =>
  Promise.all(job.files.map((file, index) => unpackTo(file, `${settings.folder}/in/unpacked-${index}`, job)));

/** The columns of all files, and what their values are. */
class TableShape {
  readonly names = new ColumnNames();
  readonly inferences: ColumnInference[] = [];
  private readonly indexes = new Map<string, number>();
  private lastKeys: readonly string[] | null = null;
  private lastIndexes: readonly number[] = [];

  constructor(private readonly format: FileFormat) {
    if (format === 'text') for (const { name } of TEXT_COLUMNS) this.indexOf(name, '');
  }

  add({ keys, values }: SourceRow, file: string): void {
    const indexes = this.indexesOf(keys, file);
    for (let at = 0; at < values.length; at++) this.inferences[indexes[at] as number]?.add(values[at]);
  }

  /** The columns' places of a row's keys; rows with a header share their keys, and their places. */
  indexesOf(keys: readonly string[], file: string): readonly number[] {
    if (keys === this.lastKeys) return this.lastIndexes;
    this.lastKeys = keys;
    this.lastIndexes = keys.map((key) => this.indexOf(key, file));
    return this.lastIndexes;
  }

  private indexOf(key: string, file: string): number {
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    const index = this.names.add(nameOfKey(key), file);
    this.indexes.set(key, index);
    this.inferences.push(
      this.format === 'json' || this.format === 'jsonl' || this.format === 'text' ? new JsonShape() : new TextInference(),
    );
    return index;
  }
}

const write = async (
  readers: readonly { file: LocalFile; read: RowReader }[],
  table: TableShape,
  { output, rejected, options }: ImportJob,
): Promise<ImportedFiles> => {
  const types = table.inferences.map((inference) => inference.type());
  const columns = table.names.names.map((name, index) => ({ name, type: types[index] ?? 'VARCHAR' }));
  if (columns.length === 0)
    throw badInput(readers[0]?.file.name ?? 'files', null, 'no good row tells a column', { allowed: 'at least one row' });
  const rows = withFile(output, (file) => new PartWriter(columns, ROW_GROUP, file));
  const bad = options.skipBadRows ? withFile(rejected, (file) => new PartWriter(REJECTED_COLUMNS, ROW_GROUP, file)) : null;
  const onBad = ({ file, line, reason, text }: BadRow): void =>
    bad?.writer.add([file, line, reason, text.slice(0, REJECTED_TEXT)], text.length + 100);
  try {
    for (const { file, read } of readers)
      for await (const batch of read({ bad: onBad }))
        for (const row of batch) {
          const values: unknown[] = new Array(columns.length).fill(null);
          const indexes = table.indexesOf(row.keys, file.name);
          for (const [at, value] of row.values.entries()) {
            const index = indexes[at] as number;
            values[index] = table.inferences[index]?.convert(value, types[index] as string);
          }
          rows.writer.add(values, row.bytes);
        }
    rows.writer.finish();
    bad?.writer.finish();
    return { rows: rows.writer.rows, columns, rejectedRows: bad?.writer.rows ?? 0 };
  } finally {
    rows.close();
    bad?.close();
  }
};

const withFile = (path: string, open: (file: number) => PartWriter): { writer: PartWriter; close: () => void } => {
  const file = openSync(path, 'wx');
  return { writer: open(file), close: () => closeSync(file) };
};
