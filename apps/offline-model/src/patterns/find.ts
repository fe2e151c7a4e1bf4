import { findAddresses, findPlaceLines } from './addresses.js';
import { findPlacesInContext } from './context-places.js';
import { findDates } from './dates.js';
import { findNationalities, findPlaces } from './lexicon.js';
import { findAges, findAmounts, findCards, findIbans, findIds, findSsns, findZips } from './numbers.js';
import { findOrganisations } from './organisations.js';
import { findPersons } from './persons.js';
import { findPhones } from './phones.js';
import { KINDS, type Kind, type Span, withoutOverlaps } from './span.js';
import { findEmails, findIps, findUrls } from './technical.js';
import { findTitles } from './titles.js';
import { tokenize } from './tokens.js';

const LEXICAL: readonly Kind[] = ['person', 'place', 'organisation', 'title', 'nationality', 'address'];
const EVERYTHING: ReadonlySet<Kind> = new Set(KINDS);

/**
 * The values of the given kinds that stand in a text, in its order, none over another. Kinds that were not asked for still keep
 * others from being mistaken for them; `amount` and `id`, which take much, only where they are asked for.
 */
export const findSpans = (text: string, kinds: ReadonlySet<Kind> = EVERYTHING): Span[] => {
  const wanted = (...some: Kind[]) => some.some((kind) => kinds.has(kind));
  const spans: Span[] = [...findEmails(text), ...findUrls(text)];
  if (/\d/.test(text)) {
    spans.push(...findIps(text), ...findIbans(text), ...findSsns(text), ...findCards(text));
    if (wanted('amount')) spans.push(...findAmounts(text));
    spans.push(...findDates(text), ...findZips(text), ...findAges(text));
    const ids = findIds(text);
    spans.push(...(wanted('id') ? ids : ids.filter(({ kind }) => kind !== 'id')));
    spans.push(...findPhones(text));
  } else if (wanted('date')) spans.push(...findDates(text));
  if (wanted(...LEXICAL)) spans.push(...findLexical(text));
  return withoutOverlaps(spans).filter(({ kind }) => kinds.has(kind));
};

const findLexical = (text: string): Span[] => {
  const tokens = tokenize(text);
  const addresses = findAddresses(text);
  return [
    ...addresses,
    ...findTitles(text, tokens),
    ...findOrganisations(text, tokens),
    ...findPlaceLines(text, addresses),
    ...findPlaces(tokens),
    ...findNationalities(tokens),
    ...findPlacesInContext(text, addresses),
    ...findPersons(text, tokens),
  ];
};
