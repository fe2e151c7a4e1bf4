import { cut, fence, shortenValues } from './fence.js';

/** What a tool may show at once, in characters: some thousand tokens. */
const RESULT_CHARACTERS = 8_000;
/** The longest value where many are long. */
const VALUE_CHARACTERS = 400;
/** What the names of columns and the rest of an answer take of its room. */
const MARGIN_CHARACTERS = 1_000;

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : (JSON.stringify(value) ?? '').length);

/** Rows with their long values shortened: few long ones may be longer than many. */
export const fitRows = (rows: Record<string, unknown>[]): Record<string, unknown>[] => {
  const lengths = rows.flatMap((row) => Object.values(row).map(lengthOf));
  const long = lengths.filter((length) => length > VALUE_CHARACTERS).length;
  const names = rows.reduce((sum, row) => sum + Object.keys(row).reduce((all, name) => all + name.length + 4, 0), 0);
  const short = lengths.reduce((sum, length) => sum + Math.min(length, VALUE_CHARACTERS), 0);
  const spare = RESULT_CHARACTERS - MARGIN_CHARACTERS - names - short;
  const most = VALUE_CHARACTERS + Math.max(0, Math.floor(spare / Math.max(1, long)));
  return rows.map((row) => shortenValues(row, most));
};

/** An answer of a tool: data, so it stands between marks. `note` is for people who watch. */
export const shown = (value: object, note: string) => ({
  kind: 'shown' as const,
  content: fence(cut(JSON.stringify(value), RESULT_CHARACTERS)),
  note,
});

interface ListedTable {
  name: string;
  rows: number;
  columns: { name: string; type: string }[];
}

/**
 * Tables as they are listed: without the columns of the machinery, and where all of their columns are too many, those of the widest tables left out.
 * No name of a table is ever left out.
 */
export const listed = (tables: ListedTable[]): object[] => {
  const own = tables.map(({ name, rows, columns }) => {
    const machinery = columns.filter((column) => column.name.startsWith('_')).length;
    const rest = machinery > 0 ? { machinery: `${machinery} columns of the machinery (_status, _error …)` } : {};
    return { name, rows, columns: columns.filter((column) => !column.name.startsWith('_')), ...rest };
  });
  let size = JSON.stringify(own).length;
  const shortened: object[] = [...own];
  const widest = own
    .map((table, index) => ({ table, index, length: JSON.stringify(table.columns).length }))
    .sort((a, b) => b.length - a.length);
  for (const { table, index, length } of widest) {
    if (size <= RESULT_CHARACTERS - MARGIN_CHARACTERS / 2) break;
    const leftOut = `${table.columns.length} columns, left out to save room: describe_table shows them`;
    shortened[index] = { ...table, columns: [], leftOut };
    size -= length - leftOut.length;
  }
  return shortened;
};
