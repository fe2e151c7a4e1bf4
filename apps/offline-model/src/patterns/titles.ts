import { ADDRESS_TITLES, JOB_NOUNS } from '../dictionaries/jobs.js';
import { anyOf } from '../dictionaries/words.js';
import { matches, type Span } from './span.js';
import { type Token } from './tokens.js';

const TITLE = new RegExp(`(?<![\\p{L}\\d'])(?<value>(?:${anyOf(ADDRESS_TITLES)})\\.?)(?= +\\p{Lu})`, 'gu');
const LOWER_TITLE = /(?<![\p{L}\d'])(?<value>(?:mr|mrs|ms|dr|prof)\.)(?= +\p{L})/gu;
/** "…, the Packager, said", "as a nurse", a line of its own. */
const JOB_PHRASE =
  /(?:,\s+(?:the|our|an?)\s+|\bas\s+(?:an?\s+|the\s+)?|\b(?:i am|i'm|she is|he is|works as|worked as|is)\s+an?\s+|\bjob(?: title)?:\s*|\bposition:\s*|\btitle:\s*|(?:^|\n)[> ]*)(?<value>\p{L}[\p{L}'-]*(?:[ ,]+(?:and |of |or )?\p{L}[\p{L}'-]*){0,6})(?=[ \t]*(?:[,.;\n]|$|\bat\b|\bbut\b))/giu;

const isJob = (value: string): boolean => {
  const words = value.toLowerCase().split(/[^\p{L}-]+/u);
  const last = words.at(-1) ?? '';
  const [head] = value.toLowerCase().split(/,| of | at /);
  const headNoun = head?.split(/[^\p{L}-]+/u).at(-1) ?? '';
  return JOB_NOUNS.has(last) || JOB_NOUNS.has(last.replace(/s$/, '')) || (words.length > 1 && JOB_NOUNS.has(headNoun));
};

/** Titles of address before names, and job titles where a sentence or a line gives one to somebody. */
export const findTitles = (text: string, tokens: readonly Token[]): Span[] => {
  const address = [...matches(text, TITLE, 'title'), ...matches(text, LOWER_TITLE, 'title')];
  if (!tokens.some(({ folded }) => JOB_NOUNS.has(folded) || JOB_NOUNS.has(folded.replace(/s$/, '')))) return address;
  return [...address, ...matches(text, JOB_PHRASE, 'title', isJob)];
};
