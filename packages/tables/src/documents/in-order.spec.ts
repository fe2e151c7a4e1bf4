import { inOrder } from './in-order.js';

const gates = (count: number) =>
  Array.from({ length: count }, () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { open: () => open(), opened };
  });

describe('work in order', () => {
  it('should be begun by as many as there are, each doing one thing at a time, and given in order', async () => {
    const doors = gates(4);
    const begun: string[] = [];
    const results = inOrder([0, 1, 2, 3], ['a', 'b'], 10, async (worker, item) => {
      begun.push(`${item} ${worker}`);
      await doors[item]?.opened;
      return item * 10;
    });
    const first = results.next();
    expect(begun).toEqual([]);
    await Promise.resolve();
    expect(begun).toEqual(['0 b', '1 a']);
    doors[1]?.open();
    doors[2]?.open();
    doors[0]?.open();
    expect(await first).toEqual({ value: 0, done: false });
    doors[3]?.open();
    expect([await results.next(), await results.next(), await results.next(), await results.next()]).toEqual([
      { value: 10, done: false },
      { value: 20, done: false },
      { value: 30, done: false },
      { value: undefined, done: true },
    ]);
  });

  it('should not run far ahead of what is waited for, and fail with what fails', async () => {
    const begun: number[] = [];
    const results = inOrder([0, 1, 2, 3, 4, 5], ['a', 'b'], 2, async (_, item) => {
      begun.push(item);
      if (item === 1) throw new Error('one');
      return item;
    });
    expect((await results.next()).value).toBe(0);
    expect(begun.length).toBeLessThanOrEqual(3);
    await expect(results.next()).rejects.toThrow('one');
  });
});
