const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

export type CsvRecord =
  /** `null`: an empty field without quotes. */
  { kind: 'record'; fields: (string | null)[]; next: number; lines: number } | { kind: 'unfinished' } | { kind: 'broken'; reason: string };

/** Fields of text without quotes. */
export const splitPlain = (text: string, delimiter: string): (string | null)[] => {
  const fields: (string | null)[] = text.split(delimiter);
  for (let index = 0; index < fields.length; index++) if (fields[index] === '') fields[index] = null;
  return fields;
};

/**
 * The record that begins at `start`, of bytes that hold quotes: RFC 4180, where a quote within a field without quotes stands for
 * itself. All characters that matter are ASCII, so bytes can be looked at one by one whatever the text is. `decode` makes a
 * field's bytes text.
 */
export const parseQuoted = (
  bytes: Buffer,
  start: number,
  { delimiter, ended, decode }: { delimiter: number; ended: boolean; decode: (from: number, to: number) => string },
): CsvRecord => {
  const fields: (string | null)[] = [];
  let at = start;
  let lines = 1;
  for (;;) {
    let value: string | null;
    if (bytes[at] === QUOTE) {
      const quoted = quotedField(bytes, at, ended, decode);
      if (typeof quoted === 'string') return quoted === 'unfinished' ? { kind: 'unfinished' } : { kind: 'broken', reason: quoted };
      value = quoted.text;
      at = quoted.next;
      lines += quoted.lines;
      const follows = bytes[at];
      const ends = follows === undefined || follows === delimiter || follows === NEWLINE || (follows === RETURN && endsLine(bytes, at + 1));
      if (!ends) return { kind: 'broken', reason: 'text stands behind a closing quote' };
      if (follows === undefined && !ended) return { kind: 'unfinished' };
      if (follows === RETURN) at += 1;
    } else {
      const from = at;
      while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== NEWLINE) at += 1;
      if (at === bytes.length && !ended) return { kind: 'unfinished' };
      const to = at > from && bytes[at] !== delimiter && bytes[at - 1] === RETURN ? at - 1 : at;
      value = to === from ? null : decode(from, to);
    }
    fields.push(value);
    if (at >= bytes.length) return { kind: 'record', fields, next: at, lines };
    if (bytes[at] === NEWLINE) return { kind: 'record', fields, next: at + 1, lines };
    at += 1;
  }
};

const endsLine = (bytes: Buffer, at: number): boolean => at >= bytes.length || bytes[at] === NEWLINE;

const quotedField = (
  bytes: Buffer,
  start: number,
  ended: boolean,
  decode: (from: number, to: number) => string,
): { text: string; next: number; lines: number } | 'unfinished' | 'a quote is opened and never closed' => {
  let from = start + 1;
  let text = '';
  for (;;) {
    const quote = bytes.indexOf(QUOTE, from);
    if (quote < 0) return ended ? 'a quote is opened and never closed' : 'unfinished';
    // Whether another quote follows is not known yet.
    if (quote + 1 === bytes.length && !ended) return 'unfinished';
    if (bytes[quote + 1] === QUOTE) {
      text += decode(from, quote + 1);
      from = quote + 2;
      continue;
    }
    text += decode(from, quote);
    let lines = 0;
    for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < quote; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
    return { text, next: quote + 1, lines };
  }
};
