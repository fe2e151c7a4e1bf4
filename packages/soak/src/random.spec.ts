import { Random } from './random.js';

describe('Random', () => {
  const draws = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => random.int(1, 1_000));
  };

  it('should draw the same for the same seed, and something else for another', () => {
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
  });

  it('should stay within its bounds', () => {
    const random = new Random(1);
    const shares = Array.from({ length: 200 }, () => random.share());
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shares)).toBeLessThan(1);
    expect(new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
  });
});
