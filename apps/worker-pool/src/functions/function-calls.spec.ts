import { type CallResult, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { AttemptControl } from '../rows/control.js';
import { FunctionCalls, type FunctionPlace, MAX_ROW_BYTES } from './function-calls.js';

interface Asked {
  rows: unknown[];
  signal: AbortSignal;
  answer: (...results: CallResult[]) => void;
  fail: (error: Error) => void;
}

/** A place whose calls the test answers. */
const world = (options: { maxBatch?: number; maxWaitMs?: number } = {}) => {
  const asked: Asked[] = [];
  const cancelled: boolean[] = [];
  let opened = 0;
  const place: FunctionPlace = {
    call: (_, rows, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        asked.push({ rows: rows.map((row) => JSON.parse(row) as unknown), signal, answer: (...results) => resolve(results), fail: reject });
      }),
    cancel: (_, running) => void cancelled.push(running),
  };
  const calls = new FunctionCalls({ maxBatch: 2, maxWaitMs: 0, ...options, open: async () => (opened++, place) });
  return { calls, asked, cancelled, opened: () => opened };
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const control = (may: { begin: boolean } = { begin: true }) =>
  new AttemptControl({ begin: () => true, join: () => true, land: () => undefined, mayCall: () => may.begin, mayBegin: () => may.begin });
const ok = (n: number): CallResult => ({ output: { n } });

describe('calls of a function', () => {
  it('should go in batches, and ask again for what was left of one', async () => {
    const { calls, asked } = world({ maxBatch: 3, maxWaitMs: 60_000 });
    const rows = [1, 2, 3].map((n) => calls.call({ n }, control()));
    await settled();
    expect(asked.map((one) => one.rows)).toEqual([[{ n: 1 }, { n: 2 }, { n: 3 }]]);
    asked[0]?.answer(ok(1), { error: { code: 'capability_failed', message: 'ValueError' } });
    await expect(rows[1]).rejects.toEqual(new PermanentError('capability_failed', 'ValueError'));
    expect(await rows[0]).toEqual({ n: 1 });
    await settled();
    expect(asked[1]?.rows).toEqual([{ n: 3 }]);
    asked[1]?.answer(ok(3));
    expect(await rows[2]).toEqual({ n: 3 });
  });

  it('should not wait for ever for the rest of a batch', async () => {
    const { calls, asked } = world();
    const row = calls.call({ n: 1 }, control());
    await settled();
    asked[0]?.answer(ok(1));
    expect(await row).toEqual({ n: 1 });
  });

  it('should be made again, elsewhere, when who was called is gone', async () => {
    const { calls, asked, opened } = world();
    const row = calls.call({ n: 1 }, control());
    await settled();
    asked[0]?.fail(new TransientError('responder_lost', 'gone'));
    await settled();
    // Something changed: who waits looks again at once.
    calls.wake();
    await settled();
    expect(opened()).toBe(2);
    asked[1]?.answer(ok(1));
    expect(await row).toEqual({ n: 1 });
  });

  it('should end for all rows of the batch when the function can not be called', async () => {
    const { calls, asked } = world();
    const rows = [1, 2].map((n) => calls.call({ n }, control()));
    await settled();
    asked[0]?.fail(new RefusedError('capability_missing_package', 'No module named x'));
    for (const row of rows) await expect(row).rejects.toMatchObject({ code: 'capability_missing_package' });
  });

  it('should be ended when all of its rows are dropped, and go on while one is not', async () => {
    const { calls, asked, cancelled } = world();
    const [first, second] = [control(), control()];
    const rows = [calls.call({ n: 1 }, first), calls.call({ n: 2 }, second)];
    await settled();
    first.abort(new Error('over'));
    calls.wake();
    expect(asked[0]?.signal.aborted).toBe(false);
    second.abort(new Error('over'));
    calls.wake();
    expect(await Promise.all(rows)).toEqual([null, null]);
    expect(cancelled).toEqual([true]);
  });

  it('should be given back by a paused run unless it has begun', async () => {
    const { calls, asked, cancelled } = world();
    const may = { begin: true };
    const row = calls.call({ n: 1 }, control(may));
    await settled();
    may.begin = false;
    calls.wake();
    expect(cancelled).toEqual([false]);
    asked[0]?.fail(new TransientError('call_cancelled', 'it had not begun'));
    await settled();
    calls.wake();
    expect(await row).toBeNull();
  });

  it('should refuse arguments that no message can carry', () => {
    const { calls } = world();
    expect(() => calls.call({ text: 'x'.repeat(MAX_ROW_BYTES) }, control())).toThrow(
      expect.objectContaining({ code: 'invalid_arguments' }) as Error,
    );
  });
});
