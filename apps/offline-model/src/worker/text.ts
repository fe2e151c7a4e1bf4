import { STOP_WORDS } from '../dictionaries/common-words.js';
import { fold } from '../dictionaries/words.js';

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

export const wordsOf = (text: string): string[] => (text.match(WORD) ?? []).map((word) => fold(word.replaceAll('’', "'")));

/** A word without the endings of English grammar, so that `refunded`, `refunds` and `refund` are one. */
export const stem = (word: string): string => {
  let stemmed = word.replace(/'s$/, '');
  if (stemmed.length === 4) return stemmed.replace(/(?<=[^sui])s$/, '');
  if (stemmed.length > 4)
    stemmed = stemmed.replace(/(?:ies|ied)$/, 'y').replace(/(?:ingly|edly|ing|ed|ly|ers?|es|s|ment|ness|ations?|ions?)$/, '');
  return stemmed.length > 3 ? stemmed.replace(/([^aeiou])\1$/, '$1').replace(/e$/, '') : stemmed;
};

const contentWords = (text: string): string[] => wordsOf(text).filter((word) => word.length > 1 && !STOP_WORDS.has(word));
export const stemsOf = (text: string): string[] => contentWords(text).map(stem);

const SENTENCE = /[^.!?\n]+(?:[.!?]+(?=\s|$|["”'])|[.!?](?=\S)[^.!?\n]*)*["”']?/g;
export const sentencesOf = (text: string): string[] =>
  (text.match(SENTENCE) ?? []).map((sentence) => sentence.trim()).filter((sentence) => /\p{L}/u.test(sentence));

/** The words of a name: `isUrgent`, `is_urgent` and `Is urgent` alike. */
export const wordsOfName = (name: string): string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(Boolean);

/** A text of at most `length` characters that ends at a word. */
export const shorten = (text: string, length: number): string => {
  if (text.length <= length) return text;
  const cut = text.slice(0, Math.max(0, length - 1));
  const space = cut.lastIndexOf(' ');
  return `${(space > length / 2 ? cut.slice(0, space) : cut).trimEnd()}…`.slice(0, length);
};
