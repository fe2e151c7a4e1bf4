import { type Column, type MapStep, type Plan } from '@apwa/contracts';
import { columnsReadBy } from '../production/columns-read.js';
import { type QuoteTerms, samplesOf } from './samples.js';

/** A row that is sampled, and how many rows of the table it stands for. */
export interface SampledPlace {
  row: number;
  weight: number;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Characters of some columns of a row, in SQL. */
export const sizeSql = (columns: readonly string[]): string =>
  columns.length === 0 ? '0' : columns.map((name) => `coalesce(length(CAST(${quoted(name)} AS VARCHAR)), 0)`).join(' + ');

/**
 * The columns by whose lengths a sample is spread: those that the model is shown. Of a step that is tried all texts, so that plans
 * side by side are tried on the same rows.
 */
export const measuredColumns = (step: MapStep, input: readonly Column[], { step: tried }: QuoteTerms): string[] => {
  if (tried !== null) return input.filter(({ name, type }) => type === 'VARCHAR' && !name.startsWith('_')).map(({ name }) => name);
  const read = new Set(columnsReadBy(step, input));
  return input.filter(({ name }) => read.has(name)).map(({ name }) => name);
};

/** Chunks of sampled texts do not know their texts: each of these has to stand for as many as any other. */
export const isSpreadByLength = (plan: Plan, terms: QuoteTerms): boolean => {
  const splits = new Set(plan.steps.filter(({ kind }) => kind === 'split').map(({ id }) => id));
  return !samplesOf(plan, terms).some(({ step, of }) => of === 'rows' && splits.has(step));
};

/**
 * Which rows of the table `whole` are sampled, and how many each stands for. Rows lie on a line in the order of their lengths (those of equal
 * length by chance), and each takes room for its own length and for the mean of all: so half of a sample goes by how many rows there are, and half
 * by how long they are. It is chosen at equal distances along the line. A row that takes more room than such a distance is sampled for certain, and
 * the rest of the line is shared by the rest of the sample. The same whenever it is asked.
 */
export const strataQuery = (columns: readonly string[], count: number): string => `
WITH sized AS (SELECT row_number() OVER () - 1 AS row, ${sizeSql(columns)} AS size FROM whole),
measured AS (SELECT row, size + 1 + (SELECT ceil(avg(size))::BIGINT FROM sized) AS room FROM sized),
ranked AS (
  SELECT row, room, row_number() OVER longest - 1 AS rank, sum(room) OVER (longest ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS rest
  FROM measured WINDOW longest AS (ORDER BY room DESC, hash(row), row)
),
sorted AS (SELECT row, room, rank, bool_and(rank < ${count} AND room * (${count} - rank) >= rest) OVER (ORDER BY rank) AS certain FROM ranked),
line AS (SELECT sum(room) AS length, ${count} - (SELECT count(*) FROM sorted WHERE certain) AS points, hash(count(*)) % sum(room) AS first FROM sorted WHERE NOT certain),
placed AS (SELECT row, room, sum(room) OVER (ORDER BY rank) * points - first - 1 + length AS reach, length, points FROM sorted, line WHERE NOT certain)
SELECT row, 1.0::DOUBLE AS weight FROM sorted WHERE certain
UNION ALL SELECT row, (length / (points * room))::DOUBLE FROM placed WHERE reach // length > (reach - room * points) // length
ORDER BY row`;
