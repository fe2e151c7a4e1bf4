import { z } from 'zod';
import { parseLoosely } from './loose-json.js';

/** What is known of a column; figures only where the table was described. */
const ColumnView = z.looseObject({
  name: z.string(),
  type: z.string(),
  distinct: z.number().optional(),
  length: z.looseObject({ p50: z.number(), p95: z.number() }).optional(),
});
export type ColumnView = z.infer<typeof ColumnView>;

export interface TableView {
  name: string;
  rows: number;
  columns: ColumnView[];
}

const Listing = z.looseObject({
  tables: z.array(z.looseObject({ name: z.string(), rows: z.number().catch(0), columns: z.array(ColumnView).catch([]) })),
});
const Description = z.looseObject({ columns: z.array(ColumnView) });
const Preview = z.looseObject({ rows: z.array(z.record(z.string(), z.unknown())) });

/** The data of a tool's answer: what stands between its two marks, or all of it. */
export const dataOf = (answer: string): unknown => parseLoosely(/<data \w+>\n([^]*?)(?:\n<\/data \w+>|$)/.exec(answer)?.[1] ?? answer);

export const readListing = (answer: string): TableView[] | null => {
  const parsed = Listing.safeParse(dataOf(answer));
  return parsed.success ? parsed.data.tables.map(({ name, rows, columns }) => ({ name, rows, columns })) : null;
};

export const readDescription = (answer: string): ColumnView[] | null => {
  const parsed = Description.safeParse(dataOf(answer));
  return parsed.success ? parsed.data.columns : null;
};

export const readPreview = (answer: string): Record<string, unknown>[] | null => {
  const parsed = Preview.safeParse(dataOf(answer));
  return parsed.success ? parsed.data.rows : null;
};

/** The listed columns with the figures of the description; those that the listing lost are added. */
export const withFigures = (table: TableView, described: readonly ColumnView[]): TableView => {
  const figures = new Map(described.map((column) => [column.name, column]));
  const listed = new Set(table.columns.map(({ name }) => name));
  const merged = table.columns.map((column) => ({ ...figures.get(column.name), ...column }));
  return { ...table, columns: [...merged, ...described.filter(({ name }) => !listed.has(name))] };
};

/** Lengths measured on some rows, for columns of which nothing better is known. */
export const withLengths = (table: TableView, rows: readonly Record<string, unknown>[]): TableView => ({
  ...table,
  columns: table.columns.map((column) => {
    const lengths = rows.flatMap((row) => (typeof row[column.name] === 'string' ? [(row[column.name] as string).length] : []));
    if (column.length || lengths.length === 0) return column;
    const sorted = lengths.sort((a, b) => a - b);
    return { ...column, length: { p50: sorted[Math.floor(sorted.length / 2)] as number, p95: sorted.at(-1) as number } };
  }),
});

export const isText = ({ type }: ColumnView): boolean => /^(?:VARCHAR|TEXT|JSON)$/i.test(type);
export const isNumber = ({ type }: ColumnView): boolean =>
  /^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$|^(?:DOUBLE|FLOAT|REAL|DECIMAL)/i.test(type);
export const isDate = ({ type }: ColumnView): boolean => /^(?:DATE|TIMESTAMP)/i.test(type);
/** A placeholder can't hold braces. */
export const isPlaceable = ({ name }: ColumnView): boolean => !/[{}]/.test(name) && name.trim() === name && name !== '';
