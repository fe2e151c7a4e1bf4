import { sizeOf } from '@apwa/contracts';
import fc from 'fast-check';
import { MAX_SHARD_ROWS, planShards, planShardsOf, type Workforce } from './planning.js';

describe('planShards', () => {
  it('should cover every subtask once, in order, with shards that only get smaller', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 1_000 }),
        (rows, members, slots) => {
          const ranges = planShards(rows, { members, slots });
          let next = 0;
          for (const range of ranges) {
            expect(range.first).toBe(next);
            expect(sizeOf(range)).toBeGreaterThan(0);
            expect(sizeOf(range)).toBeLessThanOrEqual(MAX_SHARD_ROWS);
            next = range.last + 1;
          }
          expect(next).toBe(rows);
          const sizes = ranges.map(sizeOf);
          expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
        },
      ),
    );
  });

  it('should need few ledger rows for a million rows, whatever the pool', () => {
    for (const members of [1, 2, 50, 1_000])
      for (const slots of [1, 256, 10_000]) {
        // A shard and an attempt each.
        expect(planShards(1_000_000, { members, slots }).length * 2).toBeLessThan(1_000_000 / 100);
      }
  });

  it('should leave work for both of two members', () => {
    const sizes = planShards(1_500, { members: 2, slots: 256 }).map(sizeOf);
    expect(sizes[0]).toBe(256);
    expect(sizes.at(-1)).toBeLessThanOrEqual(32);
  });

  it('should not cut rows that can begin at once into many shards, and leave no member without any', () => {
    expect(planShards(64, { members: 2, slots: 64 }).map(sizeOf)).toEqual([32, 32]);
    expect(planShards(10, { members: 2, slots: 256 }).map(sizeOf)).toEqual([5, 5]);
  });

  it('should split a handful of rows among members with a slot each', () => {
    expect(planShards(4, { members: 2, slots: 1 }).map(sizeOf)).toEqual([1, 1, 1, 1]);
  });

  it('should keep all slots in use to the end, whoever claims what, where every row takes as long', () => {
    const pools = fc.record({ members: fc.integer({ min: 1, max: 4 }), slots: fc.constantFrom(50, 64, 100, 250, 256, 500, 1_250, 5_000) });
    fc.assert(
      fc.property(pools, fc.integer({ min: 2, max: 6 }), fc.infiniteStream(fc.nat()), (pool, rounds, draws) => {
        const ranges = planShards(pool.members * pool.slots * rounds, pool);
        expect(roundsOf(ranges.map(sizeOf), pool, (most) => (draws.next().value as number) % most)).toBe(rounds);
      }),
    );
  });

  it('should plan nothing for nothing, and one shard for one subtask', () => {
    expect(planShards(0, { members: 2, slots: 256 })).toEqual([]);
    expect(planShards(1, { members: 2, slots: 256 })).toEqual([{ first: 0, last: 0 }]);
  });
});

/** Rounds of calls in which members are through that claim the next shard while they have a slot for it; who comes first is drawn. */
const roundsOf = (shards: number[], { members, slots }: Workforce, draw: (most: number) => number): number => {
  const queue = [...shards];
  const waiting: number[] = Array.from({ length: members }, () => 0);
  const at = (list: number[], index: number): number => list[index] ?? 0;
  for (let rounds = 0; ; rounds++) {
    if (queue.length === 0 && waiting.every((rows) => rows === 0)) return rounds;
    const free = waiting.map((rows) => Math.max(0, slots - rows));
    for (const [member, rows] of waiting.entries()) waiting[member] = Math.max(0, rows - slots);
    while (queue.length > 0) {
      const hungry = [...free.keys()].filter((member) => at(free, member) > 0);
      if (hungry.length === 0) break;
      const member = at(hungry, draw(hungry.length));
      const rows = queue.shift() ?? 0;
      const begun = Math.min(rows, at(free, member));
      free[member] = at(free, member) - begun;
      waiting[member] = at(waiting, member) + rows - begun;
    }
  }
};

describe('planShardsOf', () => {
  const workforce = { members: 2, slots: 64 };

  it('should cover every subtask of the stretches once, and none between them', () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 5_000 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 30 }), (drawn) => {
        let next = 0;
        const stretches = drawn.map(([gap, more]) => ({ first: next + gap, last: (next += gap + more) }));
        const planned = planShardsOf(stretches, workforce);
        const subtasks = stretches.reduce((sum, one) => sum + sizeOf(one), 0);
        expect(planned.reduce((sum, one) => sum + sizeOf(one), 0)).toBe(subtasks);
        expect(planned.length).toBeLessThanOrEqual(planShards(subtasks, workforce).length + stretches.length);
        for (const [index, { first, last }] of planned.entries()) {
          expect(first).toBeGreaterThan(planned[index - 1]?.last ?? -1);
          expect(stretches.some((one) => one.first <= first && last <= one.last)).toBe(true);
        }
      }),
    );
  });

  it('should plan one stretch as it plans all subtasks', () => {
    expect(planShardsOf([{ first: 0, last: 9_999 }], workforce)).toEqual(planShards(10_000, workforce));
    expect(planShardsOf([], workforce)).toEqual([]);
  });
});
