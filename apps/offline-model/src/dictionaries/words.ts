const MARKS = /\p{M}+/gu;
const ASCII = /^[\x20-\x7e]*$/;

/** Lower case without accents: how all dictionaries are written and asked. */
export const fold = (word: string): string => {
  const lower = word.toLowerCase();
  return ASCII.test(lower)
    ? lower
    : lower.normalize('NFD').replace(MARKS, '').replaceAll('ø', 'o').replaceAll('đ', 'd').replaceAll('ł', 'l').replaceAll('ß', 'ss');
};

/** A dictionary of words separated by white space. */
export const wordSet = (...texts: string[]): ReadonlySet<string> => new Set(texts.join(' ').split(/\s+/).filter(Boolean).map(fold));

/** A dictionary of phrases separated by commas. */
export const phraseSet = (...texts: string[]): ReadonlySet<string> =>
  new Set(
    texts
      .join(',')
      .split(',')
      .map((phrase) => fold(phrase.trim().replace(/\s+/g, ' ')))
      .filter(Boolean),
  );

/** A pattern that finds any of some words, the longer ones first. */
export const anyOf = (words: Iterable<string>): string =>
  [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
