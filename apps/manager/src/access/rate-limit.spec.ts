import { RateLimit } from './rate-limit.js';

describe('a rate limit', () => {
  it('should let a minute’s worth in at once, and say when the next one may come', () => {
    const limit = new RateLimit(60);
    const waits = Array.from({ length: 61 }, () => limit.take('a', 0));
    expect(waits.slice(0, 60).every((wait) => wait === 0)).toBe(true);
    expect(waits[60]).toBe(1_000);
    expect(limit.take('a', 400)).toBe(600);
    expect(limit.take('a', 1_000)).toBe(0);
    expect(limit.take('a', 1_000)).toBe(1_000);
  });

  it('should fill up evenly, and never above a minute’s worth', () => {
    const limit = new RateLimit(6_000);
    let taken = 0;
    for (let now = 0; now < 120_000; now += 5) if (limit.take('a', now) === 0) taken++;
    expect(taken).toBe(6_000 + 11_999);
    const late = Array.from({ length: 6_001 }, () => limit.take('a', 10_000_000));
    expect(late.filter((wait) => wait === 0)).toHaveLength(6_000);
  });

  it('should count each caller alone', () => {
    const limit = new RateLimit(1);
    expect([limit.take('a', 0), limit.take('b', 0), limit.take('a', 0)]).toEqual([0, 0, 60_000]);
  });

  it('should not grow with the number of callers, and know those who do not stop', () => {
    const limit = new RateLimit(1, 100);
    for (let n = 0; n < 1_000; n++) {
      limit.take(`other ${n}`, n);
      expect(limit.take('greedy', n) > 0).toBe(n > 0);
    }
    expect(limit.size).toBe(100);
  });
});
