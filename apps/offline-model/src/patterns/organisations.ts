import { ORDINARY_WORDS, STOP_WORDS } from '../dictionaries/common-words.js';
import { FIRST_NAMES } from '../dictionaries/first-names.js';
import { LAST_NAMES } from '../dictionaries/last-names.js';
import { ORGANISATION_ENDINGS, ORGANISATIONS } from '../dictionaries/organisations.js';
import { COUNTRIES, NATIONALITIES, PLACES } from '../dictionaries/places.js';
import { phrasesIn } from './lexicon.js';
import { matches, type Span } from './span.js';
import { type Token } from './tokens.js';

// Bounded, so that a long run of joined words is not read again from each of them.
const W = "\\p{Lu}[\\p{L}\\p{M}\\d'’&.-]{0,40}";
const NAME = `${W}(?: (?:(?:and|And|of|&|for|the) )?${W}){0,4}`;
/** "Hawkins, Richardson and Santana": a firm named after its partners. */
const FIRM = '\\p{Lu}[\\p{L}]+, \\p{Lu}[\\p{L}]+ (?:and|&) \\p{Lu}[\\p{L}]+';
const FIRM_ALONE = new RegExp(
  `(?<=^|\\n[>? ]*|\\b(?:of|The|the|at|from|for|as|in) )${FIRM}(?=\\s*(?:$|\\n|'s|\\.|,|office|website|is a|in\\b|invested))`,
  'gu',
);
/** "Mayo-Walters", alone on a line or in the place of a firm. */
const WORDS_AFTER =
  '(?:office|website|orchestra|company|corporation|bank|resignation|headquarters|employees?|staff|customer service|representative|spokes\\p{L}+|shares|stock)';
const PATTERNS = [
  `\\b(?:work(?:s|ed|ing)? (?:for|at)|employed (?:by|at)|job at|career at|employee of|CEO of|founder of|founded|joined|shares of|customers? of|support|address of|year at|recorded for|year at)\\s+(?:the )?(?<value>${FIRM}|${NAME})`,
  `\\b(?:The|the|an?|her|his|our|their)\\s+(?<value>${FIRM}|${NAME})(?= ${WORDS_AFTER}\\b)`,
  `(?<![\\p{L}])(?<value>${FIRM}|${NAME})(?=,? (?:is|was|are) (?:an? |the )?(?:[\\p{L}-]+ ){0,3}(?:company|agency|bank|firm|corporation|manufacturer|start-?up|retailer|provider|non-?profit|organi[sz]ation|charity|subsidiary))`,
  `(?<![\\p{L}])(?<value>${FIRM}|${NAME})(?= (?:invested|announced|acquired|hired|employs|reported earnings|launched|filed|Orchestra|website|office)\\b)`,
  `(?:\\p{Ll}|\\p{Lu}[\\p{L}]+) (?:is |was |works |)from (?<value>${FIRM}|${NAME})(?= is (?:the|a|our)\\b|\\s*[.]?\\s*$)`,
  `\\b(?:which|later) (?:later )?became (?<value>${FIRM}|${NAME})`,
].map((source) => new RegExp(source, 'gu'));

const isName = (value: string): boolean => {
  const words = value.toLowerCase().split(/\s+/);
  return (
    !words.every((word) => STOP_WORDS.has(word) || ORDINARY_WORDS.has(word)) &&
    !STOP_WORDS.has(words[0] ?? '') &&
    !COUNTRIES.has(value.toLowerCase()) &&
    !PLACES.has(value.toLowerCase())
  );
};

/** A run of capitalised words that ends with the word of a legal form or of a kind of organisation. */
const withEnding = (tokens: readonly Token[]): Span[] => {
  const spans: Span[] = [];
  tokens.forEach((ending, at) => {
    if (!ending.capital || !ORGANISATION_ENDINGS.has(ending.folded.replace(/\./g, ''))) return;
    if (tokens[at + 1]?.capital && tokens[at + 1]?.gap === ' ' && ORGANISATION_ENDINGS.has(tokens[at + 1]?.folded ?? '')) return;
    let from = at;
    for (let index = at; index > 0 && at - index < 5; index--) {
      const before = tokens[index - 1] as Token;
      const gap = (tokens[index] as Token).gap;
      if (!/^(?: |, | & )$/.test(gap) || (gap === ', ' && index !== at)) break;
      const link = /^(?:and|of|for)$/.test(before.folded) && index > 1 && tokens[index - 2]?.capital && before.gap === ' ';
      if (!before.capital && !link) break;
      if (STOP_WORDS.has(before.folded) && !link) break;
      if (before.first && (ORDINARY_WORDS.has(before.folded) || NATIONALITIES.has(before.folded)) && index - 1 < from && at - index > 1)
        break;
      if (before.capital) from = index - 1;
    }
    if (from === at) return;
    const end = ending.end;
    spans.push({ kind: 'organisation', start: (tokens[from] as Token).start, end });
  });
  return spans;
};

const HYPHENATED = new RegExp(`(?<![\\p{L}-])\\p{Lu}\\p{Ll}+-\\p{Lu}\\p{Ll}+(?![\\p{L}-])`, 'gu');
const isDoubleName = (value: string): boolean => {
  const [first = '', second = ''] = value.toLowerCase().split('-');
  return LAST_NAMES.has(first) && LAST_NAMES.has(second) && !FIRST_NAMES.has(first);
};

export const findOrganisations = (text: string, tokens: readonly Token[]): Span[] => {
  if (!tokens.some(({ capital }) => capital)) return [];
  const known = phrasesIn(tokens, ORGANISATIONS)
    .filter(({ from }) => (tokens[from] as Token).capital || (tokens[from] as Token).text.length > 9)
    .map(({ from, to }): Span => ({ kind: 'organisation', start: (tokens[from] as Token).start, end: (tokens[to - 1] as Token).end }));
  const ended = withEnding(tokens).map((span) =>
    text[span.end] === '.' && /^(?:inc|ltd|co|corp)$/i.test(text.slice(span.end - 4, span.end).replace(/^.*\s/, ''))
      ? { ...span, end: span.end + 1 }
      : span,
  );
  return [
    ...ended,
    ...matches(text, FIRM_ALONE, 'organisation'),
    ...PATTERNS.flatMap((pattern) => matches(text, pattern, 'organisation', isName)).map((span) => trimmed(text, span)),
    ...matches(text, HYPHENATED, 'organisation', isDoubleName),
    ...known,
  ];
};

/** Without the full stop that ends a sentence. */
const trimmed = (text: string, span: Span): Span =>
  /\p{L}{4}\.$/u.test(text.slice(span.start, span.end)) ? { ...span, end: span.end - 1 } : span;
