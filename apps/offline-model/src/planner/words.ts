import { STOP_WORDS } from '../dictionaries/common-words.js';
import { stem, wordsOfName } from '../worker/text.js';

/** The stems of a name's or a phrase's own words. */
export const stemsOfPhrase = (phrase: string): string[] =>
  wordsOfName(phrase.normalize('NFD').replace(/\p{M}+/gu, ''))
    .filter((word) => !STOP_WORDS.has(word) || word.length < 2)
    .map(stem);

/** How well a name fits a phrase: 3 the same words, 2 all of the name's, 1 all of the phrase's, 0 not at all. */
export const likeness = (name: string, phrase: string): number => {
  const own = stemsOfPhrase(name);
  const wanted = stemsOfPhrase(phrase);
  if (own.length === 0 || wanted.length === 0) return 0;
  const has = (list: string[], words: string[]) => words.every((word) => list.includes(word));
  if (has(wanted, own) && has(own, wanted)) return 3;
  if (has(wanted, own)) return 2;
  return has(own, wanted) ? 1 : 0;
};

/** A phrase as a name of columns and steps: `the customer's e-mail address` is `customer_email_address`. */
export const nameOf = (phrase: string, fallback = 'value'): string => {
  const words = wordsOfName(
    phrase
      .normalize('NFD')
      .replace(/\p{M}+/gu, '')
      .replace(/['’]s\b/g, '')
      .replace(/\be-mail/gi, 'email'),
  ).filter((word) => !ARTICLES.test(word));
  const name = words
    .slice(0, 5)
    .join('_')
    .slice(0, 50)
    .replace(/^[^a-z]+/, '');
  return name || fallback;
};

const ARTICLES = /^(?:the|an?|all|every|each|any|some|its?|their|his|her|s|of|which|that|this|these|those)$/;

/** A name that is not taken yet, upper and lower case alike; the taken ones grow by it. */
export const unique = (name: string, taken: Set<string>): string => {
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name}_${n}`;
  taken.add(free.toLowerCase());
  return free;
};

/** The elements of "a, b and c". */
export const listOf = (text: string): string[] =>
  text
    .split(/\s*(?:,|;|\/|\||\n)\s*(?:and\s+|or\s+)?|\s+(?:and|or|as well as|vs\.?|versus)\s+/i)
    .map((item) =>
      item
        .trim()
        .replace(/^(?:either|the|an?|both|respectively)\s+/i, '')
        .replace(/^["'“”‘’`([]+|["'“”‘’`)\].:!?]+$/g, '')
        .trim(),
    )
    .filter((item) => item !== '');
