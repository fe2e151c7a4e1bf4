import { jest } from '@jest/globals';
import { FirstCall } from './first-call.js';

describe('the first call of a stage', () => {
  const first = (aloneMs: number) => new FirstCall({ model: 'small', endpoint: 'http://model.test', aloneMs });
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('should go alone until it is answered', () => {
    const call = first(Infinity);
    expect([call.tryEnter(), call.tryEnter()]).toEqual([true, false]);
    jest.advanceTimersByTime(3_600_000);
    expect(call.tryEnter()).toBe(false);
    call.answered();
    expect([call.tryEnter(), call.tryEnter()]).toEqual([true, true]);
  });

  it('should have others beside it once it has taken so long that it will hardly be refused, and count as unanswered', () => {
    const call = first(300);
    expect([call.tryEnter(), call.tryEnter()]).toEqual([true, false]);
    jest.advanceTimersByTime(299);
    expect(call.tryEnter()).toBe(false);
    jest.advanceTimersByTime(1);
    expect([call.tryEnter(), call.tryEnter()]).toEqual([true, true]);
    expect(call.history().answered).toBe(false);
  });

  it('should wake those who wait for it when its time alone is over', async () => {
    const call = first(300);
    call.tryEnter();
    expect(call.tryEnter()).toBe(false);
    const opened = call.opened();
    jest.advanceTimersByTime(300);
    await opened;
    expect(call.tryEnter()).toBe(true);
  });

  it('should be alone again after one that ended without an answer', () => {
    const call = first(300);
    call.tryEnter();
    jest.advanceTimersByTime(400);
    expect(call.tryEnter()).toBe(true);
    call.ended('unreachable');
    expect([call.tryEnter(), call.tryEnter()]).toEqual([true, false]);
    jest.advanceTimersByTime(100);
    expect(call.history().unreachableMs).toBe(100);
  });
});
