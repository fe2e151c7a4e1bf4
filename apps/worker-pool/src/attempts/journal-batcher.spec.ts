import {
  type AgentTurn,
  type JournalBatch,
  type JournaledRows,
  type JournalPlace,
  noUsage,
  type RowResult,
  TransientError,
} from '@apwa/contracts';
import { JournalBatcher, type JournalBatcherOptions } from './journal-batcher.js';

const place = (incarnation: number): JournalPlace => ({ stream: `S${incarnation}`, incarnation, subject: 's', shardSubjects: 's.*' });
const result = (row: number, size = 10): RowResult => ({
  row,
  status: 'ok',
  output: { text: 'x'.repeat(size) },
  error: null,
  attempts: 1,
  model: 'm',
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 1,
  traceId: null,
});

const setUp = (publish: JournalBatcherOptions['publish'] = async () => undefined, stepwise = false) => {
  const published: { place: JournalPlace; batch: JournalBatch; at: number }[] = [];
  const acked: number[] = [];
  const stored = new Map<number, JournaledRows>();
  const batcher = new JournalBatcher({
    token: 'a'.repeat(32),
    place: place(1),
    stepwise,
    publish: async (where, batch, signal) => {
      published.push({ place: where, batch, at: performance.now() });
      await publish(where, batch, signal);
    },
    store: async (sequence, content) => {
      stored.set(sequence, content);
      return `journal/${sequence}`;
    },
    acked: (_rows, _incarnation, fresh) => acked.push(...fresh.map(({ row }) => row)),
    failed: () => undefined,
  });
  const rowsOf = (batch: JournalBatch) => (Array.isArray(batch.rows) ? batch.rows.map(({ row }) => row) : []);
  return { batcher, published, acked, stored, rowsOf };
};
const range = (count: number) => Array.from({ length: count }, (_, row) => row);

describe('JournalBatcher with turns', () => {
  const turn = (row: number, content = 'x'): AgentTurn => ({
    row,
    replica: 0,
    id: 'ab'.repeat(8),
    after: null,
    messages: [{ role: 'assistant', content }],
    calls: 1,
    usage: noUsage(),
    usageEstimated: false,
    costUsd: 0,
    latencyMs: 1,
    model: null,
  });

  it('should journal a turn before its row goes on', async () => {
    let acknowledge: () => void = () => undefined;
    const { batcher, published } = setUp(() => new Promise((resolve) => (acknowledge = resolve)));
    let goesOn = false;
    const added = batcher.addTurn(turn(3)).then(() => (goesOn = true));
    while (published.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(published[0]?.batch).toMatchObject({ rows: [], turns: [{ row: 3 }] });
    expect(goesOn).toBe(false);
    acknowledge();
    await added;
    batcher.close();
  });

  it('should publish turns again when the journal is lost, but not of rows that have their result', async () => {
    const { batcher, published } = setUp();
    await Promise.all([batcher.addTurn(turn(1)), batcher.addTurn(turn(2))]);
    batcher.add(result(1));
    await batcher.flush(5_000);
    const before = published.length;
    batcher.moveTo(place(2));
    await batcher.flush(5_000);
    const again = published.slice(before).map(({ batch }) => batch);
    expect(again).toMatchObject([{ rows: [{ row: 1 }], turns: [{ row: 2 }] }]);
    batcher.close();
  });

  it('should put a turn that is too large for a message into storage', async () => {
    const { batcher, published, stored } = setUp();
    await batcher.addTurn(turn(1, 'x'.repeat(300 * 1024)));
    expect(published.map(({ batch }) => batch)).toEqual([{ token: 'a'.repeat(32), sequence: 0, rows: { key: 'journal/0' } }]);
    expect(stored.get(0)?.turns).toHaveLength(1);
    batcher.close();
  });
});

describe('JournalBatcher', () => {
  it('should publish 64 rows at once, and a smaller rest after 50 ms', async () => {
    const { batcher, published, rowsOf, acked } = setUp();
    const begun = performance.now();
    for (const row of range(70)) batcher.add(result(row));
    expect(published.map(({ batch }) => rowsOf(batch).length)).toEqual([64]);
    await batcher.flush(5_000).then(() => undefined);
    expect(published.map(({ batch }) => rowsOf(batch).length)).toEqual([64, 6]);
    batcher.add(result(70));
    while (acked.length < 71) await new Promise((resolve) => setImmediate(resolve));
    expect(performance.now() - begun).toBeGreaterThanOrEqual(45);
    expect(acked.toSorted((a, b) => a - b)).toEqual(range(71));
    expect(published.map(({ batch }) => batch.sequence)).toEqual([0, 1, 2]);
    batcher.close();
  });

  it('should publish each answer at once where rows go step by step, and give room to the next when it is acknowledged', async () => {
    let acknowledge: () => void = () => undefined;
    const { batcher, published, rowsOf } = setUp(() => new Promise((resolve) => (acknowledge = resolve)), true);
    expect(batcher.room()).toBeUndefined();
    batcher.add(result(3));
    expect(published.map(({ batch }) => rowsOf(batch))).toEqual([[3]]);
    let room = false;
    const waited = batcher.room()?.then(() => (room = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(room).toBe(false);
    acknowledge();
    await waited;
    expect(batcher.room()).toBeUndefined();
    batcher.close();
  });

  it('should try again under a new number what was not acknowledged, and count it once', async () => {
    let failures = 2;
    const { batcher, published, acked } = setUp(async () => {
      if (failures-- > 0) throw new TransientError('deadline_exceeded', 'no answer');
    });
    batcher.add(result(0));
    expect(await batcher.flush(5_000)).toBe(true);
    expect(published.map(({ batch }) => batch.sequence)).toEqual([0, 1, 2]);
    expect(acked).toEqual([0]);
    expect(batcher.unacked).toBe(0);
    batcher.close();
  });

  it('should publish everything again when the journal is lost, and count nothing twice', async () => {
    const { batcher, published, rowsOf, acked } = setUp();
    for (const row of range(3)) batcher.add(result(row));
    await batcher.flush(1_000);
    batcher.moveTo(place(2));
    batcher.add(result(3));
    expect(await batcher.flush(1_000)).toBe(true);
    expect(published.filter(({ place: { incarnation } }) => incarnation === 2).flatMap(({ batch }) => rowsOf(batch))).toEqual(range(4));
    expect(acked.toSorted((a, b) => a - b)).toEqual(range(4));
    batcher.close();
  });

  it('should put into storage what is too large for a message', async () => {
    const { batcher, published, stored } = setUp();
    batcher.add(result(0, 300 * 1024));
    batcher.add(result(1));
    expect(await batcher.flush(1_000)).toBe(true);
    expect(published.map(({ batch }) => batch)).toEqual(
      expect.arrayContaining([
        { token: 'a'.repeat(32), sequence: 0, rows: { key: 'journal/0' } },
        { token: 'a'.repeat(32), sequence: 1, rows: [result(1)] },
      ]),
    );
    expect(stored.get(0)?.rows).toEqual([result(0, 300 * 1024)]);
    batcher.close();
  });

  it('should keep batches of large rows below the size of a message', async () => {
    const { batcher, published } = setUp();
    for (const row of range(20)) batcher.add(result(row, 60 * 1024));
    expect(await batcher.flush(1_000)).toBe(true);
    for (const { batch } of published) expect(JSON.stringify(batch).length).toBeLessThan(256 * 1024);
    batcher.close();
  });

  it('should make rows wait while too many are unacknowledged, and go on with the acknowledgement', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const { batcher } = setUp(() => answered);
    for (const row of range(2_048)) batcher.add(result(row));
    const room = batcher.room();
    expect(room).toBeInstanceOf(Promise);
    answer();
    await room;
    expect(batcher.unacked).toBeLessThan(2_048);
    batcher.close();
  });

  it('should publish nothing after it is closed', async () => {
    const { batcher, published } = setUp();
    batcher.add(result(0));
    batcher.close();
    batcher.add(result(1));
    expect(await batcher.flush(10)).toBe(false);
    expect(published).toEqual([]);
  });
});
