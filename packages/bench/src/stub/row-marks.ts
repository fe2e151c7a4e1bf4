/** What marks a row's text, so that the stub knows a row that it is asked a second time: `row-17;`. */
export const rowMark = (row: number): string => `row-${row};`;

const PREFIX = Buffer.from('row-');
const [ZERO, NINE] = [0x30, 0x39];
const SEMICOLON = 0x3b;

/** The row whose mark stands in a request's body; undefined if none does. */
export const markedRow = (body: Buffer): number | undefined => {
  for (let at = body.indexOf(PREFIX); at >= 0; at = body.indexOf(PREFIX, at + 1)) {
    let row = 0;
    let next = at + PREFIX.length;
    for (; (body[next] ?? 0) >= ZERO && (body[next] ?? 0) <= NINE; next++) row = row * 10 + (body[next] as number) - ZERO;
    if (next > at + PREFIX.length && body[next] === SEMICOLON) return row;
  }
  return undefined;
};
