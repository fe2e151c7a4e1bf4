import { noUsage } from '@apwa/contracts';
import { Allowance } from './allowance.js';

const turn = (tokens = 0, costUsd = 0) => ({ usage: { ...noUsage(), input: tokens }, costUsd });
const limits = { turns: 5, tokens: 1_000, costUsd: 1 };

describe('an allowance', () => {
  it.each<[string, ReturnType<typeof turn>[], string | null]>([
    ['nothing', [], null],
    ['turns', Array.from({ length: 5 }, () => turn()), 'no answer after 5 turns, its limit'],
    ['tokens', [turn(600), turn(400)], 'no answer after 1000 tokens: its limit is 1000'],
    ['money', [turn(0, 1.25)], 'no answer for $1.2500: its limit is $1'],
  ])('should say when %s is used up', (_, turns, reached) => {
    const allowance = new Allowance(limits);
    for (const one of turns) allowance.take(one);
    expect(allowance.reached).toBe(reached);
  });

  it('should pass on what it uses, and leave its caller a turn for its answer', () => {
    const caller = new Allowance(limits);
    caller.take(turn(100));
    const inner = new Allowance({ ...limits, turns: 9 }, caller);
    expect([inner.isLast, inner.reached]).toEqual([false, null]);
    inner.take(turn(100, 0.1));
    inner.take(turn(100, 0.1));
    expect([caller.turns, inner.turns, inner.isLast]).toEqual([3, 2, true]);
    inner.take(turn(100, 0.1));
    expect(inner.reached).toBe('no answer within the limits of the agent that called: it has one of 5 turns left');
    expect([caller.reached, caller.isLast]).toEqual([null, true]);
  });

  it('should end with the tokens of its caller', () => {
    const caller = new Allowance(limits);
    const inner = new Allowance(limits, new Allowance(limits, caller));
    inner.take(turn(1_000));
    expect(caller.reached).toContain('1000 tokens');
  });
});
