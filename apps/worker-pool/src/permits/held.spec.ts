import { Held } from './held.js';

/** Calls begun in each 10 ms up to `until`. */
const begun = (held: Held, from: number, until: number, tokens = 0): number[] => {
  const counts: number[] = [];
  for (let now = from; now < until; now++) {
    const slot = Math.floor((now - from) / 10);
    counts[slot] ??= 0;
    while (held.take(now, tokens)) counts[slot] = counts[slot] + 1;
  }
  return counts;
};

describe('Held', () => {
  it('should spend permits evenly until the next ones are due', () => {
    const held = new Held();
    held.add(0, 40, 0, 2_000, 200);
    const counts = begun(held, 0, 200);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
  });

  it('should let a single call begin at once', () => {
    const held = new Held();
    held.add(0, 1, 0, 2_000, 200);
    expect(held.take(0, 0)).toBe(true);
    expect(held.take(1, 0)).toBe(false);
  });

  it('should hold nothing past its term', () => {
    const held = new Held();
    held.add(0, 5, 500, 1_000, 200);
    expect(held.take(1_000, 0)).toBe(false);
    expect([held.calls, held.tokens]).toEqual([0, 0]);
  });

  it('should let a call begin only with all of its tokens, from several grants if need be', () => {
    const held = new Held();
    held.add(0, 1, 60, 2_000, 200);
    expect(held.take(0, 100)).toBe(false);
    held.add(200, 1, 60, 2_200, 200);
    expect(held.take(200, 100)).toBe(true);
    expect([held.calls, held.tokens]).toEqual([1, 20]);
  });

  it('should give up what is more than is needed, and take back what was not used', () => {
    const held = new Held();
    held.add(0, 10, 1_000, 2_000, 200);
    expect(held.surplus(0, 4, 300)).toEqual({ calls: 6, tokens: 700 });
    expect([held.calls, held.tokens]).toEqual([4, 300]);
    held.take(0, 100);
    held.giveBack(1, 100);
    expect([held.calls, held.tokens]).toEqual([4, 300]);
  });
});
