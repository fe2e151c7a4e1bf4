import { type JsonObject, type JsonSchema, type Replicas } from '@apwa/contracts';
import { combinationOf } from './replicas.js';

const output: JsonSchema = {
  type: 'object',
  properties: { kind: { enum: ['a', 'b', 'c'] }, sure: { type: 'boolean' }, why: { type: 'string' }, score: { type: 'number' } },
};
const answer = (kind: string, sure = true, why = kind, score = 0): JsonObject => ({ kind, sure, why, score });
const of = (replicas: Replicas) => combinationOf(replicas, output);
const majority = (count: number, vote = ['kind']) => of({ combine: 'majority', count, vote });

describe('a majority', () => {
  it.each<[string, number, string[], number, number]>([
    ['as many as it takes at least', 5, [], 0, 3],
    ['nobody, when it stands', 5, ['a', 'a', 'a'], 3, 0],
    ['the one that is missing', 5, ['a', 'b', 'a'], 3, 1],
    ['those that are missing, and no more than are left', 5, ['a', 'b', 'c'], 3, 2],
    ['those that are left, when none can be reached', 4, ['a', 'b', 'c'], 3, 1],
    ['nobody beyond the number', 3, ['a', 'b', 'c'], 3, 0],
    ['others for those that failed', 3, ['a'], 2, 1],
  ])('should ask %s', (_, count, kinds, asked, wanted) => {
    expect(
      majority(count).wanted(
        kinds.map((kind) => answer(kind)),
        asked,
      ),
    ).toBe(wanted);
  });

  it('should stand in every field that votes', () => {
    const answers = [answer('a', true), answer('a', false)];
    expect(majority(3, ['kind', 'sure']).wanted(answers, 2)).toBe(1);
    expect(majority(3, ['kind']).wanted(answers, 2)).toBe(0);
  });

  it('should take each field of the most answers, and what does not vote of the one that is nearest', () => {
    const answers = [answer('b', true, 'no'), answer('a', false, 'half'), answer('a', true, 'whole')];
    expect(majority(3, ['kind', 'sure']).combine(answers, 3)).toEqual({
      kind: 'a',
      sure: true,
      why: 'whole',
      score: 0,
      replicas: { asked: 3, answered: 3, agreement: 1 / 3, ties: [] },
    });
  });

  it('should name a tie, and take what came first', () => {
    const answers = [answer('b'), answer('a'), answer('a'), answer('b')];
    expect(majority(4).combine(answers, 5)).toMatchObject({
      kind: 'b',
      replicas: { asked: 5, answered: 4, agreement: 0.5, ties: ['kind'] },
    });
  });

  it('should let all vote that can, where the plan names none', () => {
    const answers = [answer('a', true, 'x', 1), answer('a', true, 'y', 2)];
    expect(of({ combine: 'majority', count: 3 }).wanted(answers, 2)).toBe(1);
    expect(of({ combine: 'majority', count: 3 }).combine(answers, 2)).toMatchObject({ kind: 'a', replicas: { ties: ['score'] } });
  });
});

describe('the best of several', () => {
  it('should be the first of those with the highest score', () => {
    const best = of({ combine: 'best', count: 3, score: 'score' });
    expect(best.wanted([], 0)).toBe(3);
    const answers = [answer('a', true, '', 1), answer('b', true, '', 5), answer('c', true, '', 5)];
    expect(best.combine(answers, 3)).toMatchObject({ kind: 'b', replicas: { asked: 3, answered: 3, agreement: 2 / 3, ties: ['score'] } });
  });
});

describe('all of several', () => {
  it('should be a list', () => {
    const answers = [answer('a'), answer('b')];
    expect(of({ combine: 'all', count: 3 }).combine(answers, 3)).toEqual({
      answers,
      replicas: { asked: 3, answered: 2, agreement: null, ties: [] },
    });
  });
});
