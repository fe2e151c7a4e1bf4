import { randomFillSync } from 'node:crypto';
import { type JsonValue } from '@apwa/contracts';

/** A field of a row as it goes into a prompt. */
export interface Field {
  name: string;
  value: JsonValue;
}

/** How a field is named wherever a prompt speaks of it: in the instructions and above its value. */
export const fieldNotation = (name: string): string => `[field ${JSON.stringify(name)}]`;

/** A value as a prompt shows it. */
export const textOf = (value: JsonValue): string => {
  if (value === null) return '(no value)';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const MARK_BYTES = 8;
/** Drawn in bulk: a call of the operating system per row would show in what a row costs. */
const pool = Buffer.alloc(MARK_BYTES * 512);
let used = pool.length;

const newMark = (): string => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += MARK_BYTES;
  return pool.toString('hex', used - MARK_BYTES, used);
};

/** A mark that stands nowhere in `texts`: data that holds a mark of its own, however it was guessed, closes nothing. */
const markFor = (texts: readonly string[], draw: () => string): string => {
  for (;;) {
    const mark = draw();
    if (!texts.some((text) => text.includes(mark))) return mark;
  }
};

/**
 * A row's fields between two lines that carry a random mark; each field begins with a line that carries it too, so that a
 * value can pretend neither to be another field nor to be past the end. Text stands as it is (quotes and line ends are not
 * escaped: models copy what they see), other values as JSON.
 */
export const fence = (fields: readonly Field[], draw: () => string = newMark): string => {
  const texts = fields.map(({ name, value }) => ({ notation: fieldNotation(name), text: textOf(value) }));
  const mark = markFor(
    texts.flatMap(({ notation, text }) => [notation, text]),
    draw,
  );
  const lines = texts.map(({ notation, text }) => `--- ${notation} ${mark} ---\n${text}`);
  return [`=== data ${mark} begins ===`, ...lines, `=== data ${mark} ends ===`].join('\n');
};
