import { ORDINARY_WORDS, STOP_WORDS } from '../dictionaries/common-words.js';
import { FIRST_NAMES } from '../dictionaries/first-names.js';
import { ADDRESS_TITLES } from '../dictionaries/jobs.js';
import { LAST_NAMES, NAME_ENDING } from '../dictionaries/last-names.js';
import { COUNTRIES, NATIONALITIES, PLACES } from '../dictionaries/places.js';
import { ORGANISATION_ENDINGS } from '../dictionaries/organisations.js';
import { wordSet } from '../dictionaries/words.js';
import { type Span } from './span.js';
import { type Token } from './tokens.js';

const PARTICLES = wordSet('van von der den de da do dos das del della di du la le bin ibn al el ter ten zu af av y e');
const TITLES = wordSet(...ADDRESS_TITLES);
const MONTHS_AND_DAYS = wordSet(
  'january february march april june july august september october november december monday tuesday wednesday thursday friday saturday sunday',
);

/** Words of which the next capitalised word is likely a person. The text before ends with one of them. */
const CUE_BEFORE =
  /(?:\b(?:my|your|his|her|their|the|maiden|last|first|full|real|sur|account|user) ?names?(?: (?:is|was|on the account))?[:?]?(?:\s+user:)?|\bname\??:|\b(?:i am|i'm|this is|it's me|called|named|call me|calls me|named him|named her|nicknamed|known as|signed|sincerely|regards|thanks|cheers|love|yours|by|directed by|written by|starring|featuring|features|says|said|told|asked|asks|hi|hello|hey|dear|to|with|add|remove my kid|my (?:son|daughter|wife|husband|brother|sister|friend|boss|kid|partner|mother|father|uncle|aunt|cousin|partner's name)|under|correct it to|change it to|unlike the|a|tribute to|take on|why is|heard|from mr|producer|singer|actor|actress|director|author|president|commenter|player|songwriter|user|patient|customer|for|of|and|ex-\p{Lu}\p{Ll}+|gender of|tell|meet|met|between him and|behalf of|attn|attention|contact|manager|ms|mrs|mr|dr|prof|miss))[.:,]?["“'’]?\s*$/iu;
/** Weak ones need a known name or a known form beside them. */
const WEAK_CUE = /\b(?:to|with|for|of|and|a|add|hi|this is|tell|under|i'm|i am|the name|contact|thanks|love|cheers|the)[.:,]?["“'’]?\s*$/i;
const CUE_AFTER =
  /^(?:['’]s\b|,? (?:says?|said|asks?|asked|told|explained|replied|shouted|wrote|writes|lives?|lived|works?|worked|has|had|was|is|will|spent|began|listed|points|flew|speaks?|sings?|sang|songs?|novel|concert|fan|version|joined|born|heard|invested)\b|,? (?:the|a|our) \p{Lu}?\p{L}+|:|"|, (?:can|could|please|who|i)\b| (?:and|or|from|as|to|in|on|at|concert|novel|fan|version|speak)\b|[,.!?)]|\s*$|\s*\n)/iu;

/** What people do, and hardly anything else with a name. */
const HUMAN_VERB =
  /^,? (?:(?:has|had|was|is|will|would|could|can|did|never|always|also|then|only) )?(?:said|says|told|tells|asked|asks|replied|answered|lives|lived|works|worked|wrote|writes|thinks|thought|loves|loved|likes|liked|wants|wanted|went|spent|spends|explained|felt|feels|married|died|born|smiled|laughed|cried|walked|talked|speaks|sings|sang|plays|played|studied|studies|knows|knew|believes|believed|hates|hated|retired|moved|called|drove|flew|needs|enjoys|enjoyed|remembers|forgot|met)\b/i;

const INITIAL = /^\p{Lu}$/u;
const isInitial = (token: Token): boolean => INITIAL.test(token.text);
const isOrdinary = (word: string): boolean => ORDINARY_WORDS.has(word) || STOP_WORDS.has(word);
const isNameWord = (word: string): boolean =>
  FIRST_NAMES.has(word) || LAST_NAMES.has(word) || word.split('-').every((part) => FIRST_NAMES.has(part) || LAST_NAMES.has(part));

/** Runs of capitalised words on one line: "Ella H. Snider", "Vincent van Gogh". */
const runsOf = (tokens: readonly Token[]): Token[][] => {
  const runs: Token[][] = [];
  let run: Token[] = [];
  const close = () => {
    while (run.length > 0 && PARTICLES.has((run.at(-1) as Token).folded) && !(run.at(-1) as Token).capital) run.pop();
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const token of tokens) {
    const last = run.at(-1);
    const joined = last !== undefined && (token.gap === ' ' || (token.gap === '. ' && (isInitial(last) || TITLES.has(last.folded))));
    if (!joined) close();
    if (token.capital && !(token.upper && token.text.length > 3 && run.length === 0 && isOrdinary(token.folded))) run.push(token);
    else if (run.length > 0 && PARTICLES.has(token.folded) && joined) run.push(token);
    else close();
  }
  close();
  return runs;
};

/** The run without words at its ends that are no part of a name. */
const trim = (run: readonly Token[]): Token[] => {
  const words = [...run];
  const drop = (token: Token, alone: boolean): boolean =>
    TITLES.has(token.folded) ||
    MONTHS_AND_DAYS.has(token.folded) ||
    NATIONALITIES.has(token.folded) ||
    (STOP_WORDS.has(token.folded) && token.folded !== 'will' && token.folded !== 'may') ||
    (isOrdinary(token.folded) && !FIRST_NAMES.has(token.folded) && !(LAST_NAMES.has(token.folded) && !token.first) && !alone);
  while (words.length > 0 && drop(words[0] as Token, false)) words.shift();
  while (words.length > 1 && drop(words.at(-1) as Token, false) && !LAST_NAMES.has((words.at(-1) as Token).folded)) words.pop();
  return words;
};

/** How much speaks for a run being a person. */
const weigh = (text: string, words: readonly Token[], run: readonly Token[]): number => {
  const first = words[0] as Token;
  const last = words.at(-1) as Token;
  const before = text.slice(Math.max(0, first.start - 32), first.start);
  const after = text.slice(last.end, last.end + 24).replace(/^\./, isInitial(last) ? '' : '.');
  const phrase = words.map(({ folded }) => folded).join(' ');
  if (words.length > 5 || COUNTRIES.has(phrase) || NATIONALITIES.has(phrase) || MONTHS_AND_DAYS.has(phrase)) return 0;
  if (words.some(({ folded }) => ORGANISATION_ENDINGS.has(folded) && !isNameWord(folded))) return 0;
  if (
    words.every((word) => word.upper) &&
    words.some(({ text: word }) => word.length > 3) &&
    !words.some(({ folded }) => isNameWord(folded))
  )
    return 0;

  let weight = 0;
  const known = words.filter(({ folded }) => isNameWord(folded)).length;
  if (FIRST_NAMES.has(first.folded)) weight += isOrdinary(first.folded) && words.length === 1 ? 0.5 : 1.5;
  if (words.length > 1 && (LAST_NAMES.has(last.folded) || NAME_ENDING.test(last.text))) weight += 1;
  if (words.length === 1 && LAST_NAMES.has(first.folded)) weight += isOrdinary(first.folded) ? 0.3 : 0.8;
  if (words.length === 1 && !isOrdinary(first.folded) && NAME_ENDING.test(first.text) && !first.first) weight += 0.5;
  if (words.length >= 2 && words.length <= 4 && !words.some(({ folded }) => isOrdinary(folded) && !isNameWord(folded))) weight += 0.9;
  if (words.slice(1).some(isInitial) || (isInitial(first) && words.length > 1)) weight += 1.5;
  if (run.some(({ folded }) => TITLES.has(folded)) && !isInitial(first)) weight += 2.5;
  const unknownPlace = !PLACES.has(phrase);
  if (CUE_BEFORE.test(before)) weight += (WEAK_CUE.test(before) ? 0.7 : 1.6) * (unknownPlace ? 1 : 0.3);
  if (/(?:^|\n)[>? \t]*(?:\p{L}+:\s+)?$/u.test(before)) weight += words.length > 1 ? 0.6 : 0.2;
  if (CUE_AFTER.test(after)) weight += unknownPlace ? 0.5 : 0.1;
  if (/^['’]s\b/.test(after)) weight += 0.3;
  if (words.length === 1 && unknownPlace && !isOrdinary(first.folded) && HUMAN_VERB.test(after)) weight += 1.2;
  if (/\b(?:in|to|at|from)\s+$/i.test(before) && known === 0) weight -= 1.2;
  if (words.length === 1 && isOrdinary(first.folded) && !known) weight -= 1.5;
  if (words.length === 1 && first.text.length < 3) weight -= 2;
  if (!unknownPlace && words.length === 1 && known === 0) weight -= 2;
  return weight;
};

const THRESHOLD = 1.8;

export const findPersons = (text: string, tokens: readonly Token[]): Span[] => {
  const spans: Span[] = [];
  for (const run of runsOf(tokens)) {
    const words = trim(run);
    if (words.length === 0 || weigh(text, words, run) < THRESHOLD) continue;
    spans.push({ kind: 'person', start: (words[0] as Token).start, end: (words.at(-1) as Token).end });
  }
  return [...spans, ...lowerCase(text, tokens), ...known(tokens, spans)];
};

const LOWER_CUE = /\b(?:my (?:first |last |full )?name(?:'s| is)|name:|named?|called|calls? me|ms\.|mrs?\.|dr\.|name\?)\s+$/i;

/** "my name is olga krylova": where a whole text is written in small letters. */
const lowerCase = (text: string, tokens: readonly Token[]): Span[] => {
  if (tokens.filter(({ capital }) => capital).length > tokens.length / 3) return [];
  return tokens.flatMap((token, index): Span[] => {
    if (token.capital || !LOWER_CUE.test(text.slice(Math.max(0, token.start - 24), token.start)) || isOrdinary(token.folded)) return [];
    let end = index;
    while (tokens[end + 1]?.gap === ' ' && end - index < 3 && !isOrdinary((tokens[end + 1] as Token).folded)) end++;
    return [{ kind: 'person', start: token.start, end: (tokens[end] as Token).end }];
  });
};

/** Once somebody is named, each of the names is a person wherever else it stands alone. */
const known = (tokens: readonly Token[], spans: readonly Span[]): Span[] => {
  if (spans.length === 0) return [];
  const parts = new Set(
    tokens
      .filter(
        (token) =>
          spans.some(({ start, end }) => token.start >= start && token.end <= end) && token.text.length > 2 && !isOrdinary(token.folded),
      )
      .map(({ folded }) => folded),
  );
  return tokens.filter((token) => token.capital && parts.has(token.folded)).map(({ start, end }): Span => ({ kind: 'person', start, end }));
};
