import { quoted } from '../../sql.js';

/** Where a level's number or name of a row comes from. */
export type LevelSource =
  /** A column tells it. */
  | { kind: 'column'; column: string }
  /** A number behind its word in a column such as `path`: `chapter-07.txt`. */
  | { kind: 'numbered'; column: string }
  /** Each row is one. */
  | { kind: 'row' }
  /** The goal says which of a finer level it has. */
  | { kind: 'ranges'; of: string; ranges: readonly Range[] }
  /** Headings in the texts. The pattern is one that RE2 and JavaScript read alike. */
  | { kind: 'headings'; pattern: string };

export interface Range {
  number: number;
  first: number;
  last: number;
}

/** A part of a whole: a scene, an act, a product that reviews are of. */
export interface Level {
  /** As its column is called. */
  name: string;
  /** How many there are. */
  count: number;
  source: LevelSource;
}

export type HeadedLevel = Level & { source: Extract<LevelSource, { kind: 'headings' }> };
export const isHeaded = (level: Level): level is HeadedLevel => level.source.kind === 'headings';

/** The column of a level that is known before the texts are cut, in SQL; null where it stands there, or is in the texts. */
export const columnSql = ({ name, source }: Level): string | null => {
  switch (source.kind) {
    case 'column':
    case 'headings':
      return null;
    case 'numbered':
      return `TRY_CAST(regexp_extract(${quoted(source.column)}, '(?i)${numberPattern(name)}', 1) AS BIGINT) AS ${quoted(name)}`;
    case 'row':
      return `row_number() OVER () AS ${quoted(name)}`;
    case 'ranges': {
      const cases = source.ranges.map(({ number, first, last }) => `WHEN ${quoted(source.of)} BETWEEN ${first} AND ${last} THEN ${number}`);
      return `CASE ${cases.join(' ')} END AS ${quoted(name)}`;
    }
  }
};

/** A number behind a word: `chapter-07`, `Chapter 7`. */
export const numberPattern = (word: string): string => `${word}[^0-9a-z]{0,3}([0-9]+)`;

/** How books number their parts: `ACT II`, `Chapter 3`, `PART THE FIRST`, `Book Two`. */
const NUMBERINGS = [
  '[IVXLCDM]+',
  '[0-9]+',
  '(?:(?:THE|the) (?:[A-Z]+(?:ST|ND|RD|TH)|[A-Za-z]+(?:st|nd|rd|th))|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)',
];

/** Patterns for a line that begins a part, the most usual first. */
export const headingPatterns = (word: string): string[] => {
  const words = [word.toUpperCase(), `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`];
  return NUMBERINGS.map((numbering) => `^[ \\t]*(?:${words.join('|')})[ \\t]+${numbering}\\b`);
};
