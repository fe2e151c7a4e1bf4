import { type DuckDBConnection, type DuckDBListValue, type DuckDBStructValue } from '@duckdb/node-api';
import { TOKEN_BYTES } from '@apwa/contracts';
import { packInOrder } from '../../reduce/pack.js';
import { type JobWork } from '../protocol.js';

/** Rows of the input, both counted. */
export interface RowRange {
  first: bigint;
  last: bigint;
}

interface GroupItem {
  row: bigint;
  ok: boolean;
  label: string;
  bytes: number;
  ranges: RowRange[];
}

export interface Group {
  /** Its first row in the input. */
  id: bigint;
  items: GroupItem[];
}

export interface Bundle {
  group: bigint;
  /** In its group, from 0. */
  number: number;
  /** A row of its group, in what is bundled. */
  row: bigint;
  bytes: number;
  /** Of its items, in order; none where there can be no bundle of the group. */
  rows: bigint[];
  sources: RowRange[];
  leftOut: RowRange[];
  failure: { code: 'context_exceeded' | 'input_failed'; problem: string } | null;
}

/** Rows that are read at once: between two pages the connection writes. */
const PAGE_ROWS = 20_000;

/** The groups of the table `items` in order, one at a time. */
export async function* groupsOf(connection: DuckDBConnection): AsyncGenerator<Group> {
  let group: Group | null = null;
  for (let seen = 0; ;) {
    const page = await connection.runAndReadAll(
      `SELECT g, r, ok, label, bytes, ranges FROM items WHERE place >= ${seen} AND place < ${seen + PAGE_ROWS} ORDER BY place`,
    );
    const rows = page.getRows() as [bigint, bigint, boolean, string, bigint, DuckDBListValue | null][];
    for (const [id, row, ok, label, bytes, ranges] of rows) {
      if (group && group.id !== id) yield group;
      if (!group || group.id !== id) group = { id, items: [] };
      group.items.push({ row, ok, label, bytes: Number(bytes), ranges: ranges ? rangesIn(ranges) : [{ first: row, last: row }] });
    }
    seen += rows.length;
    if (rows.length < PAGE_ROWS) break;
  }
  if (group) yield group;
}

const rangesIn = ({ items }: DuckDBListValue): RowRange[] =>
  items.map((item) => (item as DuckDBStructValue).entries as unknown as RowRange);

/** The bundles of a group: each of its rows that are ok in one of them, in order, none above what a call may take. */
export const bundlesOfGroup = (
  { id, items }: Group,
  { level, maxTokens }: Pick<Extract<JobWork, { kind: 'bundle' }>, 'level' | 'maxTokens'>,
): Bundle[] => {
  const [used, left] = [items.filter(({ ok }) => ok), items.filter(({ ok }) => !ok)];
  const leftOut = joined(left);
  const row = (items[0] as GroupItem).row;
  const without = (code: 'context_exceeded' | 'input_failed', problem: string): Bundle[] => [
    { group: id, number: 0, row, bytes: 0, rows: [], sources: joined(used), leftOut, failure: { code, problem } },
  ];
  if (used.length === 0) return without('input_failed', `All ${left.length} rows of the group had failed before.`);
  // The last item of a bundle ends without a line end.
  const most = maxTokens * TOKEN_BYTES + 1;
  const large = used.find(({ bytes }) => bytes > most);
  if (large) {
    const tokens = Math.ceil((large.bytes - 1) / TOKEN_BYTES);
    return without('context_exceeded', `${large.label} takes ${tokens} tokens, and the items of a call may take ${maxTokens}.`);
  }
  const ends = packInOrder(
    used.map(({ bytes }) => bytes),
    most,
  );
  if (level > 1 && ends.length === used.length)
    return without(
      'context_exceeded',
      `None of the ${used.length} answers of level ${level - 1} fits a call of ${maxTokens} tokens beside another.`,
    );
  return ends.map((end, number): Bundle => {
    const own = used.slice(ends[number - 1] ?? 0, end);
    return {
      group: id,
      number,
      row,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, -1),
      rows: own.map((item) => item.row),
      sources: joined(own),
      // Once for a group.
      leftOut: number === 0 ? leftOut : [],
      failure: null,
    };
  });
};

/** The rows of items in order; what goes on where the range before ends is one with it. */
const joined = (items: readonly GroupItem[]): RowRange[] => {
  const ranges: RowRange[] = [];
  for (const { first, last } of items.flatMap((item) => item.ranges)) {
    const before = ranges.at(-1);
    if (before && before.last + 1n === first) before.last = last;
    else ranges.push({ first, last });
  }
  return ranges;
};
