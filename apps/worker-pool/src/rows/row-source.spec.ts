import { noUsage, type RowResult, type RowValues } from '@apwa/contracts';
import { READ_ROWS, RowSource } from './row-source.js';
import { SharedAnswers, type StageAnswers } from './shared-answers.js';

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

const setUp = (rows: RowValues[], known = new Map<number, RowResult>(), earlier: RowResult[] = [], shared?: StageAnswers) => {
  const settled: RowResult[] = [];
  const source = new RowSource({
    range: { first: 0, last: rows.length - 1 },
    columns: ['a'],
    read: async ({ first, last }) => rows.slice(first, last + 1),
    earlier: async ({ first, last }) => earlier.filter(({ row }) => row >= first && row <= last),
    known: (row) => known.get(row),
    settled: (result) => settled.push(result),
    shared,
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

  it('should ask each row where nothing is shared among them, and leave those alone of which nobody knows what they did', async () => {
    const settled: RowResult[] = [];
    const uncertain: RowResult = { ...resultOf(1), status: 'failed', output: null, error: { code: 'unknown', message: '?' } };
    const source = new RowSource({
      range: { first: 0, last: 2 },
      columns: null,
      read: async () => [{ a: 'x' }, { a: 'x' }, { a: 'x' }],
      earlier: async () => [uncertain],
      known: () => undefined,
      settled: (result) => settled.push(result),
    });
    expect([(await source.next())?.row, (await source.next())?.row, await source.next()]).toEqual([0, 2, undefined]);
    expect(settled).toEqual([uncertain]);
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

  describe('beside other shards of its stage', () => {
    /** Everything that can go on does. */
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const stage = () => new SharedAnswers().of('stg_1');
    const shards = (answers: StageAnswers) =>
      [
        setUp([{ a: 'x' }, { a: 'y' }], undefined, [], answers),
        setUp([{ a: 'y' }, { a: 'x' }, { a: 'x' }], undefined, [], answers),
      ] as const;

    it('should not ask what another has asked', async () => {
      const [first, second] = shards(stage());
      expect(await first.drain()).toEqual([0, 1]);
      expect(await second.drain()).toEqual([]);
      expect(second.settled.map(({ row, output, attempts, costUsd }) => [row, output, attempts, costUsd])).toEqual([
        [0, { from: 1 }, 0, 0],
        [1, { from: 0 }, 0, 0],
        [2, { from: 0 }, 0, 0],
      ]);
    });

    it('should go on with its other rows while another asks, and take what that is told, be it a failure', async () => {
      const answers = stage();
      const [first, second] = shards(answers);
      const x = await first.source.next();
      expect(await second.source.next()).toMatchObject({ row: 0 });
      const rest = second.source.next();
      await turn();
      first.source.finish(x?.key ?? '', { ...resultOf(0), status: 'failed', output: null });
      expect(await rest).toBeUndefined();
      expect(second.settled).toMatchObject([
        { row: 1, status: 'failed' },
        { row: 2, status: 'failed' },
      ]);
      // It was told to who waited for it. Who comes later asks again.
      const third = setUp([{ a: 'x' }], undefined, [], answers);
      expect(await third.drain()).toEqual([0]);
    });

    it('should ask itself where the other gives up', async () => {
      const [first, second] = shards(stage());
      const x = await first.source.next();
      await second.source.next();
      const rest = second.source.next();
      await turn();
      first.source.abandon(x?.key ?? '');
      const item = await rest;
      expect(item).toMatchObject({ row: 1 });
      second.source.finish(item?.key ?? '', resultOf(1));
      expect(await second.source.next()).toBeUndefined();
      expect(second.settled).toMatchObject([{ row: 2, output: { from: 1 }, attempts: 0 }]);
    });
  });
});
