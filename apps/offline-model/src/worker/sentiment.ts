import { INTENSIFIERS, NEGATIONS, NEGATIVE_WORDS, POSITIVE_WORDS } from '../dictionaries/sentiment.js';
import { wordsOf } from './text.js';

export interface Sentiment {
  /** Weights of what speaks for and against. */
  positive: number;
  negative: number;
  /** -1 to 1. */
  balance: number;
}

/** How many words a negation reaches. */
const REACH = 3;

export const sentimentOf = (text: string): Sentiment => {
  const words = wordsOf(text);
  let positive = 0;
  let negative = 0;
  words.forEach((word, index) => {
    const good = POSITIVE_WORDS.has(word);
    if (!good && !NEGATIVE_WORDS.has(word)) return;
    const before = words.slice(Math.max(0, index - REACH), index);
    const negated = before.some((one) => NEGATIONS.has(one)) && !/^no$/.test(before.at(-1) ?? '') ? true : before.at(-1) === 'no';
    const weight = before.some((one) => INTENSIFIERS.has(one)) ? 1.5 : 1;
    if (good !== negated) positive += weight;
    else negative += weight;
  });
  const stars = /\b([1-5])(?:\s*(?:\/|out of)\s*5|[ -]stars?)\b/i.exec(text)?.[1];
  if (stars !== undefined) {
    positive += Math.max(0, Number(stars) - 3) * 2;
    negative += Math.max(0, 3 - Number(stars)) * 2;
  }
  const sum = positive + negative;
  return { positive, negative, balance: sum === 0 ? 0 : (positive - negative) / sum };
};

export type Tone = 'positive' | 'negative' | 'neutral' | 'mixed';

/** `mixed` only where it may be said. */
export const toneOf = (text: string, mayBeMixed = false): Tone => {
  const { positive, negative, balance } = sentimentOf(text);
  if (mayBeMixed && positive > 0 && negative > 0 && Math.abs(balance) < 0.5) return 'mixed';
  if (balance > 0.1) return 'positive';
  return balance < -0.1 ? 'negative' : 'neutral';
};
