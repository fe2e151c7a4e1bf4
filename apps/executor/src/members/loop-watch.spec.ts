import { LoopWatch } from './loop-watch.js';

describe('LoopWatch', () => {
  // The answers to delays against a limit of 100 ms; 1: it is told.
  it.each<[string, number[], number[]]>([
    ['tell nothing of a loop in time', [5, 99, 20, 3], [0, 0, 0, 0]],
    ['tell nothing of a loop that is late now and then', [100, 500, 5, 100, 5, 5, 700], [0, 0, 0, 0, 0, 0, 0]],
    ['tell once of one that is late again and again', [100, 100, 100, 100, 9_000], [0, 0, 1, 0, 0]],
    ['not tell again of one that was in time in between', [100, 100, 100, 5, 100, 100, 100], [0, 0, 1, 0, 0, 0, 0]],
    ['tell again when it had been in time for long', [100, 100, 100, 5, 5, 5, 100, 100, 100], [0, 0, 1, 0, 0, 0, 0, 0, 1]],
  ])('should %s', (_what, delays, told) => {
    const watch = new LoopWatch();
    expect(delays.map((delay) => Number(watch.isLate('a', delay, 100)))).toEqual(told);
  });

  it('should know members apart, and forget those that are gone', () => {
    const watch = new LoopWatch();
    expect(['a', 'a', 'b', 'b'].map((id) => watch.isLate(id, 200, 100))).toEqual([false, false, false, false]);
    watch.forget('a');
    expect(watch.isLate('a', 200, 100)).toBe(false);
    expect(watch.isLate('b', 200, 100)).toBe(true);
  });
});
