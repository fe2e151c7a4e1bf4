import { open } from 'node:fs/promises';
import { rowMark } from '../stub/row-marks.js';

const SENTENCES = [
  'The parcel came two days late and the box was torn at one corner.',
  'I called the hotline, waited for twenty minutes and was then helped at once.',
  'What I like most is how quiet it runs, even at night.',
  'For this price I had expected a better finish, frankly.',
  'It does what it says and I have nothing to add.',
  'My neighbour has the same model and is just as happy with it.',
  'The manual is in four languages, none of which I read.',
];
/** Rows that are put together before they are written. */
const BLOCK = 10_000;

/** Some three hundred characters, no two of them the same: identical rows are asked once. */
const textOf = (row: number): string => {
  const sentences = [1, 3, 5, 11].map((step) => SENTENCES[(row * step + step) % SENTENCES.length]);
  return `${rowMark(row)} ${sentences.join(' ')} Order ${row * 7}.`;
};

/** Some dozens of characters: where rows are many, their texts are not what is looked at. */
export const shortTextOf = (row: number): string => `${rowMark(row)} ${SENTENCES[row % SENTENCES.length]}`;

/** Writes rows as JSON lines with `id` and `text`. */
export const writeRows = async (path: string, rows: number, text: (row: number) => string = textOf): Promise<void> => {
  await using file = await open(path, 'w');
  for (let first = 0; first < rows; first += BLOCK) {
    const block = Array.from({ length: Math.min(BLOCK, rows - first) }, (_, i) => JSON.stringify({ id: first + i, text: text(first + i) }));
    await file.write(`${block.join('\n')}\n`);
  }
};
