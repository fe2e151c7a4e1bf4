import { membersFor, wishFor, type Demand } from './wish.js';

const pool = { slots: 10, min: 1, max: 5, idleMs: 1_000 };

describe('membersFor', () => {
  it.each([
    ['the least where nothing is wanted', 0, pool, 1],
    ['none where none are kept', 0, { ...pool, min: 0 }, 0],
    ['one for the first slot', 1, { ...pool, min: 0 }, 1],
    ['as many as the slots take', 31, pool, 4],
    ['no more for slots that fill them', 30, pool, 3],
    ['the most at most', 1_000, pool, 5],
    ['what is always there', 1_000, { ...pool, min: 2, max: 2 }, 2],
  ])('should be %s', (_what, wanted, bounds, members) => expect(membersFor(wanted, bounds)).toBe(members));
});

describe('wishFor', () => {
  const rest: Demand = { wanted: 0, there: 1, starting: 0, idleMs: null };
  it.each<[string, Partial<Demand>, Partial<typeof pool>, number]>([
    ['the first member, for the first slot', { wanted: 1, there: 0 }, { min: 0 }, 1],
    ['nobody, while nothing is wanted', { wanted: 0, there: 0 }, { min: 0 }, 0],
    ['no more while those that are there have room', { wanted: 10 }, {}, 1],
    ['one more for the first slot beyond', { wanted: 11 }, {}, 2],
    ['all that it takes at once', { wanted: 45 }, {}, 5],
    ['no more than the most', { wanted: 10_000 }, {}, 5],
    ['not again those that are on their way', { wanted: 30, there: 1, starting: 2 }, {}, 3],
    ['more beside those on their way, if they are too few', { wanted: 40, there: 1, starting: 2 }, {}, 4],
    // A run that may have ten calls in flight wants ten slots, however many shards it has.
    ['one for a run whose limit is what one member has', { wanted: 10, there: 0 }, { min: 0 }, 1],
    ['all of them while none is idle, though fewer would do', { wanted: 3, there: 3, idleMs: null }, {}, 3],
    ['all of them while none has been idle for long', { wanted: 0, there: 3, idleMs: 999 }, {}, 3],
    ['one less when one has', { wanted: 0, there: 3, idleMs: 1_000 }, {}, 2],
    ['one less only, however long', { wanted: 0, there: 5, idleMs: 1e9 }, { min: 0 }, 4],
    ['one less, beside others at work', { wanted: 11, there: 3, idleMs: 5_000 }, {}, 2],
    ['no less than the work takes', { wanted: 21, there: 3, idleMs: 1e9 }, {}, 3],
    ['no less than the least', { wanted: 0, there: 1, idleMs: 1e9 }, {}, 1],
    ['none in the end', { wanted: 0, there: 1, idleMs: 1_000 }, { min: 0 }, 0],
    ['one less of those that do not come up', { wanted: 0, there: 0, starting: 2, idleMs: 1_000 }, { min: 0 }, 1],
    ['the least again, when some are missing', { wanted: 0, there: 0, starting: 0 }, { min: 2 }, 2],
  ])('should be %s', (_what, demand, bounds, wish) => expect(wishFor({ ...rest, ...demand }, { ...pool, ...bounds })).toBe(wish));

  it('should come to rest: what it wishes for, once it is there, is its wish still', () => {
    for (let wanted = 0; wanted <= 80; wanted++)
      for (let there = 0; there <= 5; there++)
        for (const starting of [0, 1, 2]) {
          const wish = wishFor({ wanted, there, starting, idleMs: null }, pool);
          expect(wishFor({ wanted, there: wish, starting: 0, idleMs: null }, pool)).toBe(wish);
        }
  });
});
