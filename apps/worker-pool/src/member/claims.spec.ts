import { Claims, type ClaimsOptions } from './claims.js';
import { type Emptiness } from './sharing.js';

const options: ClaimsOptions = {
  move: (emptiness) => (emptiness === 'unknown' ? { kind: 'claim', saturated: [] } : { kind: 'wait' }),
  ask: async () => ({ more: false }),
  spread: () => undefined,
  makeRoom: () => undefined,
  failed: () => undefined,
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Claims', () => {
  it('should ask one at a time, and again for a hint that came meanwhile', async () => {
    let asking = 0;
    let most = 0;
    let asked = 0;
    const answers: (() => void)[] = [];
    const claims = new Claims({
      ...options,
      ask: async () => {
        asked++;
        most = Math.max(most, ++asking);
        await new Promise<void>((resolve) => answers.push(resolve));
        asking--;
        return { more: false };
      },
    });
    const answer = async () => {
      while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    claims.start();
    claims.hint();
    claims.hint();
    await answer();
    await answer();
    expect(asked).toBe(2);
    expect(most).toBe(1);
    claims.stop();
  });

  it('should go on asking while there may be more shards and slots are free', async () => {
    let free = 3;
    const claims = new Claims({
      ...options,
      move: (emptiness) => (free > 0 ? options.move(emptiness) : { kind: 'wait' }),
      ask: async () => ({ more: --free > 0 }),
    });
    claims.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(free).toBe(0);
    claims.stop();
  });

  it('should not ask again after an answer that there are no more shards, until there may be one: at a hint, or when an attempt is over', async () => {
    let asked = 0;
    const claims = new Claims({ ...options, ask: async () => ({ more: asked++ < 0 }) });
    claims.start();
    await turn();
    expect(asked).toBe(1);
    claims.trigger();
    await turn();
    expect(asked).toBe(1);
    claims.hint();
    await turn();
    expect(asked).toBe(2);
    claims.attemptEnded();
    await turn();
    expect(asked).toBe(3);
    claims.stop();
  });

  it('should look at what is free once more after an answer that there are no more shards: rows at hand may take it', async () => {
    const told: Emptiness[] = [];
    let spread = 0;
    const claims = new Claims({
      ...options,
      move: (emptiness) => {
        told.push(emptiness);
        return emptiness === 'unknown' ? { kind: 'claim', saturated: ['run a'] } : { kind: 'spread' };
      },
      spread: () => void spread++,
    });
    claims.start();
    await turn();
    // That an attempt is over says nothing of other runs.
    claims.attemptEnded();
    await turn();
    expect(told).toEqual(['unknown', { besides: ['run a'] }, { besides: ['run a'] }]);
    expect(spread).toBe(2);
    claims.stop();
  });
});
