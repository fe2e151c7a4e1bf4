import { Rounds } from './rounds.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('Rounds', () => {
  const open: (() => void)[] = [];
  let begun = 0;
  let failures: unknown[] = [];
  const rounds = (everyMs: number, round?: () => Promise<void>) =>
    new Rounds({
      everyMs,
      round: round ?? (() => (begun++, new Promise<void>((resolve) => open.push(resolve)))),
      failed: (thrown) => failures.push(thrown),
    });
  const until = async (holds: () => boolean) => {
    while (!holds()) await tick();
  };

  beforeEach(() => {
    open.length = 0;
    begun = 0;
    failures = [];
  });

  it('should do one at a time, and another one for what happened meanwhile', async () => {
    const subject = rounds(3_600_000);
    subject.start();
    await until(() => begun === 1);
    subject.soon();
    subject.soon();
    await tick();
    expect(begun).toBe(1);
    open.shift()?.();
    await until(() => begun === 2);
    open.shift()?.();
    await tick();
    // Nothing happened since: the next one is an hour away, unless it is wanted.
    subject.soon();
    await until(() => begun === 3);
    open.shift()?.();
    await subject.stop();
  });

  it('should go on by itself, also after a round that failed', async () => {
    const subject = rounds(1, () => (begun++, Promise.reject(new Error(`round ${begun}`))));
    subject.start();
    await until(() => failures.length >= 3);
    await subject.stop();
    const ended = begun;
    subject.soon();
    await tick();
    expect(begun).toBe(ended);
  });

  it('should have stopped when the round under way is over', async () => {
    const subject = rounds(1);
    subject.start();
    await until(() => begun === 1);
    let stopped = false;
    const stop = subject.stop().then(() => (stopped = true));
    await tick();
    expect(stopped).toBe(false);
    open.shift()?.();
    await stop;
    expect(begun).toBe(1);
  });
});
