import { type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import { TOKEN_BYTES } from '@apwa/contracts';
import { type Bundle, type RowRange } from './bundle-groups.js';

/** Rows that an appender holds before it hands them to DuckDB. */
const FLUSH_ROWS = 50_000;

/** Writes bundles down in DuckDB: themselves, the rows in them, and the rows of the input that they were made of. */
export class BundleWriter {
  /** Of each bundle so far. */
  readonly bytes: number[] = [];
  private waiting = 0;

  private constructor(
    private readonly bundles: DuckDBAppender,
    private readonly placed: DuckDBAppender,
    private readonly ranges: DuckDBAppender,
  ) {}

  static async create(connection: DuckDBConnection): Promise<BundleWriter> {
    await connection.run('CREATE TABLE bundles (b BIGINT, g BIGINT, n BIGINT, r BIGINT, tokens BIGINT, code VARCHAR, problem VARCHAR)');
    await connection.run('CREATE TABLE placed (b BIGINT, r BIGINT)');
    await connection.run('CREATE TABLE ranges (b BIGINT, what VARCHAR, place BIGINT, "first" BIGINT, "last" BIGINT)');
    const [bundles, placed, ranges] = [
      await connection.createAppender('bundles'),
      await connection.createAppender('placed'),
      await connection.createAppender('ranges'),
    ];
    return new BundleWriter(bundles, placed, ranges);
  }

  get count(): number {
    return this.bytes.length;
  }

  add({ group, number, row, bytes, rows, sources, leftOut, failure }: Bundle): void {
    const bundle = BigInt(this.count);
    this.bytes.push(bytes);
    for (const value of [bundle, group, BigInt(number), row, BigInt(Math.ceil(bytes / TOKEN_BYTES))]) this.bundles.appendBigInt(value);
    for (const text of [failure?.code, failure?.problem]) {
      if (text === undefined) this.bundles.appendNull();
      else this.bundles.appendVarchar(text);
    }
    this.bundles.endRow();
    for (const one of rows) {
      this.placed.appendBigInt(bundle);
      this.placed.appendBigInt(one);
      this.placed.endRow();
    }
    this.addRanges(bundle, 'source', sources);
    this.addRanges(bundle, 'left_out', leftOut);
    this.waiting += 1 + rows.length + sources.length + leftOut.length;
    if (this.waiting > FLUSH_ROWS) this.flush();
  }

  close(): void {
    for (const appender of [this.bundles, this.placed, this.ranges]) appender.closeSync();
  }

  private addRanges(bundle: bigint, what: string, ranges: readonly RowRange[]): void {
    for (const [place, { first, last }] of ranges.entries()) {
      this.ranges.appendBigInt(bundle);
      this.ranges.appendVarchar(what);
      this.ranges.appendBigInt(BigInt(place));
      this.ranges.appendBigInt(first);
      this.ranges.appendBigInt(last);
      this.ranges.endRow();
    }
  }

  private flush(): void {
    for (const appender of [this.bundles, this.placed, this.ranges]) appender.flushSync();
    this.waiting = 0;
  }
}
