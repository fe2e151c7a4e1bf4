import { jest } from '@jest/globals';
import { Throttle } from './throttle.js';

describe('Throttle', () => {
  let runs: string[][];
  let failures: unknown[];
  let run: (ids: readonly string[]) => Promise<void>;
  let throttle: Throttle;

  beforeEach(() => {
    jest.useFakeTimers();
    runs = [];
    failures = [];
    run = async (ids) => void runs.push([...ids]);
    throttle = new Throttle({ everyMs: 100, run: (ids) => run(ids), failed: (thrown) => failures.push(thrown) });
  });
  afterEach(() => {
    throttle.stop();
    jest.useRealTimers();
  });

  it('should attend to a word at once', async () => {
    await throttle.hear(['a']);
    await throttle.hear(['b']);
    expect(runs).toEqual([['a'], ['b']]);
  });

  it('should attend to many words on one id once in a while, and to the last one', async () => {
    for (let word = 0; word < 50; word++) await throttle.hear(['a']);
    expect(runs).toEqual([['a']]);
    await jest.advanceTimersByTimeAsync(100);
    expect(runs).toEqual([['a'], ['a']]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs).toHaveLength(2);
  });

  it('should reject with what went wrong at once, and hand on what went wrong later', async () => {
    const error = new Error('no database');
    run = () => Promise.reject(error);
    await expect(throttle.hear(['a'])).rejects.toBe(error);
    await throttle.hear(['a']);
    await jest.advanceTimersByTimeAsync(100);
    expect(failures).toEqual([error]);
  });

  it('should do nothing more once it is stopped', async () => {
    await throttle.hear(['a']);
    await throttle.hear(['a']);
    throttle.stop();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs).toHaveLength(1);
  });
});
