import { seededRandom } from '@apwa/test-kit';
import { chosenRows } from './chosen-rows.js';
import { meanOf, t95, unseenShare } from './estimate.js';

it.each([
  [1, 6.314],
  [5, 2.015],
  [6, 1.943],
  [19, 1.729],
  [100, 1.66],
])('should know the quantile of Student for %d degrees of freedom', (freedom, t) => expect(t95(freedom)).toBeCloseTo(t, 2));

it('should choose rows spread over the table, each once, in order, and the same again', () => {
  const rows = chosenRows(1_500, 20).map(({ first }) => first);
  expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  rows.forEach((row, index) => {
    expect(row).toBeGreaterThanOrEqual(index * 75);
    expect(row).toBeLessThan((index + 1) * 75);
  });
  expect(new Set(rows.slice(1).map((row, index) => row - (rows[index] ?? 0))).size).toBeGreaterThan(5);
  expect(chosenRows(1_500, 20).map(({ first }) => first)).toEqual(rows);
  expect(chosenRows(7, 20)).toEqual([{ first: 0, last: 6 }]);
  expect(chosenRows(0, 20)).toEqual([]);
  for (const total of [21, 39, 1_000_003]) expect(new Set(chosenRows(total, 20).map(({ first }) => first)).size).toBe(20);
});

describe('the mean over all rows', () => {
  it('should be exact where all rows were sampled, and nothing without any', () => {
    expect(meanOf({ values: [1, 2, 6], of: 3 })).toEqual({ low: 3, expected: 3, high: 3 });
    expect(meanOf({ values: [], of: 10 })).toEqual({ low: 0, expected: 0, high: 0 });
  });

  it('should never be less than what the sample alone has come to', () => {
    const { low } = meanOf({ values: [0, 0, 0, 90], of: 9 });
    expect(low).toBe(10);
  });

  it('should be corrected by what is known of all rows', () => {
    const values = [10, 20, 30, 40, 50].map((size) => 7 + 2 * size);
    const { expected, high } = meanOf({ values, of: 1_000, size: { values: [10, 20, 30, 40, 50], mean: 60 } });
    expect(expected).toBeCloseTo(127);
    expect(high).toBeCloseTo(127);
  });

  it.each<[string, (random: () => number) => { size: number; value: number }]>([
    ['rows of even sizes', (random) => ({ size: 0, value: 100 + 40 * random() })],
    [
      'prompts that grow with their rows',
      (random) => {
        const size = 200 * random() ** 2;
        return { size, value: 50 + size + 30 * random() };
      },
    ],
    [
      'answers of a few long rows',
      (random) => ({ size: 100 * random(), value: 20 * Math.exp(1.2 * (random() + random() + random() - 1.5)) }),
    ],
  ])('should lie in its interval nine times of ten: %s', (_, rowOf) => {
    const random = seededRandom(7);
    let held = 0;
    const ROUNDS = 400;
    for (let round = 0; round < ROUNDS; round++) {
      const rows = Array.from({ length: 600 }, () => rowOf(random));
      const sampled = chosenRows(600, 20).map(({ first }) => rows[first] ?? { size: 0, value: 0 });
      const mean = (key: 'size' | 'value') => rows.reduce((sum, row) => sum + row[key], 0) / rows.length;
      const { low, high } = meanOf({
        values: sampled.map(({ value }) => value),
        of: rows.length,
        size: { values: sampled.map(({ size }) => size), mean: mean('size') },
      });
      if (low <= mean('value') && mean('value') <= high) held++;
    }
    expect(held / ROUNDS).toBeGreaterThanOrEqual(0.86);
    expect(held / ROUNDS).toBeLessThan(0.98);
  });
});

it('should say how many rows may do what no sampled one did', () => {
  expect(unseenShare(20)).toBeCloseTo(0.139, 3);
  expect(unseenShare(0)).toBe(1);
});
