import { type Column, type RowValues, RefusedError, type TableReference } from '@apwa/contracts';
import { z } from 'zod';
import { allowedNames } from '../plans/nearest.js';
import { tableArgument } from './table-argument.js';

const MAX_HITS = 20;
/** Characters before and after a hit, and of the hit itself, that are shown. */
const AROUND = 80;
const HIT_CHARACTERS = 200;
/** Texts of a table that are searched where no column is named. */
const MAX_COLUMNS = 20;

export const searchText = {
  description: `Searches the texts of a table for words or a pattern: how many rows and places have it, and at most ${MAX_HITS} excerpts, each with the number of its row, its column and where it begins (in characters from 0). To find out whether something occurs at all, in which words, and how long texts are built: their headings, where the part that matters begins and ends.`,
  arguments: z.strictObject({
    table: tableArgument,
    text: z.string().min(1).max(500).describe('What to look for, as it stands there.'),
    regex: z
      .boolean()
      .default(false)
      .describe('The text is a regular expression (RE2); ^ and $ stand for the beginning and the end of a line.'),
    ignoreCase: z.boolean().default(true),
    column: z.string().min(1).max(255).optional().describe('Left out: all columns of type VARCHAR.'),
    hits: z.number().int().min(1).max(MAX_HITS).default(10).describe('Excerpts that are wanted.'),
  }),
} as const;

type Arguments = z.output<typeof searchText.arguments>;

/** Asks a member that reads the table, which is called `searched` there. */
type Ask = (query: string, maxRows: number) => Promise<{ rows: RowValues[]; cut: boolean }>;

export interface Searched {
  name: string;
  columns: Column[];
}

/** What was found, as it is shown. RefusedError `unknown_column`, `no_texts`; what is wrong with a pattern, the query says. */
export const search = async (wanted: Arguments, { name, columns }: Searched, ask: Ask): Promise<object> => {
  const where = searchedColumns(wanted, { name, columns });
  const { hits } = wanted;
  const counts = await counted(wanted, where, ask);
  const found = counts.reduce((sum, { places }) => sum + places, 0);
  const { rows } = found === 0 ? { rows: [] } : await ask(excerptsQuery(wanted, where, hits), hits);
  return {
    columns: counts.filter(({ places }) => places > 0),
    places: found,
    excerpts: rows,
    ...(found > rows.length ? { more: `${found - rows.length} places are not shown` } : {}),
  };
};

const searchedColumns = ({ column }: Arguments, { name, columns }: Searched): string[] => {
  const texts = columns.filter((one) => one.type === 'VARCHAR').map((one) => one.name);
  if (column === undefined) {
    const own = texts.filter((one) => !one.startsWith('_')).slice(0, MAX_COLUMNS);
    if (own.length > 0) return own;
    throw new RefusedError('no_texts', `table ${name} has no column of type VARCHAR`, {
      field: 'table',
      value: name,
      allowed: 'a table with texts',
    });
  }
  if (texts.includes(column)) return [column];
  const there = columns.find((one) => one.name === column);
  const allowed = texts.length > 0 ? allowedNames(column, texts) : 'none: the table has no column of type VARCHAR';
  const message = there
    ? `column ${column} of table ${name} is of type ${there.type} and holds no texts; columns that do: ${allowed}`
    : `table ${name} has no column ${column}; columns with texts: ${allowed}`;
  throw new RefusedError('unknown_column', message, { field: 'column', value: column, allowed });
};

const counted = async (wanted: Arguments, columns: string[], ask: Ask): Promise<{ column: string; rows: number; places: number }[]> => {
  const { rows } = await ask(countsQuery(wanted, columns), columns.length);
  return rows.flatMap(({ column, rows, places }) =>
    typeof column === 'string' ? [{ column, rows: Number(rows), places: Number(places ?? 0) }] : [],
  );
};

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** As RE2 reads it, with its own flags, so that nothing of it reaches what stands around it. */
const patternOf = ({ text, regex, ignoreCase }: Arguments): string =>
  `(?${ignoreCase ? 'i' : ''}m:${regex ? text : text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')})`;

const countsQuery = (wanted: Arguments, columns: string[]): string => {
  const pattern = literal(patternOf(wanted));
  return columns
    .map((column) => {
      const places = `coalesce(len(regexp_extract_all(${identifier(column)}, ${pattern})), 0)`;
      return `SELECT ${literal(column)} AS "column", count(*) FILTER (n > 0) AS rows, sum(n) AS places FROM (SELECT ${places} AS n FROM searched)`;
    })
    .join(' UNION ALL ');
};

/** The first hit of each row comes before the second of any. Where one begins follows from the lengths of what stands before it, of the hits and of what is between them. */
const excerptsQuery = (wanted: Arguments, columns: string[], hits: number): string => {
  const pattern = patternOf(wanted);
  const all = (regex: string) => `list_slice(regexp_extract_all(content, ${literal(regex)}, 1), 1, ${hits})`;
  const texts = columns.map((column) => `SELECT row, ${literal(column)} AS "column", ${identifier(column)} AS content FROM numbered`);
  return `WITH numbered AS (SELECT row_number() OVER () - 1 AS row, * FROM searched), texts AS (${texts.join(' UNION ALL ')}),
found AS (SELECT *, ${all(`(?s:(.*?))${pattern}`)} AS gaps, ${all(`(?s:.*?)(${pattern})`)} AS hits FROM texts WHERE regexp_matches(content, ${literal(pattern)})),
places AS (SELECT row, "column", content, unnest(range(1, len(hits) + 1)) AS i, gaps, hits FROM found),
starts AS (SELECT row, "column", content, len(hits[i]) AS size,
  i, list_sum(list_transform(gaps[1:i], lambda gap: len(gap))) + coalesce(list_sum(list_transform(hits[1:i - 1], lambda hit: len(hit))), 0) AS start FROM places)
SELECT row, "column", start::BIGINT AS start, substring(content, greatest(start - ${AROUND}, 0)::BIGINT + 1, (least(size, ${HIT_CHARACTERS}) + ${AROUND} + least(start, ${AROUND}))::BIGINT) AS excerpt
FROM (SELECT * FROM starts ORDER BY i, row, "column" LIMIT ${hits}) ORDER BY row, "column", start`;
};

/** The name that the query has for the table. */
export const asSearched = (table: TableReference) => [{ name: 'searched', table }];
