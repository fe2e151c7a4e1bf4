import { COUNTRIES, NATIONALITIES, PLACES } from '../dictionaries/places.js';
import { FIRST_NAMES } from '../dictionaries/first-names.js';
import { LAST_NAMES } from '../dictionaries/last-names.js';
import { ORDINARY_WORDS, STOP_WORDS } from '../dictionaries/common-words.js';
import { type Span } from './span.js';
import { type Token } from './tokens.js';

/** The longest phrase of the dictionaries, in words. */
const LONGEST = 5;

export interface Phrase {
  from: number;
  /** Index after the last token. */
  to: number;
}

/** The longest phrases of `dictionary` that stand in the text. */
export const phrasesIn = (tokens: readonly Token[], dictionary: ReadonlySet<string>): Phrase[] => {
  const found: Phrase[] = [];
  for (let from = 0; from < tokens.length; from++) {
    let phrase = '';
    let to = -1;
    for (let index = from; index < Math.min(tokens.length, from + LONGEST); index++) {
      const token = tokens[index] as Token;
      if (index > from && !/^(?:[ .]+| & )$/.test(token.gap)) break;
      phrase = index === from ? token.folded : `${phrase} ${token.folded}`;
      if (dictionary.has(phrase)) to = index + 1;
    }
    if (to < 0) continue;
    found.push({ from, to });
    from = to - 1;
  }
  return found;
};

const PLACE_BEFORE =
  /^(?:in|to|from|at|near|of|visit(?:ed|ing)?|toward|towards|around|across|southern|northern|eastern|western|central|leaving|via)$/;
const spanOf = (kind: Span['kind'], tokens: readonly Token[], { from, to }: Phrase): Span => ({
  kind,
  start: (tokens[from] as Token).start,
  end: (tokens[to - 1] as Token).end,
});

/** Countries in any spelling; cities and regions with a capital; what is a person's name too, only after a word of place. */
export const findPlaces = (tokens: readonly Token[]): Span[] => {
  const prepared = (index: number) => PLACE_BEFORE.test(tokens[index - 1]?.folded ?? '');
  const countries = phrasesIn(tokens, COUNTRIES).filter(({ from, to }) => {
    const token = tokens[from] as Token;
    if (to - from > 1) return true;
    if (token.text.length < 4) return token.upper;
    return FIRST_NAMES.has(token.folded) || token.folded === 'turkey' ? token.capital && prepared(from) : token.capital || prepared(from);
  });
  const cities = phrasesIn(tokens, PLACES).filter(({ from, to }) => {
    const token = tokens[from] as Token;
    if (!token.capital) return false;
    const doubtful = [FIRST_NAMES, LAST_NAMES, ORDINARY_WORDS, STOP_WORDS].some((words) => words.has(token.folded));
    return to - from > 1 || !doubtful || prepared(from);
  });
  return [...countries, ...cities].map((phrase) => spanOf('place', tokens, phrase));
};

const ADJECTIVE_ONLY = new Set(['polish', 'roma', 'orthodox', 'pole', 'finn', 'dane', 'georgian', 'christian']);

/** Nationalities, religions and political groups, in singular and plural. */
export const findNationalities = (tokens: readonly Token[]): Span[] => {
  const singular = tokens.map((token) => {
    const folded = token.folded.replace(/i?es$|s$/, (ending) => (NATIONALITIES.has(token.folded) ? ending : ''));
    return folded === token.folded ? token : { ...token, folded };
  });
  return phrasesIn(singular, NATIONALITIES)
    .filter(({ from }) => {
      const token = tokens[from] as Token;
      const next = tokens[from + 1];
      if (!ADJECTIVE_ONLY.has(token.folded)) return token.capital || token.text.length > 4;
      return token.capital && (!next?.capital || next.gap !== ' ' || token.folded === 'polish');
    })
    .map((phrase) => spanOf('nationality', tokens, phrase));
};
