import { builtin, measures, TEXT_INPUT } from './builtin.js';

/** Unicode's word boundaries, with its dictionaries where a script writes no spaces. */
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

const wordsOf = (text: string): number => {
  let words = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) words++;
  return words;
};

export const wordCount = builtin({
  name: 'word_count',
  description: 'How many words and lines a text has; numbers count as words, punctuation does not.',
  input: TEXT_INPUT,
  output: measures({ words: 'Words by the Unicode rules, in any script', lines: 'Lines; an empty text has none' }),
  call: ({ text }) => {
    if (typeof text !== 'string') return { words: null, lines: null };
    return { words: wordsOf(text), lines: text === '' ? 0 : (text.match(LINE_END)?.length ?? 0) + 1 };
  },
});
