import { BOOKKEEPING_COLUMNS, type BundleWork, type Column, type RowValues, type TableReference } from '@apwa/contracts';
import { type GroupsResult, readRows } from '../src/index.js';
import { Fixture, LIMITS } from './support/fixture.js';

interface Rows {
  count: number;
  rows: { first: number; last: number }[];
}

const ANSWER: Column[] = [{ name: 'numbers', type: 'BIGINT[]' }];
const CHAPTER: Column = { name: 'chapter', type: 'VARCHAR' };

const work = (input: TableReference, more: Partial<BundleWork> = {}): BundleWork => ({
  kind: 'bundle',
  input,
  level: 1,
  by: [],
  orderBy: [],
  columns: ['text'],
  maxTokens: 40,
  limits: LIMITS.sql,
  ...more,
});

/** As a map's result over what it was made from. */
const tableOf = (fixture: Fixture, { part, columns }: GroupsResult, base: TableReference): Promise<TableReference> =>
  fixture.tableOf({
    columns,
    rows: part.rows,
    base,
    ownColumns: [...columns, ...BOOKKEEPING_COLUMNS],
    parts: [{ ...part, firstRow: 0 }],
  });

const all = (fixture: Fixture, table: TableReference): Promise<RowValues[]> =>
  readRows(fixture.storage, table, { first: 0, last: Math.max(0, table.rows - 1) });

const numbersIn = (rows: Rows): number[] =>
  rows.rows.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));

/** Real: DuckDB, in the process that does every job. Answers are made here. */
describe('folding groups', () => {
  const importRows = (fixture: Fixture, rows: object[]): Promise<TableReference> =>
    fixture.importTable({ 'rows.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });

  /** Folds to the end as the manager does: each answer is the list of the numbers in its items. */
  const fold = async (
    fixture: Fixture,
    input: TableReference,
    options: Partial<BundleWork>,
    fails: (items: string) => boolean = () => false,
  ) => {
    const levels: TableReference[] = [];
    const seen: string[][] = [];
    for (let [below, level] = [input, 1]; level < 20; level++) {
      const columns = level === 1 ? (options.columns ?? ['text']) : ['numbers'];
      const bundled = await fixture.jobs.bundleRows(work(below, { ...options, level, columns }), fixture.newKey());
      if (bundled.part.rows === 0) break;
      const bundles = await tableOf(fixture, bundled, below);
      const rows = await all(fixture, bundles);
      seen.push(rows.flatMap(({ items }) => (typeof items === 'string' ? [items] : [])));
      below = await fixture.map(bundles, ANSWER, (row) => {
        const items = rows[row]?.items;
        if (typeof items !== 'string' || fails(items)) return null;
        const own = items.replaceAll(/^---.*---$/gm, '');
        return { numbers: (own.match(/\d+/g) ?? []).map(Number) };
      });
      levels.push(below);
    }
    const by = (options.by ?? []).map((name) => ({ ...CHAPTER, name }));
    const gathered = await fixture.jobs.gatherGroups(
      { kind: 'gather', input, levels, by, output: ANSWER, limits: LIMITS.sql },
      fixture.newKey(),
    );
    return { seen, gathered, rows: await all(fixture, await tableOf(fixture, gathered, input)) };
  };

  it('should use each row once, in order, through as many levels as it takes, and say which rows it took', async () => {
    await using fixture = await Fixture.create();
    const input = await importRows(
      fixture,
      Array.from({ length: 300 }, (_, n) => ({ chapter: n < 200 ? 'long' : 'short', text: `number ${n} of a text` })),
    );
    const maxTokens = 240;
    const { seen, rows, gathered } = await fold(fixture, input, { by: ['chapter'], maxTokens });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    for (const items of seen.flat()) expect(Buffer.byteLength(items)).toBeLessThanOrEqual(maxTokens * 4);
    expect(gathered.columns.map(({ name }) => name)).toEqual(['chapter', 'numbers', 'sources', 'left_out', 'level']);
    expect(rows.map(({ chapter, _status }) => [chapter, _status])).toEqual([
      ['long', 'ok'],
      ['short', 'ok'],
    ]);
    for (const [row, from, to] of [
      [rows[0], 0, 200],
      [rows[1], 200, 300],
    ] as const) {
      expect(row?.numbers).toEqual(Array.from({ length: to - from }, (_, n) => from + n));
      expect(row?.sources).toEqual({ count: to - from, rows: [{ first: from, last: to - 1 }] });
      expect(row?.left_out).toEqual({ count: 0, rows: [] });
    }
    expect(Number(rows[0]?.level)).toBe(seen.length);
  });

  it('should go by the order that is asked for, over groups that stand mixed, NULL among them', async () => {
    await using fixture = await Fixture.create();
    const rows = Array.from({ length: 60 }, (_, n) => ({ chapter: n % 3 === 0 ? null : `c${n % 3}`, at: 1_000 - n, text: String(n) }));
    const { rows: result } = await fold(fixture, await importRows(fixture, rows), { by: ['chapter'], orderBy: ['at'], maxTokens: 1_000 });
    expect(result.map(({ chapter, level }) => [chapter, Number(level)])).toEqual([
      [null, 1],
      ['c1', 1],
      ['c2', 1],
    ]);
    for (const [group, { numbers, sources }] of result.entries()) {
      const wanted = Array.from({ length: 20 }, (_, at) => 57 - 3 * at + group);
      expect(numbers).toEqual(wanted);
      expect(numbersIn(sources as unknown as Rows)).toEqual(wanted);
    }
  });

  it('should show several columns as JSON, and what is no text', async () => {
    await using fixture = await Fixture.create();
    const input = await importRows(fixture, [{ who: 'ROMEO', said: { lines: 2 }, note: null }]);
    const { seen } = await fold(fixture, input, { columns: ['who', 'said', 'note'] });
    expect(seen[0]?.[0]).toMatch(/^--- item 0 \w{8} ---\n\{"who":"ROMEO","said":\{"lines":2\},"note":null\}$/);
  });

  it('should leave out rows that had failed, and say of a group without any other that there are none', async () => {
    await using fixture = await Fixture.create();
    const base = await importRows(
      fixture,
      Array.from({ length: 9 }, (_, n) => ({ chapter: n < 6 ? 'a' : 'b', n })),
    );
    const input = await fixture.map(base, [{ name: 'text', type: 'VARCHAR' }], (row) =>
      row === 2 || row >= 6 ? null : { text: String(row) },
    );
    const { rows, gathered } = await fold(fixture, input, { by: ['chapter'] });
    expect(rows).toMatchObject([
      {
        chapter: 'a',
        _status: 'ok',
        numbers: [0, 1, 3, 4, 5],
        sources: {
          count: 5,
          rows: [
            { first: 0, last: 1 },
            { first: 3, last: 5 },
          ],
        },
        left_out: { count: 1, rows: [{ first: 2, last: 2 }] },
      },
      {
        chapter: 'b',
        _status: 'failed',
        _error_code: 'input_failed',
        numbers: null,
        left_out: { count: 3, rows: [{ first: 6, last: 8 }] },
      },
    ]);
    expect(gathered.errors).toEqual({ input_failed: 1 });
  });

  it('should fail a group of which an answer is missing, and name its rows; others go on', async () => {
    await using fixture = await Fixture.create();
    const input = await importRows(
      fixture,
      Array.from({ length: 100 }, (_, n) => ({ chapter: n < 50 ? 'a' : 'b', text: `number ${n}` })),
    );
    const { rows, seen } = await fold(fixture, input, { by: ['chapter'], maxTokens: 100 }, (items) => items.includes('number 13\n'));
    expect(rows[0]).toMatchObject({ chapter: 'a', _status: 'failed', _error_code: 'input_failed', numbers: null, level: 1 });
    expect(rows[0]?._error).toMatch(/^1 of its \d answers of level 1 failed: rows \d+ to \d+ \(/);
    expect(numbersIn(rows[0]?.sources as unknown as Rows)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(rows[1]).toMatchObject({ chapter: 'b', _status: 'ok', level: 2 });
    // Nothing more was asked of the group that had failed.
    expect(seen[1]).toHaveLength(1);
  });

  it('should fail a group with an item that fits no call, and one whose answers never get fewer, and cut nothing off', async () => {
    await using fixture = await Fixture.create();
    const input = await importRows(fixture, [
      { chapter: 'a', text: 'x'.repeat(200) },
      { chapter: 'b', text: '1' },
    ]);
    const { rows } = await fold(fixture, input, { by: ['chapter'] });
    expect(rows).toMatchObject([
      {
        chapter: 'a',
        _status: 'failed',
        _error_code: 'context_exceeded',
        _error: expect.stringMatching(/^item 0 takes 5\d tokens, .* 40\.$/),
      },
      { chapter: 'b', _status: 'ok' },
    ]);
    const long = await importRows(
      fixture,
      Array.from({ length: 8 }, (_, n) => ({ text: `${n} ${'1234567 '.repeat(13)}` })),
    );
    const stuck = await fold(fixture, long, {});
    expect(stuck.rows).toMatchObject([
      {
        _status: 'failed',
        _error_code: 'context_exceeded',
        _error: expect.stringContaining('None of the 8 answers of level 1 fits'),
        level: 2,
      },
    ]);
  });

  it('should make nothing of nothing', async () => {
    await using fixture = await Fixture.create();
    const base = await importRows(fixture, [{ chapter: 'a', text: 'x' }]);
    const { columns } = await fixture.import({ 'rows.jsonl': '{"chapter":"a","text":"x"}' });
    const empty = await fixture.tableOf({ rows: 0, columns, ownColumns: columns, parts: [] });
    const { rows, gathered } = await fold(fixture, empty, { by: ['chapter'] });
    expect([rows, gathered.part.rows, base.rows]).toEqual([[], 0, 1]);
  });
});
