import { type SqlStep, type Step } from '@apwa/contracts';
import { literal, quoted } from '../../sql.js';
import { type ColumnView, type TableView } from '../../tables.js';
import { type Cutting, DOCUMENT } from './cutting.js';
import { type Level, columnSql, isHeaded } from './level.js';

interface PiecesToMake {
  table: TableView;
  text: ColumnView;
  levels: readonly Level[];
}

/** Beyond these, columns of wide tables are left behind. */
const MOST_COLUMNS = 30;
const OF_CHUNKS = ['chunk', 'chunk_start', 'chunk_end', 'chunk_heading'];

/** The steps that make the table of pieces, each with the columns of its place; `last` is that table. */
export const piecesOf = (given: PiecesToMake, cut: Cutting, id: (name: string) => string): { steps: Step[]; last: string } => {
  const steps: Step[] = [];
  const { table, text } = given;
  const carried = carriedColumns(given, cut);
  let last = table.name;
  const numbered = numberedStep(given, cut, carried, id);
  if (numbered) {
    steps.push(numbered);
    last = numbered.id;
  }
  if (cut.isSplit) {
    const by = cut.headed.length > 0 ? { kind: 'regex' as const, pattern: anyOf(cut) } : { kind: 'sentences' as const };
    const description =
      cut.headed.length > 0 ? `Cut where ${cut.headed.map(({ name }) => `${name}s`).join(' and ')} begin` : 'Pieces of a few pages';
    // As plans have it where it is left out.
    const overlapTokens = 0;
    const step: Step = {
      id: id('pieces'),
      kind: 'split',
      description,
      input: last,
      column: text.name,
      by,
      maxTokens: cut.maxTokens,
      overlapTokens,
    };
    steps.push(step);
    last = step.id;
  }
  if (cut.headed.length > 0) {
    const placed = placedStep(given, cut, [...carried, ...namesOf(given.levels, isBefore(given.levels)), ...ownDocument(cut)], last, id);
    steps.push(placed);
    last = placed.id;
  }
  return { steps, last };
};

const ownDocument = (cut: Cutting): string[] => (cut.numbersDocuments ? [DOCUMENT] : []);

const carriedColumns = ({ table, text, levels }: PiecesToMake, { documents }: Cutting): string[] => {
  const own = table.columns.map(({ name }) => name).filter((name) => !name.startsWith('_'));
  const needed = [text.name, ...levels.map(({ name }) => name), ...documents].filter((name) => own.includes(name));
  return [...new Set([...own.slice(0, MOST_COLUMNS), ...needed])];
};

/** Whether a level is known before the texts are cut. */
const isBefore =
  (levels: readonly Level[]) =>
  ({ source }: Level): boolean =>
    source.kind !== 'headings' && !(source.kind === 'ranges' && levels.some((level) => level.name === source.of && isHeaded(level)));

const namesOf = (levels: readonly Level[], accept: (level: Level) => boolean): string[] =>
  levels.filter((level) => accept(level) && columnSql(level) !== null).map(({ name }) => name);

const numberedStep = (given: PiecesToMake, cut: Cutting, carried: string[], id: (name: string) => string): SqlStep | null => {
  const { table, text, levels } = given;
  const made = levels.filter((level) => isBefore(levels)(level) && columnSql(level) !== null);
  if (made.length === 0 && !cut.numbersDocuments) return null;
  const own = [
    ...(cut.numbersDocuments ? [`row_number() OVER () AS ${DOCUMENT}`] : []),
    ...made.filter(({ source }) => source.kind !== 'ranges').flatMap((level) => columnSql(level) ?? []),
  ];
  const ranged = made.filter(({ source }) => source.kind === 'ranges');
  const inner = `SELECT ${[...carried.map(quoted), ...own].join(', ')} FROM ${quoted(table.name)} WHERE ${quoted(text.name)} IS NOT NULL`;
  const order = made.toReversed().map(({ name }) => quoted(name));
  const query =
    ranged.length === 0
      ? `${inner}${orderBy(order)}`
      : `SELECT * FROM (SELECT *, ${ranged.flatMap((level) => columnSql(level) ?? []).join(', ')} FROM (${inner})) WHERE ${ranged
          .map(({ name }) => `${quoted(name)} IS NOT NULL`)
          .join(' AND ')}${orderBy(order)}`;
  const leftOut = ranged.length > 0 ? `; what is of no ${ranged.map(({ name }) => name).join(' or ')} that the task names is left out` : '';
  const description = `The texts with the ${made.map(({ name }) => name).join(' and ') || 'number'} of each${leftOut}`;
  return { id: id('numbered'), kind: 'sql', description, inputs: [table.name], query };
};

const orderBy = (columns: readonly string[]): string => (columns.length > 0 ? ` ORDER BY ${columns.join(', ')}` : '');

/** Pieces with the numbers of the headed levels that they are of; headings with nothing below them are no pieces. */
const placedStep = (given: PiecesToMake, cut: Cutting, carried: string[], input: string, id: (name: string) => string): SqlStep => {
  const { text, levels, table } = given;
  const rows = table.rows > 1 ? [...cut.documents, ...levels.filter((level) => !isHeaded(level)).map(({ name }) => name)] : [];
  const known = [...carried, ...OF_CHUNKS];
  const within = [...new Set(rows)].filter((name) => known.includes(name));
  let from = `SELECT ${known.map(quoted).join(', ')} FROM ${quoted(input)}`;
  for (const { name, source } of cut.headed.toReversed()) {
    const window = `(${within.length > 0 ? `PARTITION BY ${within.map(quoted).join(', ')} ` : ''}ORDER BY chunk)`;
    const begins = `regexp_matches(${quoted(text.name)}, ${literal(source.pattern)})`;
    from = `SELECT *, count(*) FILTER (WHERE ${begins}) OVER ${window} AS ${quoted(name)} FROM (${from})`;
    within.push(name);
  }
  const ranged = levels.filter((level) => level.source.kind === 'ranges' && !isBefore(levels)(level));
  const more = ranged.flatMap((level) => columnSql(level) ?? []);
  const isMore = `regexp_matches(regexp_replace(${quoted(text.name)}, ${literal(`(?m)(?:${anyOf(cut)}).*$`)}, ''), '\\S')`;
  const query = `SELECT ${['*', ...more].join(', ')} FROM (${from}) WHERE ${isMore} ORDER BY ${[...within.map(quoted), 'chunk'].join(', ')}`;
  const description = `Each piece with its ${cut.headed.map(({ name }) => name).join(' and ')}; 0 is what stands before the first`;
  return { id: id('placed'), kind: 'sql', description, inputs: [input], query };
};

/** A pattern for the beginning of any headed level. */
const anyOf = ({ headed }: Cutting): string => headed.map(({ source }) => source.pattern).join('|');
