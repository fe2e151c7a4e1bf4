import { type LocalFile } from '../jobs/protocol.js';
import { BadRow, badInput } from './bad-input.js';
import { type ByteWindow, overWindow } from './byte-window.js';
import { headerKeys } from './column-names.js';
import { parseQuoted, splitPlain } from './csv-record.js';
import { type ReadEvents, type RowReader, type SourceRow } from './rows.js';
import { readSource, type SourceLimits } from './source.js';
import { decodeText, excerptOf } from './text-bytes.js';

/** Signs that stand between fields, by their frequency in the header: spreadsheets of many countries write semicolons. */
const DELIMITERS = [',', ';', '\t', '|'];

interface Scanned {
  fields: (string | null)[];
  line: number;
  bytes: number;
  raw: Buffer;
}

/**
 * CSV with a header, after RFC 4180. Lines end with LF or CRLF; empty lines are passed over where there is more than one column. An empty field is null, a
 * quoted empty one is an empty text. A row with more or fewer fields than the header is a bad row, so is one with a quote that is never
 * closed: reading goes on at the line after it.
 */
export const csvReader =
  (file: LocalFile, limits: SourceLimits, fixedDelimiter?: string): RowReader =>
  (events) =>
    new CsvReading(file, limits, events, fixedDelimiter).rows();

class CsvReading {
  private keys: string[] | null = null;
  private delimiter: string;
  /** Empty lines of a file with one column: rows, if another row follows. */
  private blank: SourceRow[] = [];
  /** A row that is too large is passed over up to its line's end. */
  private skipping = false;

  constructor(
    private readonly file: LocalFile,
    private readonly limits: SourceLimits,
    private readonly events: ReadEvents,
    private readonly fixedDelimiter?: string,
  ) {
    this.delimiter = fixedDelimiter ?? ',';
  }

  async *rows(): AsyncIterable<SourceRow[]> {
    yield* overWindow(readSource(this.file, this.limits), (window) => this.take(window));
    if (this.keys === null) throw badInput(this.file.name, null, 'the file is empty', { allowed: 'a header line, then rows' });
  }

  private take(window: ByteWindow): SourceRow[] {
    const rows: SourceRow[] = [];
    for (;;) {
      if (this.skipping && !this.skipLine(window)) return rows;
      if (window.left === 0) return rows;
      let scanned: Scanned | null;
      try {
        scanned = this.scan(window);
      } catch (thrown) {
        if (!(thrown instanceof BadRow) || this.keys === null) throw thrown;
        this.events.bad(thrown);
        continue;
      }
      if (scanned === null) return rows;
      this.accept(scanned, rows);
    }
  }

  /** The next record, or null if its end is not there yet. */
  private scan(window: ByteWindow): Scanned | null {
    const { at: start, line } = window;
    if (this.keys === null && this.fixedDelimiter === undefined) this.delimiter = this.chooseDelimiter(window);
    const plain = window.peekLine();
    if (plain && !plain.content.includes(0x22)) {
      this.checkSize(plain.content.length, plain.content, line, () => this.advance(window, plain.next, 1));
      this.advance(window, plain.next, 1);
      const text = decodeText(plain.content, this.file.name, line);
      return { fields: splitPlain(text, this.delimiter), line, bytes: plain.content.length, raw: plain.content };
    }
    const record = parseQuoted(window.bytes, start, {
      delimiter: this.delimiter.charCodeAt(0),
      ended: window.ended,
      decode: (from, to) => this.decodeField(window, plain?.next, from, to, line),
    });
    switch (record.kind) {
      case 'record': {
        const raw = window.bytes.subarray(start, record.next);
        this.checkSize(raw.length, raw, line, () => this.advance(window, record.next, record.lines));
        this.advance(window, record.next, record.lines);
        return { fields: record.fields, line, bytes: raw.length, raw };
      }
      case 'unfinished': {
        if (window.left <= this.limits.maxRowBytes) return null;
        return this.passOver(window, plain?.next, `the row is larger than ${this.limits.maxRowBytes} bytes, or a quote is never closed`);
      }
      case 'broken':
        return this.passOver(window, plain?.next, record.reason);
    }
  }

  private decodeField(window: ByteWindow, nextLine: number | undefined, from: number, to: number, line: number): string {
    try {
      return decodeText(window.bytes.subarray(from, to), this.file.name, line);
    } catch (thrown) {
      this.leaveLine(window, nextLine);
      throw thrown;
    }
  }

  /** A record that cannot be read ends where its first line ends. */
  private passOver(window: ByteWindow, nextLine: number | undefined, reason: string): never {
    const { line } = window;
    const text = excerptOf(window.bytes.subarray(window.at, nextLine));
    this.leaveLine(window, nextLine);
    throw new BadRow(this.file.name, line, reason, text, 'fields by RFC 4180: quotes around a field, doubled within it');
  }

  private leaveLine(window: ByteWindow, nextLine: number | undefined): void {
    if (nextLine === undefined) this.skipping = true;
    else this.advance(window, nextLine, 1);
  }

  /** Drops bytes up to the end of the line; false if it is not there yet. */
  private skipLine(window: ByteWindow): boolean {
    const line = window.peekLine();
    if (!line) {
      window.at = window.bytes.length;
      return false;
    }
    this.advance(window, line.next, 1);
    this.skipping = false;
    return true;
  }

  private advance(window: ByteWindow, to: number, lines: number): void {
    window.at = to;
    window.line += lines;
  }

  private checkSize(bytes: number, raw: Buffer, line: number, leave: () => void): void {
    if (bytes <= this.limits.maxRowBytes) return;
    leave();
    throw new BadRow(
      this.file.name,
      line,
      `the row has ${bytes} bytes`,
      excerptOf(raw),
      `${this.limits.maxRowBytes} bytes at most; the setting limits.import.maxRowBytes says so`,
    );
  }

  private accept({ fields, line, bytes, raw }: Scanned, rows: SourceRow[]): void {
    const empty = fields.length === 1 && fields[0] === null;
    if (this.keys === null) {
      if (empty) return;
      this.keys = headerKeys(fields);
      this.events.header?.(this.keys);
      return;
    }
    const row: SourceRow = { line, bytes, keys: this.keys, values: fields };
    if (empty) {
      if (this.keys.length === 1) this.blank.push(row);
      return;
    }
    if (fields.length !== this.keys.length) {
      const count = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;
      this.events.bad(
        new BadRow(
          this.file.name,
          line,
          `${count} where the header has ${this.keys.length}`,
          excerptOf(raw).trimEnd(),
          `${this.keys.length} fields in every row`,
        ),
      );
      return;
    }
    rows.push(...this.blank, row);
    this.blank = [];
  }

  private chooseDelimiter(window: ByteWindow): string {
    const header = window.peekLine();
    if (!header) return this.delimiter;
    const text = header.content.toString('latin1').replace(/"[^"]*"/g, '');
    const count = (sign: string): number => text.split(sign).length - 1;
    return DELIMITERS.reduce((best, sign) => (count(sign) > count(best) ? sign : best), ',');
  }
}
