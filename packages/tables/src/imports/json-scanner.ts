const sign = { open: 0x7b, close: 0x7d, openList: 0x5b, closeList: 0x5d, quote: 0x22, backslash: 0x5c, comma: 0x2c, colon: 0x3a } as const;

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The first byte from `at` on that is no white space; the length if there is none. */
export const skipSpace = (bytes: Buffer, at: number): number => {
  let next = at;
  while (next < bytes.length && isSpace(bytes[next])) next += 1;
  return next;
};

/**
 * Where the JSON value that begins at `start` ends; null if its end is not there yet. Only strings and brackets are looked at:
 * whether it is valid is for the parser to say. `depth` and `inText` are kept in `state`, so that a value that comes in pieces is
 * scanned once.
 */
export interface ValueScan {
  at: number;
  depth: number;
  inText: boolean;
}

export const beginValue = (start: number): ValueScan => ({ at: start, depth: 0, inText: false });

export const scanValue = (bytes: Buffer, scan: ValueScan, ended: boolean): number | null => {
  for (; scan.at < bytes.length; scan.at++) {
    const byte = bytes[scan.at];
    if (scan.inText) {
      if (byte === sign.backslash) {
        // The next byte is escaped; it may not be there yet.
        if (scan.at + 1 >= bytes.length) return null;
        scan.at += 1;
      } else if (byte === sign.quote) {
        scan.inText = false;
        if (scan.depth === 0) return scan.at + 1;
      }
    } else if (byte === sign.quote) scan.inText = true;
    else if (byte === sign.open || byte === sign.openList) scan.depth += 1;
    else if (byte === sign.close || byte === sign.closeList) {
      // The bracket of what is around the value: a number or a word ends here.
      if (scan.depth === 0) return scan.at;
      scan.depth -= 1;
      if (scan.depth === 0) return scan.at + 1;
    } else if (scan.depth === 0 && (byte === sign.comma || byte === sign.colon || isSpace(byte))) return scan.at;
  }
  return ended && !scan.inText && scan.depth === 0 ? scan.at : null;
};
