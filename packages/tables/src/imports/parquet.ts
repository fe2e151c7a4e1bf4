import { open } from 'node:fs/promises';
import { type Column } from '@apwa/contracts';
import { type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { openDatabase, partFormat } from '../jobs/child/database.js';
import { type ImportedFiles, type ImportJob, type JobSettings, type LocalFile } from '../jobs/protocol.js';
import { formatType, parseType, quoteName, quoteText } from '../types/column-type.js';
import { storedType } from '../types/stored-type.js';
import { badInput } from './bad-input.js';
import { ColumnNames } from './column-names.js';
import { inflatedLimit, tooMuch, unpackTo } from './source.js';

const ALLOWED = 'a complete Parquet file';
/** Average bytes of a row from which on row groups go by bytes. */
const LARGE_ROW_BYTES = 16 * 1024;
/** More rows than a file of this format can sensibly hold for one byte of it: dictionaries and run lengths pack well. */
const MOST_ROWS_PER_BYTE = 10_000;

/** Parquet files as one table: columns of one name are one, those that a file does not have are null there. */
export const importParquet = async (settings: JobSettings, job: ImportJob): Promise<ImportedFiles> => {
  const files = await Promise.all(job.files.map((file, index) => unpackTo(file, `${settings.folder}/in/unpacked-${index}`, job)));
  let [bytes, rows] = [0, 0];
  for (const file of files) {
    const declared = await declaredSizes(file);
    // Declared sizes are read before anything is unpacked: a file of 42 kB can declare petabytes.
    const limit = inflatedLimit(file.bytes, job);
    if (declared.bytes > limit || declared.rows > file.bytes * MOST_ROWS_PER_BYTE) throw tooMuch(file, limit);
    bytes += declared.bytes;
    rows += declared.rows;
  }
  const largeRows = rows > 0 && bytes / rows > LARGE_ROW_BYTES;
  const connection = await openDatabase({ ...settings, largeRows, readable: files.map(({ path }) => path) });
  try {
    const source = `read_parquet([${files.map(({ path }) => quoteText(path)).join(', ')}], union_by_name = true)`;
    const described = await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`);
    const names = new ColumnNames();
    const name = files[0]?.name ?? 'files';
    const columns = described.getRows().map(([raw, type]) => {
      const stored = formatType(storedType(parseType(type as string)));
      return { raw: raw as string, type: stored, name: names.names[names.add(raw as string, name)] as string };
    });
    const list = columns.map((column) => `CAST(${quoteName(column.raw)} AS ${column.type}) AS ${quoteName(column.name)}`).join(', ');
    const copied = await connection.run(
      `COPY (SELECT ${list} FROM ${source}) TO ${quoteText(job.output)} (${partFormat({ ...settings, largeRows })})`,
    );
    return {
      rows: copied.rowsChanged,
      columns: columns.map((column): Column => ({ name: column.name, type: column.type })),
      rejectedRows: 0,
    };
  } catch (thrown) {
    throw parquetFault(files, thrown);
  }
};

const declaredSizes = async (file: LocalFile): Promise<{ bytes: number; rows: number }> => {
  const handle = await open(file.path, 'r');
  try {
    const slice = async (start: number, end: number = file.bytes): Promise<ArrayBuffer> => {
      const buffer = Buffer.allocUnsafeSlow(Math.max(0, end - start));
      await handle.read(buffer, 0, buffer.length, start);
      return buffer.buffer;
    };
    const metadata: FileMetaData = await parquetMetadataAsync({ byteLength: file.bytes, slice }, { initialFetchSize: 65_536 });
    const bytes = metadata.row_groups.reduce(
      (sum, group) =>
        sum +
        Math.max(
          Number(group.total_byte_size),
          group.columns.reduce((all, { meta_data }) => all + Number(meta_data?.total_uncompressed_size ?? 0n), 0),
        ),
      0,
    );
    return { bytes, rows: Number(metadata.num_rows) };
  } catch (thrown) {
    throw badInput(file.name, null, `it cannot be read as Parquet (${thrown instanceof Error ? thrown.message : String(thrown)})`, {
      allowed: ALLOWED,
      cause: thrown,
    });
  } finally {
    await handle.close();
  }
};

/** DuckDB's words about files, without our paths: each stands for the name that it was uploaded with. */
const parquetFault = (files: readonly LocalFile[], thrown: unknown): unknown => {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/out of memory/i.test(message)) return thrown;
  const named = files.reduce((text, { path, name }) => text.replaceAll(path, name), message);
  const guilty = files.find(({ path }) => message.includes(path)) ?? files[0];
  return badInput(guilty?.name ?? 'files', null, `it cannot be read as Parquet (${named.split('\n')[0]?.slice(0, 300)})`, {
    allowed: ALLOWED,
    cause: thrown,
  });
};
