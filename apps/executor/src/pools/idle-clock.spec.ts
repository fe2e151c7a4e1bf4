import { IdleClock } from './idle-clock.js';

describe('IdleClock', () => {
  it('should count from when one was first seen idle, until it is not', () => {
    const clock = new IdleClock();
    clock.look(['a'], 100);
    clock.look(['a', 'b'], 200);
    expect(['a', 'b', 'c'].map((one) => clock.of(one, 250))).toEqual([150, 50, null]);
    clock.look(['b'], 300);
    clock.look(['a', 'b'], 400);
    expect(['a', 'b'].map((one) => clock.of(one, 500))).toEqual([100, 300]);
  });

  it('should count anew after work that no look saw', () => {
    const clock = new IdleClock();
    clock.look(['a'], 100);
    clock.interrupt('a', 250);
    clock.interrupt('b', 250);
    clock.look(['a', 'b'], 300);
    expect(['a', 'b'].map((one) => clock.of(one, 400))).toEqual([150, 100]);
  });
});
