import { InterruptedError } from './exit.js';
import { Interrupt } from './interrupt.js';

let now = 0;
let left = 0;
let interrupt: Interrupt;
const listenersBefore = process.listenerCount('SIGINT');
const press = () => process.emit('SIGINT');

beforeEach(() => {
  [now, left] = [1_000, 0];
  interrupt = new Interrupt(
    () => left++,
    () => now,
  );
});
afterEach(() => {
  interrupt.stop();
  expect(process.listenerCount('SIGINT')).toBe(listenersBefore);
});

describe('Ctrl-C', () => {
  it('should end what is under way, and the second time leave at once', () => {
    press();
    expect(interrupt.signal.reason).toBeInstanceOf(InterruptedError);
    expect(left).toBe(0);
    now += 1_000;
    press();
    expect(left).toBe(1);
  });

  it('should be one press where npm and the shell hand it on, too', () => {
    press();
    now += 20;
    press();
    process.emit('SIGTERM');
    expect(left).toBe(0);
  });

  it('should take the gentle way while there is one', async () => {
    let gentle = 0;
    await interrupt.during(
      () => gentle++,
      async () => void press(),
    );
    expect([gentle, interrupt.signal.aborted]).toEqual([1, false]);
    now += 1_000;
    press();
    expect(left).toBe(1);
  });

  it('should let no work begin after it', async () => {
    press();
    let begun = false;
    await expect(
      interrupt.during(
        () => undefined,
        async () => void (begun = true),
      ),
    ).rejects.toBeInstanceOf(InterruptedError);
    expect(begun).toBe(false);
  });
});
