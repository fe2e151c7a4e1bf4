import { apportion } from './apportion.js';

describe('apportion', () => {
  it.each([
    [
      'by weight',
      8,
      [
        [1, 100],
        [3, 100],
      ],
      [2, 6],
    ],
    [
      'what one cannot use to the others',
      10,
      [
        [1, 2],
        [1, 100],
        [1, 100],
      ],
      [2, 4, 4],
    ],
    [
      'no more than is wanted',
      100,
      [
        [1, 3],
        [5, 4],
      ],
      [3, 4],
    ],
    ['nothing of nothing', 0, [[1, 3]], [0]],
    ['nobody', 5, [], []],
  ])('should share %s', (_, total, claimants, shares) => {
    expect(
      apportion(
        total,
        claimants.map(([weight = 1, demand = 0]) => ({ weight, demand })),
        0,
      ),
    ).toEqual(shares);
  });

  it('should pass nobody over for ever, and never give more than there is', () => {
    const claimants = Array.from({ length: 7 }, (_, index) => ({ weight: 1 + (index % 3), demand: 5 }));
    const got = claimants.map(() => 0);
    for (let turn = 0; turn < 21; turn++) {
      const shares = apportion(3, claimants, turn);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(3);
      for (const [index, share] of shares.entries()) got[index] = (got[index] as number) + share;
    }
    expect(Math.min(...got)).toBeGreaterThan(0);
  });
});
