import { writeSync } from 'node:fs';
import { type Column } from '@apwa/contracts';
import { type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter, type Writer } from 'hyparquet-writer';
import { parseType, type TypeTree } from '../types/column-type.js';
import { encodeValue, parquetSchemaOf } from './parquet-schema.js';

export interface RowGroupLimits {
  rows: number;
  /** Of the values as they are given, about. */
  bytes: number;
}

/**
 * Writes rows to one Parquet file, a row group at a time: into a local file, or into memory if none is given.
 * It holds at most one row group.
 */
export class PartWriter {
  rows = 0;
  private readonly types: TypeTree[];
  private readonly schema: SchemaElement[];
  private readonly bytes = new ByteWriter(1 << 16);
  private readonly writer: ParquetWriter;
  private pending: unknown[][];
  private pendingRows = 0;
  private pendingBytes = 0;

  constructor(
    private readonly columns: readonly Column[],
    private readonly limits: RowGroupLimits,
    /** File descriptor. */
    private readonly file?: number,
  ) {
    this.types = columns.map(({ type }) => parseType(type));
    this.schema = parquetSchemaOf(columns);
    this.pending = columns.map(() => []);
    if (file !== undefined) (this.bytes as Writer).flush = () => this.drain();
    this.writer = new ParquetWriter({ writer: this.bytes, schema: this.schema.map(withoutJson), createdBy: 'apwa' });
  }

  /** Values in the columns' order; `bytes` is about what they take. Throws `Misfit`, and then has taken nothing of the row. */
  add(values: readonly unknown[], bytes: number): void {
    const encoded = this.types.map((type, column) => encodeValue(values[column], type));
    for (const [column, value] of encoded.entries()) this.pending[column]?.push(value);
    this.rows += 1;
    this.pendingRows += 1;
    this.pendingBytes += bytes;
    if (this.pendingRows >= this.limits.rows || this.pendingBytes >= this.limits.bytes) this.flush();
  }

  /** Ends the file; gives its bytes where it was written to memory. */
  finish(): Uint8Array {
    this.flush();
    this.writer.schema = this.schema;
    void this.writer.finish();
    if (this.file === undefined) return this.bytes.getBytes();
    this.drain();
    return new Uint8Array();
  }

  private flush(): void {
    if (this.pendingRows === 0) return;
    const columnData = this.columns.map(({ name }, column) => ({ name, data: this.pending[column] ?? [] }));
    // All of it is synchronous: the writer waits only for a flush that gives a promise.
    void this.writer.write({ columnData, rowGroupSize: this.pendingRows });
    this.pending = this.columns.map(() => []);
    this.pendingRows = 0;
    this.pendingBytes = 0;
  }

  private drain(): void {
    const bytes = this.bytes.getBytes();
    for (let written = 0; written < bytes.length;) written += writeSync(this.file as number, bytes, written);
    this.bytes.index = 0;
  }
}

/**
 * While rows are written a JSON column counts as plain bytes, because its values come formatted already; the file's own schema,
 * written last, says JSON.
 */
const withoutJson = (element: SchemaElement): SchemaElement => {
  if (element.converted_type !== 'JSON') return element;
  const { converted_type: _, ...bytes } = element;
  return bytes;
};
