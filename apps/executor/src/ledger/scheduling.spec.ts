import { nextOf, served, slotsFor, type Contender } from './scheduling.js';

/** Serves `turns` shards of `rows` rows each, and counts who got them. */
const serve = (contenders: Contender[], turns: number, rows: number): Record<string, number> => {
  let poolTime = 0;
  let standing = contenders;
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < turns; turn++) {
    const next = nextOf(standing, poolTime);
    if (!next) break;
    const after = served(next, poolTime, rows);
    poolTime = after.poolTime;
    standing = standing.map((c) => (c === next ? { ...c, virtualTime: after.virtualTime } : c));
    counts[next.ownerId] = (counts[next.ownerId] ?? 0) + 1;
  }
  return counts;
};

describe('turns between runs', () => {
  it('should follow the weights', () => {
    const counts = serve(
      [
        { ownerId: 'a', virtualTime: 0, weight: 1 },
        { ownerId: 'b', virtualTime: 0, weight: 3 },
      ],
      400,
      100,
    );
    expect(counts).toEqual({ a: 100, b: 300 });
  });

  it('should let a newcomer in at once, without credit for the time before', () => {
    const counts = serve(
      [
        { ownerId: 'huge', virtualTime: 50_000, weight: 1 },
        { ownerId: 'new', virtualTime: 0, weight: 1 },
      ],
      2,
      10,
    );
    expect(counts).toEqual({ new: 2 });
    // The pool's clock stood at 50,000 when it came.
    expect(
      nextOf(
        [
          { ownerId: 'huge', virtualTime: 50_000, weight: 1 },
          { ownerId: 'new', virtualTime: 0, weight: 1 },
        ],
        50_000,
      )?.ownerId,
    ).toBe('huge');
  });

  it('should give nobody a turn where nobody waits', () => {
    expect(nextOf([], 0)).toBeUndefined();
  });
});

describe('slotsFor', () => {
  const free = { free: 256, waiting: 1, rows: 1_000, limit: null, inFlight: 0 };
  it.each([
    [free, 256],
    [{ ...free, rows: 10 }, 10],
    [{ ...free, waiting: 2 }, 128],
    [{ ...free, waiting: 100 }, 64],
    [{ ...free, limit: 100 }, 50],
    [{ ...free, limit: 100, inFlight: 90 }, 10],
    [{ ...free, limit: 100, inFlight: 100 }, 0],
    [{ ...free, limit: 1 }, 1],
    [{ ...free, free: 1, waiting: 3 }, 1],
  ])('should answer %p', (question, slots) => {
    expect(slotsFor(question)).toBe(slots);
  });
});
