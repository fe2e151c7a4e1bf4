import { noUsage, type RowResult } from '@apwa/contracts';
import { SharedAnswers } from './shared-answers.js';

const resultOf = (text: string, status: RowResult['status'] = 'ok'): RowResult => ({
  row: 0,
  status,
  output: status === 'ok' ? { text } : null,
  error: null,
  attempts: 1,
  model: 'm',
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 0,
  traceId: null,
});

describe('SharedAnswers', () => {
  it('should have a row asked by one at a time, and tell the others', async () => {
    const answers = new SharedAnswers().of('stg_1');
    expect([answers.take('x'), answers.take('x'), answers.take('y')]).toEqual([true, false, true]);
    const told = [answers.wait('x'), answers.wait('x')];
    answers.settle('x', resultOf('a'));
    expect(await Promise.all(told)).toEqual([resultOf('a'), resultOf('a')]);
    expect(answers.get('x')).toEqual(resultOf('a'));
    expect(await answers.wait('z')).toBeNull();
  });

  it('should keep nothing that failed or was given up, and nothing of another stage', () => {
    const shared = new SharedAnswers();
    const [one, other] = [shared.of('stg_1'), shared.of('stg_2')];
    one.settle('x', resultOf('', 'failed'));
    one.settle('y', null);
    one.settle('z', resultOf('a'));
    expect([one.get('x'), one.get('y'), other.get('z')]).toEqual([undefined, undefined, undefined]);
    expect([one.take('x'), one.take('y')]).toEqual([true, true]);
  });

  it('should drop what was used longest ago, and not keep what is larger than all of it', () => {
    const answers = new SharedAnswers(3_000).of('stg_1');
    for (const key of ['a', 'b', 'c', 'd']) answers.settle(key, resultOf('x'.repeat(100)));
    expect(['a', 'b', 'c', 'd'].map((key) => answers.get(key) !== undefined)).toEqual([false, true, true, true]);
    answers.get('b');
    answers.settle('e', resultOf('x'.repeat(100)));
    answers.settle('huge', resultOf('x'.repeat(2_000)));
    expect(['b', 'c', 'd', 'e', 'huge'].map((key) => answers.get(key) !== undefined)).toEqual([true, false, true, true, false]);
  });
});
