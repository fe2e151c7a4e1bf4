import { type JournalRefusal } from '@apwa/messaging';
import { jest } from '@jest/globals';
import { HOLD_MS, JournalTurns, type TurnTaker } from './journal-turns.js';

const taker = (token: string, missing: number, unbegun = missing) => ({ token, missing, unbegun });

describe('turns while the journal takes no more', () => {
  let refusal: JournalRefusal | null;
  let takers: (TurnTaker & { unbegun: number })[];
  let turns: JournalTurns;

  beforeEach(() => {
    jest.useFakeTimers();
    refusal = null;
    takers = [taker('far', 500), taker('near', 3), taker('middle', 40)];
    turns = new JournalTurns({ refusal: () => refusal, takers: () => takers });
  });
  afterEach(() => jest.useRealTimers());

  const who = () => takers.map(({ token }) => token).filter((token) => !turns.holds(token));
  const becomes = (now: JournalRefusal | null) => {
    refusal = now;
    turns.changed();
  };

  it('should hold nobody while the journal takes what comes', () => {
    expect(who()).toEqual(['far', 'near', 'middle']);
    expect(turns.room('far')).toBeUndefined();
    expect(turns.reason()).toBeNull();
  });

  it.each([
    ['full', 'journal_room'],
    ['off', 'journal'],
    ['away', 'journal'],
  ] as const)('should hold everybody at first when it is %s, and say why', (why, reason) => {
    becomes(why);
    expect(who()).toEqual([]);
    expect(turns.reason()).toBe(reason);
    jest.advanceTimersByTime(HOLD_MS - 1);
    expect(who()).toEqual([]);
  });

  it('should let the one that is nearest to its end go on after a while, until it has begun all its rows, then the next', () => {
    becomes('full');
    expect(who()).toEqual([]);
    jest.advanceTimersByTime(HOLD_MS);
    expect(who()).toEqual(['near']);
    // Another comes nearer: the turn stays where it is.
    takers[2] = taker('middle', 1);
    expect(who()).toEqual(['near']);
    takers[1] = taker('near', 2, 0);
    expect(who()).toEqual(['middle']);
    takers = [taker('far', 500), taker('near', 2, 0)];
    expect(who()).toEqual(['far']);
  });

  it('should wake who waits when there is room, when the wait is over and when a turn may have come', async () => {
    becomes('full');
    const woken: string[] = [];
    const wait = (token: string) => void turns.room(token)?.then(() => woken.push(token));
    wait('far');
    wait('near');
    await jest.advanceTimersByTimeAsync(HOLD_MS);
    expect(woken.splice(0)).toEqual(['far', 'near']);
    wait('near');
    wait('far');
    await jest.advanceTimersByTimeAsync(10 * HOLD_MS);
    // Only `far` has to wait, and nothing happens that could change that: no loop.
    expect(woken).toEqual([]);
    takers.splice(1, 1);
    turns.changed();
    await jest.advanceTimersByTimeAsync(0);
    expect(woken.splice(0)).toEqual(['far']);
    wait('far');
    becomes(null);
    await jest.advanceTimersByTimeAsync(0);
    expect(woken).toEqual(['far']);
  });

  it('should hold everybody anew when it is full again after it was not', () => {
    becomes('full');
    who();
    jest.advanceTimersByTime(HOLD_MS);
    expect(who()).toHaveLength(1);
    becomes(null);
    expect(who()).toHaveLength(3);
    becomes('full');
    expect(who()).toEqual([]);
  });
});
