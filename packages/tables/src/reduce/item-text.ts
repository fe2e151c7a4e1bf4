import { createHash } from 'node:crypto';

/** Letters of the mark that begins the items of a bundle. */
const MARK_LETTERS = 8;

export interface Item {
  /** `item 17`: what an answer can call it by. */
  label: string;
  text: string;
}

/** What an item takes of a bundle beside its label and its text, in bytes: the lines of `itemText`. */
export const ITEM_BYTES = Buffer.byteLength('---   ---\n\n') + MARK_LETTERS;

/**
 * Items as one text. Each begins with a line that carries a mark, which stands in none of them: whatever an item says, it cannot pretend
 * to be another one. The mark is told by the items, so that the same ones give the same text.
 */
export const itemText = (items: readonly Item[]): string => {
  const mark = markFor(items);
  return items.map(({ label, text }) => `--- ${label} ${mark} ---\n${text}`).join('\n');
};

const markFor = (items: readonly Item[]): string => {
  const texts = items.map(({ text }) => text);
  for (let draw = 0; ; draw++) {
    const hash = createHash('sha256').update(`${draw}\n`);
    for (const text of texts) hash.update(text);
    const mark = hash.digest('hex').slice(0, MARK_LETTERS);
    if (!texts.some((text) => text.includes(mark))) return mark;
  }
};
