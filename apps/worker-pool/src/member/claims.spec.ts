import { Claims } from './claims.js';

describe('Claims', () => {
  it('should ask one at a time, and again for a hint that came meanwhile', async () => {
    let asking = 0;
    let most = 0;
    let asked = 0;
    const answers: (() => void)[] = [];
    const claims = new Claims({
      wanted: () => true,
      ask: async () => {
        asked++;
        most = Math.max(most, ++asking);
        await new Promise<void>((resolve) => answers.push(resolve));
        asking--;
        return false;
      },
      failed: () => undefined,
    });
    const answer = async () => {
      while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    claims.start();
    claims.trigger();
    claims.trigger();
    await answer();
    await answer();
    expect(asked).toBe(2);
    expect(most).toBe(1);
    claims.stop();
  });

  it('should go on asking while shards are given and slots are free', async () => {
    let free = 3;
    const claims = new Claims({ wanted: () => free > 0, ask: async () => free-- > 0, failed: () => undefined });
    claims.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(free).toBe(0);
    claims.stop();
  });
});
