import { jest } from '@jest/globals';
import { Gathering } from './gathering.js';

const EVERY_MS = 250;

describe('notices that are gathered', () => {
  let asked: { at: number; ids: string[] }[];
  let gathering: Gathering;

  beforeEach(() => {
    jest.useFakeTimers();
    const start = performance.now();
    asked = [];
    gathering = new Gathering(EVERY_MS, (ids) => asked.push({ at: performance.now() - start, ids }));
  });
  afterEach(() => void jest.useRealTimers());

  it('should be asked about at once where nothing was asked of late', () => {
    gathering.add('a');
    gathering.add('b');
    jest.advanceTimersByTime(0);
    expect(asked).toEqual([{ at: 0, ids: ['a', 'b'] }]);
    jest.advanceTimersByTime(EVERY_MS);
    gathering.add('a');
    jest.advanceTimersByTime(0);
    expect(asked).toEqual([
      { at: 0, ids: ['a', 'b'] },
      { at: EVERY_MS, ids: ['a'] },
    ]);
  });

  it('should be one question in an interval, however many come', () => {
    for (let n = 0; n < 999; n++) {
      gathering.add(n % 2 === 0 ? 'a' : 'b');
      jest.advanceTimersByTime(1);
    }
    expect(asked.map(({ at }) => at)).toEqual([0, 250, 500, 750]);
    expect(asked.at(-1)?.ids.sort()).toEqual(['a', 'b']);
    jest.advanceTimersByTime(EVERY_MS);
    expect(asked).toHaveLength(5);
  });

  it('should be asked about at once where one is of an end, with what waited', () => {
    gathering.add('a');
    jest.advanceTimersByTime(10);
    gathering.add('a');
    gathering.add('b', { atOnce: true });
    jest.advanceTimersByTime(0);
    expect(asked.at(-1)).toEqual({ at: 10, ids: ['a', 'b'] });
    gathering.add('a');
    jest.advanceTimersByTime(EVERY_MS - 1);
    expect(asked).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(asked.at(-1)).toEqual({ at: 10 + EVERY_MS, ids: ['a'] });
  });

  it('should be asked about no more once it is over', () => {
    gathering.add('a');
    gathering.stop();
    jest.advanceTimersByTime(EVERY_MS);
    expect(asked).toEqual([]);
  });
});
