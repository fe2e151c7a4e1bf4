import { Watch } from './watch.js';

describe('a watch', () => {
  it('should tell where a figure began, how high it went and where it ended', async () => {
    const values = [3, 9, 4];
    let read = 0;
    const watch = new Watch(async () => new Map([['memory', values[Math.min(read++, 2)] as number]]));
    while (read < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await watch.stop()).memory).toMatchObject({ first: 3, peak: 9, last: 4 });
    const looks = read;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(read).toBe(looks);
  });

  it('should tell that a figure could not be read', async () => {
    const watch = new Watch(() => Promise.reject(new Error('gone')));
    await expect(watch.stop()).rejects.toThrow('gone');
  });
});
