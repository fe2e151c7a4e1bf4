import { type LocalFile } from '../jobs/protocol.js';
import { BadRow, badInput } from './bad-input.js';
import { type ByteWindow, overWindow } from './byte-window.js';
import { beginValue, scanValue, skipSpace, type ValueScan } from './json-scanner.js';
import { parseRecord, recordRow, tooLarge } from './jsonl.js';
import { type RowReader, type SourceRow } from './rows.js';
import { readSource, type SourceLimits } from './source.js';
import { countLines, decodeText, excerptOf } from './text-bytes.js';

const ALLOWED =
  'an array of objects, or an object whose values are all objects (its keys become the column "key"), or one object (one row)';

interface Element {
  /** Of an object's entry. */
  key: string | null;
  bytes: Buffer;
  line: number;
}

/**
 * A JSON document as rows, an element at a time: an array of objects; or an object whose values are all objects, whose keys become the first
 * column, `key`; or any other object as a single row.
 */
export const jsonReader = (file: LocalFile, limits: SourceLimits): RowReader =>
  async function* ({ bad }) {
    const kind = await kindOf(file, limits);
    if (kind === 'record') {
      yield [await wholeRecord(file, limits)];
      return;
    }
    for await (const elements of readElements(file, limits)) {
      const rows: SourceRow[] = [];
      for (const { key, bytes, line } of elements) {
        try {
          if (bytes.length > limits.maxRowBytes) throw tooLarge(file, limits, line, bytes);
          const record = parseRecord(decodeText(bytes, file.name, line), file.name, line);
          const row = recordRow(record, line, bytes.length);
          rows.push(kind === 'list' ? row : { ...row, keys: [KEY, ...row.keys], values: [key, ...row.values] });
        } catch (thrown) {
          if (!(thrown instanceof BadRow)) throw thrown;
          bad(thrown);
        }
      }
      if (rows.length > 0) yield rows;
    }
  };

/** The column for an object's keys: no key of a record can be this one, so that it gets a name of its own. */
const KEY = 'key\u0000';

const kindOf = async (file: LocalFile, limits: SourceLimits): Promise<'list' | 'records' | 'record'> => {
  let entries = 0;
  for await (const elements of readElements(file, limits))
    for (const { key, bytes } of elements) {
      if (key === null) return 'list';
      entries += 1;
      if (bytes[0] !== 0x7b) return 'record';
    }
  // An empty array is a table without rows; an empty object a row without columns.
  return entries > 0 ? 'records' : 'list';
};

const wholeRecord = async (file: LocalFile, limits: SourceLimits): Promise<SourceRow> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of readSource(file, limits)) {
    bytes += piece.length;
    if (bytes > limits.maxRowBytes) throw tooLarge(file, limits, 1, Buffer.concat([...pieces, piece])).refusal();
    pieces.push(piece);
  }
  return recordRow(parseRecord(decodeText(Buffer.concat(pieces), file.name, 1).replace(/^\ufeff/, ''), file.name, 1), 1, bytes);
};

/** The elements of an array, or the entries of an object, as bytes. */
async function* readElements(file: LocalFile, limits: SourceLimits): AsyncIterable<Element[]> {
  const reading = new ElementReading(file, limits);
  yield* overWindow(readSource(file, limits), (window) => reading.take(window));
  reading.end();
}

type Expected = 'document' | 'first' | 'element' | 'colon' | 'value' | 'separator' | 'nothing';

class ElementReading {
  private expected: Expected = 'document';
  private list = true;
  private key: string | null = null;
  private scan: ValueScan | null = null;
  private line = 1;

  constructor(
    private readonly file: LocalFile,
    private readonly limits: SourceLimits,
  ) {}

  take(window: ByteWindow): Element[] {
    const elements: Element[] = [];
    while (this.step(window, elements));
    this.line = window.line;
    return elements;
  }

  end(): void {
    if (this.expected === 'document') throw badInput(this.file.name, null, 'the file is empty', { allowed: ALLOWED });
    if (this.expected !== 'nothing')
      throw badInput(this.file.name, this.line, 'the document ends before it is complete', { allowed: ALLOWED });
  }

  /** Takes the next token or value; false if more bytes are needed. */
  private step(window: ByteWindow, elements: Element[]): boolean {
    if (this.scan === null) this.advance(window, skipSpace(window.bytes, window.at));
    if (window.left === 0) return false;
    const byte = window.bytes[window.at] as number;
    switch (this.expected) {
      case 'document':
        if (byte !== 0x5b && byte !== 0x7b) throw this.fault(window, 'the document is neither an array nor an object');
        this.list = byte === 0x5b;
        return this.expect('first', window, 1);
      case 'first':
      case 'element':
        if (this.expected === 'first' && byte === (this.list ? 0x5d : 0x7d)) return this.expect('nothing', window, 1);
        return this.list ? this.element(window, elements) : this.readKey(window);
      case 'colon':
        if (byte !== 0x3a) throw this.fault(window, 'a colon is missing behind a key');
        return this.expect('value', window, 1);
      case 'value':
        return this.element(window, elements);
      case 'separator':
        if (byte === 0x2c) return this.expect('element', window, 1);
        if (byte === (this.list ? 0x5d : 0x7d)) return this.expect('nothing', window, 1);
        throw this.fault(window, 'a comma is missing between two values');
      case 'nothing':
        throw this.fault(window, 'something stands behind the end of the document');
    }
  }

  private element(window: ByteWindow, elements: Element[]): boolean {
    const bytes = this.value(window);
    if (bytes === null) return false;
    elements.push({ key: this.key, bytes, line: window.line });
    this.advance(window, window.at + bytes.length);
    this.expected = 'separator';
    return true;
  }

  private readKey(window: ByteWindow): boolean {
    if (window.bytes[window.at] !== 0x22) throw this.fault(window, 'a key in quotes is missing');
    const bytes = this.value(window);
    if (bytes === null) return false;
    try {
      this.key = JSON.parse(decodeText(bytes, this.file.name, window.line)) as string;
    } catch (thrown) {
      throw thrown instanceof BadRow ? thrown.refusal() : this.fault(window, 'a key is no valid text');
    }
    return this.expect('colon', window, bytes.length);
  }

  /** The bytes of the value that begins here; null if its end is not there yet. */
  private value(window: ByteWindow): Buffer | null {
    // The window drops what is used: the scan counts from the value's beginning.
    this.scan ??= beginValue(0);
    const bytes = window.bytes.subarray(window.at);
    const end = scanValue(bytes, this.scan, window.ended);
    if (end === null) {
      if (window.ended) throw this.fault(window, 'a value is never closed');
      if (window.left > this.limits.maxRowBytes) throw tooLarge(this.file, this.limits, window.line, bytes).refusal();
      return null;
    }
    this.scan = null;
    if (end === 0) throw this.fault(window, 'a value is missing');
    return bytes.subarray(0, end);
  }

  private expect(expected: Expected, window: ByteWindow, bytes: number): true {
    this.advance(window, window.at + bytes);
    this.expected = expected;
    return true;
  }

  private advance(window: ByteWindow, to: number): void {
    window.line += countLines(window.bytes.subarray(window.at, to));
    window.at = to;
  }

  private fault(window: ByteWindow, reason: string) {
    return badInput(this.file.name, window.line, reason, {
      value: excerptOf(window.bytes.subarray(window.at, window.at + 200)),
      allowed: ALLOWED,
    });
  }
}
