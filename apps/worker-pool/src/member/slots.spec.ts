import { freeSlots, Slots } from './slots.js';

describe('Slots', () => {
  it('should keep leased and free adding up to the total, whatever happens', () => {
    const slots = new Slots(64);
    let seed = 1;
    const draw = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 5_000; step++) {
      const token = `t${draw(8)}`;
      const action = draw(4);
      if (action === 0) slots.lease(token, draw(40));
      else if (action === 1) slots.shrink(token, draw(40));
      else if (action === 2) slots.grow(token, draw(40));
      else slots.release(token);
      const held = Array.from({ length: 8 }, (_, index) => slots.heldBy(`t${index}`)).reduce((a, b) => a + b, 0);
      expect(slots.leased).toBe(held);
      expect(slots.leased + slots.free).toBe(64);
      expect(slots.free).toBeGreaterThanOrEqual(0);
    }
  });

  it('should refuse more than is free', () => {
    const slots = new Slots(4);
    expect(slots.lease('a', 3)).toBe(true);
    expect(slots.lease('b', 2)).toBe(false);
    expect(slots.lease('a', 1)).toBe(false);
    expect(slots.free).toBe(1);
  });

  it('should give an attempt what is free and no more, and nothing to one that has ended', () => {
    const slots = new Slots(4);
    slots.lease('a', 2);
    expect([slots.grow('a', 3), slots.heldBy('a'), slots.free]).toEqual([2, 4, 0]);
    slots.release('a');
    expect([slots.grow('a', 3), slots.free]).toEqual([0, 4]);
  });

  it('should not raise what an attempt holds by shrinking it', () => {
    const slots = new Slots(4);
    slots.lease('a', 2);
    slots.shrink('a', 3);
    expect(slots.heldBy('a')).toBe(2);
  });
});

describe('freeSlots', () => {
  it('should wait for more than a leftover while something runs', () => {
    const slots = new Slots(256);
    expect(freeSlots(slots).worthClaiming).toBe(true);
    slots.lease('a', 250);
    expect(freeSlots(slots).worthClaiming).toBe(false);
    slots.shrink('a', 200);
    expect(freeSlots(slots).worthClaiming).toBe(true);
    slots.release('a');
    slots.lease('b', 256);
    expect(freeSlots(slots).worthClaiming).toBe(false);
  });
});
