import { Limiter } from './limiter.js';

const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe('Limiter', () => {
  it('should run so many at once, in order', async () => {
    const limiter = new Limiter(2);
    const gates = [gate(), gate(), gate(), gate()];
    const begun: number[] = [];
    const runs = gates.map(({ opened }, at) =>
      limiter.run(async () => {
        begun.push(at);
        await opened;
      }),
    );
    expect(begun).toEqual([0, 1]);
    gates[1]?.open();
    await runs[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(runs);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('should let one that waits go when it is not wanted any more, and give a failed one’s place on', async () => {
    const limiter = new Limiter(1);
    const { open, opened } = gate();
    const first = limiter.run(async () => {
      await opened;
      throw new Error('failed');
    });
    const control = new AbortController();
    const second = limiter.run(async () => 2, control.signal);
    const third = limiter.run(async () => 3);
    control.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    open();
    await expect(first).rejects.toThrow('failed');
    expect(await third).toBe(3);
    expect(await limiter.run(async () => 4)).toBe(4);
  });
});
