import { isNamed } from '../../choose.js';
import { clausesOf } from '../../clauses.js';
import { type TableView } from '../../tables.js';
import { likeness } from '../../words.js';
import { type Range } from './level.js';

/** What a goal says of a whole that is to be told by its parts. */
export interface LevelsGoal {
  /** Words for its parts, in the singular. */
  parts: string[];
  /** Columns whose values are to be told apart. */
  columns: string[];
  /** Whether everything is wanted in one text, beside or instead of the parts. */
  whole: boolean;
  /** As the text of the whole is called: `page`. */
  wholeName: string;
  /** Whether each claim is to lead to what it rests on. */
  traced: boolean;
}

const TELL =
  /\b(?:summari[sz]\w*|summary|summaries|synopsis|digest|abridge\w*|condense\w*|boil(?:ed)? (?:\w+ ){0,3}down|outline|retell\w*|tell|distil\w*)\b/i;
const ALL_OF_IT = /\b(?:(?:the|as a) whole|entire|overall|altogether|all together)\b/i;
const IN_ONE = /\b(?:on|to|in|into|onto) (?:a|one|a single) (?:page|text|summary|paragraph|report|overview)\b|\b(?:one|single)[ -]page\b/i;
const WHOLE_NAME = /\b(?:a|one|single|short)[ -](page|paragraph|report|overview|text)\b/i;
const TRACED = /\b(?:trac\w+|cit(?:e|es|ed|ation\w*)|evidence|references?|rests? on|leads? (?:back )?to)\b/i;
/** Words for parts of works. */
const PARTS =
  /^(?:volume|book|part|chapter|section|act|scene|canto|stanza|psalm|verse|letter|episode|season|lecture|speech|article|sermon|tale|fable|lesson|unit|appendix)$/;
const ROWS = /^(?:row|record|message|text|document|file|entry|item|line|one)$/;
const EACH = /\b(?:each|every)\s+([a-z]+)/gi;
const BY = /\b(?:by|per|(?:for|of) (?:each|every))\s+([^.;:()]+)/gi;
/** A column's name is at most so long where a goal groups by it. */
const WORDS_OF_A_NAME = 3;

const singular = (word: string): string =>
  word
    .replace(/ices$/, 'ix')
    .replace(/ies$/, 'y')
    .replace(/(?<=ch|sh|s|x)es$/, '')
    .replace(/(?<=[^su])s$/, '');

/** Null: the goal asks for no whole that is told by its parts. `text`: the name of the column that is read. */
export const readLevelsGoal = (goal: string, table: TableView, text: string): LevelsGoal | null => {
  const telling = clausesOf(goal).filter((clause) => TELL.test(clause));
  if (telling.length === 0) return null;
  const isTheTable = (word: string) => isNamed(table.name, word);
  const parts = wordsIn(goal).filter((word) => PARTS.test(word) && !(table.rows <= 1 && isTheTable(word)));
  const columns = columnsIn(telling, table).filter((name) => name !== text);
  const several = new Set([...parts, ...columns]).size > 1;
  // "Each chapter in one paragraph" asks for an answer per row, and folds nothing.
  const isPerRow = (clause: string) =>
    [...clause.matchAll(EACH)].some(([, word = '']) => {
      const one = singular(word.toLowerCase());
      return ROWS.test(one) || isTheTable(one) || one === singular(text) || (PARTS.test(one) && !several);
    });
  const whole = ALL_OF_IT.test(goal) || telling.some((clause) => IN_ONE.test(clause) && !isPerRow(clause));
  const folds = whole || several || (columns.length > 0 && !telling.some(isPerRow));
  const wholeName = WHOLE_NAME.exec(goal)?.[1]?.toLowerCase() ?? 'whole';
  return folds ? { parts, columns, whole, wholeName, traced: TRACED.test(goal) } : null;
};

const wordsIn = (goal: string): string[] => [
  ...new Set(
    goal
      .toLowerCase()
      .split(/[^a-z]+/)
      .map(singular),
  ),
];

/** Columns that rows are told apart by: "by product", "for each country". */
const columnsIn = (clauses: readonly string[], { columns }: TableView): string[] => {
  const said = clauses.flatMap((clause) => [...clause.matchAll(BY)].flatMap(([, list = '']) => list.split(/,\s*(?:and\s+)?|\s+and\s+/)));
  const phrases = said.map((one) => one.split(/\s+/).slice(0, WORDS_OF_A_NAME).join(' '));
  return columns
    .filter(({ name, distinct }) => !name.startsWith('_') && (distinct === undefined || distinct > 1))
    .filter(({ name }) => phrases.some((phrase) => likeness(name, phrase) >= 2))
    .map(({ name }) => name);
};

const TO = '\\s*(?:-|–|to|through|until)\\s*';
const IS = '\\s*(?::|=|is|are|has|have|holds?|covers?|contains?)\\s*';

/** Which numbers of a finer part belong to each of a coarser one: "volume 1: chapters 1 to 16, 2: 17 to 26". */
export const rangesIn = (goal: string, part: string, others: readonly string[]): { of: string; ranges: Range[] } | null => {
  const start = new RegExp(`\\b${part}s?[^a-z0-9]{0,3}(?:(?:are|is)[^a-z0-9]{1,3})?(?=\\d+${IS})`, 'i').exec(goal);
  if (!start) return null;
  const each = new RegExp(`(\\d+)${IS}(?:([a-z]+)\\.? )?(\\d+)${TO}(\\d+)`, 'gi');
  const found = [...goal.slice(start.index + start[0].length).matchAll(each)];
  const said = found.map(([, , word]) => word?.toLowerCase()).find((word) => word !== undefined);
  const of = others.find((name) => name !== part && (said === undefined || name.startsWith(singular(said))));
  const ranges = found.map(([, number, , first, last]) => ({ number: Number(number), first: Number(first), last: Number(last) }));
  return of === undefined || ranges.length === 0 ? null : { of, ranges };
};
