import { noUsage, type RowResult, type RowValues } from '@apwa/contracts';
import { READ_ROWS, RowSource } from './row-source.js';

const resultOf = (row: number): RowResult => ({
  row,
  status: 'ok',
  output: { from: row },
  error: null,
  attempts: 1,
  model: 'm',
  usage: { ...noUsage(), input: 7 },
  usageEstimated: false,
  costUsd: 1,
  latencyMs: 3,
  traceId: null,
});

const setUp = (rows: RowValues[], known = new Map<number, RowResult>(), earlier: RowResult[] = []) => {
  const settled: RowResult[] = [];
  const source = new RowSource({
    range: { first: 0, last: rows.length - 1 },
    columns: ['a'],
    read: async ({ first, last }) => rows.slice(first, last + 1),
    earlier: async ({ first, last }) => earlier.filter(({ row }) => row >= first && row <= last),
    known: (row) => known.get(row),
    settled: (result) => settled.push(result),
  });
  const drain = async () => {
    const given: number[] = [];
    for (let item = await source.next(); item; item = await source.next()) {
      given.push(item.row);
      source.finish(item.key, resultOf(item.row));
    }
    return given;
  };
  return { source, settled, drain };
};

describe('RowSource', () => {
  it('should take rows that are done already with what they took, and ask neither them nor those like them', async () => {
    const { drain, settled } = setUp([{ a: 'x' }, { a: 'y' }, { a: 'z' }, { a: 'y' }], new Map([[0, resultOf(0)]]), [
      resultOf(0),
      resultOf(1),
    ]);
    expect(await drain()).toEqual([2]);
    expect(settled).toEqual([
      { ...resultOf(1), reused: true },
      { ...resultOf(1), row: 3, attempts: 0, usage: noUsage(), costUsd: 0, latencyMs: 0, reused: true },
    ]);
  });

  it('should not take a result whose input has failed since', async () => {
    const { drain, settled } = setUp([{ a: null, _status: 'failed' }], new Map(), [resultOf(0)]);
    expect(await drain()).toEqual([]);
    expect(settled).toMatchObject([{ row: 0, status: 'failed', error: { code: 'input_failed' } }]);
  });

  it('should ask identical rows once, and count the cost once', async () => {
    const { drain, settled } = setUp([
      { a: 'x', id: 1 },
      { a: 'y', id: 2 },
      { a: 'x', id: 3 },
      { a: 'x', id: 4 },
    ]);
    expect(await drain()).toEqual([0, 1]);
    expect(settled).toEqual([
      { ...resultOf(0), row: 2, attempts: 0, usage: noUsage(), costUsd: 0, latencyMs: 0 },
      { ...resultOf(0), row: 3, attempts: 0, usage: noUsage(), costUsd: 0, latencyMs: 0 },
    ]);
  });

  it('should settle those that were found while the first of them was under way', async () => {
    const { source, settled } = setUp([{ a: 'x' }, { a: 'x' }, { a: 'y' }]);
    const first = await source.next();
    expect((await source.next())?.row).toBe(2);
    expect(settled).toEqual([]);
    source.finish(first?.key ?? '', resultOf(0));
    expect(settled.map(({ row }) => row)).toEqual([1]);
  });

  it('should leave out what is known, and share it', async () => {
    const { drain, settled } = setUp([{ a: 'x' }, { a: 'y' }, { a: 'y' }, { a: 'z' }], new Map([[2, resultOf(2)]]));
    expect(await drain()).toEqual([0, 3]);
    expect(settled.map(({ row, output }) => [row, output])).toEqual([[1, { from: 2 }]]);
  });

  it('should not ask rows that failed in the step before', async () => {
    const { drain, settled } = setUp([
      { a: null, _status: 'failed', _error_code: 'refused' },
      { a: null, _status: 'ok' },
    ]);
    expect(await drain()).toEqual([1]);
    expect(settled).toMatchObject([{ row: 0, status: 'failed', error: { code: 'input_failed' }, attempts: 0 }]);
  });

  it('should read a large shard piece by piece, each row once', async () => {
    const rows = Array.from({ length: READ_ROWS * 2 + 5 }, (_, a) => ({ a }));
    expect(await setUp(rows).drain()).toEqual(rows.map(({ a }) => a));
  });

  it('should say so if the input has fewer rows than the shard', async () => {
    const source = new RowSource({
      range: { first: 0, last: 9 },
      columns: ['a'],
      read: async () => [{ a: 1 }],
      earlier: async () => [],
      known: () => undefined,
      settled: () => undefined,
    });
    await expect(source.next()).rejects.toMatchObject({ code: 'rows_missing', class: 'permanent' });
  });
});
