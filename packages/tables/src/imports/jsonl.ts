import { type LocalFile } from '../jobs/protocol.js';
import { parseExactJson } from '../types/exact-json.js';
import { BadRow, badInput } from './bad-input.js';
import { overWindow } from './byte-window.js';
import { type RowReader, type SourceRow } from './rows.js';
import { readSource, type SourceLimits } from './source.js';
import { decodeText, excerptOf } from './text-bytes.js';

const BLANK = /^\s*$/;

/** One JSON object a line; empty lines are passed over. */
export const jsonlReader = (file: LocalFile, limits: SourceLimits): RowReader =>
  async function* ({ bad }) {
    let empty = true;
    let skipping = false;
    const batches = overWindow(readSource(file, limits), (window) => {
      const rows: SourceRow[] = [];
      for (;;) {
        const line = window.peekLine();
        if (!line) {
          // A line that goes on beyond the limit is dropped as it comes.
          if (window.left > limits.maxRowBytes) {
            if (!skipping) bad(tooLarge(file, limits, window.line, window.bytes.subarray(window.at)));
            skipping = true;
            empty = false;
            window.at = window.bytes.length;
          }
          return rows;
        }
        if (window.left === 0) return rows;
        const number = window.line;
        window.at = line.next;
        window.line += 1;
        if (skipping) {
          skipping = false;
          continue;
        }
        try {
          if (line.content.length > limits.maxRowBytes) throw tooLarge(file, limits, number, line.content);
          const text = decodeText(line.content, file.name, number);
          if (BLANK.test(text)) continue;
          empty = false;
          rows.push(recordRow(parseRecord(text, file.name, number), number, line.content.length));
        } catch (thrown) {
          empty = false;
          if (!(thrown instanceof BadRow)) throw thrown;
          bad(thrown);
        }
      }
    });
    yield* batches;
    if (empty) throw badInput(file.name, null, 'the file is empty', { allowed: 'one JSON object a line' });
  };

export const tooLarge = (file: LocalFile, limits: SourceLimits, line: number, bytes: Buffer): BadRow =>
  new BadRow(
    file.name,
    line,
    `the row is larger than ${limits.maxRowBytes} bytes`,
    excerptOf(bytes),
    `${limits.maxRowBytes} bytes at most; the setting limits.import.maxRowBytes says so`,
  );

/** JSON text as a record. Throws a `BadRow` if it is none. */
export const parseRecord = (text: string, file: string, line: number): Record<string, unknown> => {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (thrown) {
    throw new BadRow(file, line, `no valid JSON: ${reasonOf(thrown)}`, text.slice(0, 4_096), 'a JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRow(file, line, 'the value is no object', text.slice(0, 4_096), 'a JSON object, whose keys are the columns');
  return value as Record<string, unknown>;
};

/** The parser's words without the excerpt of the document that it adds. */
const reasonOf = (thrown: unknown): string => {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message
    .replace(/,? ?\.{0,3}"[\s\S]*"?\.{0,3} is not valid JSON$/, '')
    .replace(/ in JSON at position (\d+)[\s\S]*$/, ' at character $1');
};

export const recordRow = (record: Record<string, unknown>, line: number, bytes: number): SourceRow => {
  const keys = Object.keys(record);
  return { line, bytes, keys, values: keys.map((key) => record[key]) };
};
