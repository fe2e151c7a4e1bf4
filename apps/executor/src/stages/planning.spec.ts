import { sizeOf } from '@apwa/contracts';
import fc from 'fast-check';
import { MAX_SHARD_ROWS, planShards, planShardsOf } from './planning.js';

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
    expect(sizes[0]).toBe(375);
    expect(sizes.at(-1)).toBeLessThanOrEqual(32);
  });

  it('should not cut rows that can begin at once into many shards, and leave no member without any', () => {
    expect(planShards(64, { members: 2, slots: 64 }).map(sizeOf)).toEqual([32, 32]);
    expect(planShards(10, { members: 2, slots: 256 }).map(sizeOf)).toEqual([5, 5]);
  });

  it('should split a handful of rows among members with a slot each', () => {
    expect(planShards(4, { members: 2, slots: 1 }).map(sizeOf)).toEqual([1, 1, 1, 1]);
  });

  it('should plan nothing for nothing, and one shard for one subtask', () => {
    expect(planShards(0, { members: 2, slots: 256 })).toEqual([]);
    expect(planShards(1, { members: 2, slots: 256 })).toEqual([{ first: 0, last: 0 }]);
  });
});

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
