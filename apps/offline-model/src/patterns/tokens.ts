import { fold } from '../dictionaries/words.js';

/** A word of a text. */
export interface Token {
  text: string;
  /** Lower case without accents, without a possessive ending. */
  folded: string;
  start: number;
  end: number;
  /** Begins with a capital. */
  capital: boolean;
  /** All capitals, two letters at least. */
  upper: boolean;
  /** What stands between the word before and this one. */
  gap: string;
  /** The first word of its line or sentence. */
  first: boolean;
}

const WORD = /\p{L}[\p{L}\p{M}]*(?:['’.&-]\p{L}[\p{L}\p{M}]*)*/gu;
const POSSESSIVE = /['’]s$/;
const SENTENCE_END = /[.!?:;"“”]\s*["“(]?$|\n\s*[>?"“]*\s*$/;

export const tokenize = (text: string): Token[] => {
  const tokens: Token[] = [];
  let last = 0;
  for (const match of text.matchAll(WORD)) {
    const word = match[0].replace(POSSESSIVE, '');
    const [sign] = word as unknown as [string];
    const gap = text.slice(last, match.index);
    const capital = sign !== sign.toLowerCase();
    tokens.push({
      text: word,
      folded: fold(word),
      start: match.index,
      end: match.index + word.length,
      capital,
      upper: capital && word.length > 1 && word === word.toUpperCase(),
      gap,
      first: tokens.length === 0 || SENTENCE_END.test(gap),
    });
    last = match.index + word.length;
  }
  return tokens;
};
