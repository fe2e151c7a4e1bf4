import { Supply } from './supply.js';

/** Lets rows end at a steady pace. */
const ending = (supply: Supply, { rows, from, everyMs }: { rows: number; from: number; everyMs: number }): number => {
  for (let n = 0; n < rows; n++) supply.answered(from + n * everyMs);
  return from + rows * everyMs;
};

describe('Supply', () => {
  it('should call rows low that end within a quarter of a second at the pace of late', () => {
    const supply = new Supply();
    // 1,000 rows a second.
    const now = ending(supply, { rows: 2_000, from: 10_000, everyMs: 1 });
    expect(supply.isLow(100, now)).toBe(true);
    expect(supply.isLow(400, now)).toBe(false);
  });

  it('should have nothing claimed ahead while calls are under way that take minutes', () => {
    const supply = new Supply();
    expect(supply.isLow(0, 5)).toBe(false);
    const now = ending(supply, { rows: 100, from: 10_000, everyMs: 1 });
    expect(supply.isLow(0, now + 60_000)).toBe(false);
  });

  it('should follow a pace that falls', () => {
    const supply = new Supply();
    const fast = ending(supply, { rows: 2_000, from: 10_000, everyMs: 1 });
    const slow = ending(supply, { rows: 20, from: fast, everyMs: 100 });
    expect(supply.isLow(100, slow)).toBe(false);
  });

  it('should say now and then that it is time to look', () => {
    const supply = new Supply();
    const looks = Array.from({ length: 80 }, (_, n) => supply.answered(n)).filter(Boolean).length;
    expect(looks).toBe(10);
  });
});
