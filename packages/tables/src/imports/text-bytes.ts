import { isAscii, isUtf8 } from 'node:buffer';
import { BadRow } from './bad-input.js';

const UTF8 = 'UTF-8 text';

/** Bytes as text. Throws a `BadRow` that names the first byte that is no UTF-8. */
export const decodeText = (bytes: Buffer, file: string, line: number): string => {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const at = firstInvalid(bytes);
  const place = line + countLines(bytes.subarray(0, at));
  const from = bytes.lastIndexOf(0x0a, at) + 1;
  throw new BadRow(
    file,
    place,
    `byte ${at - from + 1} of the line (0x${bytes[at]?.toString(16)}) is no UTF-8`,
    excerptOf(bytes.subarray(from)),
    UTF8,
  );
};

/** The longest text of a wrong row that is looked at. */
const EXCERPT_BYTES = 4_096;

/** The beginning of bytes, whatever they are, with a mark for what is no text. */
export const excerptOf = (bytes: Buffer): string => bytes.subarray(0, EXCERPT_BYTES).toString('utf8');

export const countLines = (bytes: Buffer): number => {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
};

/** The first byte that no valid sequence holds: the longest valid beginning is looked for by halves. */
const firstInvalid = (bytes: Buffer): number => {
  let [valid, invalid] = [0, bytes.length];
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    if (isValidStart(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle - 1;
  }
  // A sequence that is cut off counts as a valid start: its first byte is what is wrong.
  for (let back = 0; back < 4; back++) if (isUtf8(bytes.subarray(0, valid - back))) return valid - back;
  return valid;
};

/** Whether more bytes could make it valid: a character that is cut off at the end is no fault yet. */
const isValidStart = (bytes: Buffer): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
};
