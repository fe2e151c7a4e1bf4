import { ORDINARY_WORDS, STOP_WORDS } from '../dictionaries/common-words.js';
import { FIRST_NAMES } from '../dictionaries/first-names.js';
import { fold } from '../dictionaries/words.js';
import { matches, type Span } from './span.js';

const NAME =
  "\\p{Lu}[\\p{L}\\p{M}'’-]{0,40}(?: (?:(?:de|da|do|la|le|del|upon|am|an der|na|nad|pri|ob|og) )?\\p{Lu}[\\p{L}\\p{M}'’-]{0,40}){0,4}";

/** Sentences in which a capitalised name can hardly be anything but a place. */
const CUES = [
  `\\b(?:moved here|came here|originally|comes?|came|coming|hail(?:s|ed)?|emigrated|travel(?:l?ing|led)?|born and raised) (?:from|in|to) (?<value>${NAME})`,
  `\\b(?:travel(?:l?ing|l?ed|s)?|trip|flew|fly|flight|flying|moved?|moving|returned|returning|went|going|coming|back|helicopter|drive|drove|relocat(?:ed|ing)|tour) to (?<value>${NAME})`,
  `\\b(?:grew up|lives?|lived|living|based|born|situated|located|held|arrived|stay(?:ed|ing)?|raised|reside[sd]?|I'm|I am|we're|office|year) (?:in|at) (?<value>${NAME})`,
  `\\b(?:University|City|State|Republic|Kingdom|Province|Mayor|Bank|town|city|village|north|south|east|west) of (?<value>${NAME})`,
  `\\b(?:[Ss]outhern|[Nn]orthern|[Ee]astern|[Ww]estern|[Cc]entral|home city|hometown|city) (?<value>${NAME})`,
  `(?:^|[.!?\\n]\\s*)(?<value>${NAME})(?= (?:was|is) (?:super |so |very |really )?(?:fun|great|lovely|beautiful|nice|amazing|boring) to (?:visit|see|live))`,
  `\\b(?:Where|City|Town|Country|Place|Location|Venue|State):[ \\t]*(?<value>${NAME})`,
  `\\bthat (?<value>${NAME})(?= is moving in)`,
  `(?:^|\\. )In (?<value>${NAME})(?= (?:they|we|people|there)\\b)`,
].map((source) => new RegExp(source, 'gu'));

/** The same after a street in a sentence: ", Goiânia". */
const AFTER_ADDRESS = new RegExp(`^,? (?<value>${NAME})(?=[\\s]*(?:[.,!?]|$))`, 'u');

const isPlace = (value: string): boolean => {
  const words = fold(value).split(' ');
  const [first = ''] = words;
  return (
    !words.every((word) => ORDINARY_WORDS.has(word) || STOP_WORDS.has(word)) &&
    !(words.length > 1 && FIRST_NAMES.has(first) && words.length < 3 && !/saint|port|new|fort/.test(first))
  );
};

/** Words such as "Country Club" that belong to the place's kind. */
const withoutOrdinaryTail = (text: string, span: Span): Span => {
  let end = span.end;
  for (;;) {
    const tail = / \p{L}+$/u.exec(text.slice(span.start, end));
    if (!tail || !ORDINARY_WORDS.has(fold(tail[0].trim()))) return { ...span, end };
    end -= tail[0].length;
  }
};

export const findPlacesInContext = (text: string, addresses: readonly Span[]): Span[] => [
  ...CUES.flatMap((pattern) => matches(text, pattern, 'place', isPlace)).map((span) => withoutOrdinaryTail(text, span)),
  ...addresses.flatMap(({ end }): Span[] => {
    const match = AFTER_ADDRESS.exec(text.slice(end, end + 60));
    const value = match?.groups?.value;
    if (!match || value === undefined) return [];
    const start = end + match[0].length - value.length;
    return [{ kind: 'place', start, end: start + value.length }];
  }),
];
