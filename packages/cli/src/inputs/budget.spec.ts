import { readBudget } from './budget.js';

describe('readBudget', () => {
  it('should read what options say, and nothing where they say nothing', () => {
    expect(readBudget({})).toBeUndefined();
    expect(readBudget({ budget: '2.50', maxTokens: '1000', maxRows: '7', maxTime: '45m' })).toEqual({
      usd: 2.5,
      tokens: 1_000,
      rows: 7,
      timeMs: 45 * 60_000,
    });
    expect(readBudget({ budget: '$3' })).toEqual({ usd: 3 });
  });

  it.each<[Parameters<typeof readBudget>[0], string]>([
    [{ budget: '-1' }, '--budget'],
    [{ budget: '0' }, '--budget'],
    [{ budget: '1e3' }, '--budget'],
    [{ budget: '2000000000' }, '--budget'],
    [{ maxTokens: '1.5' }, '--max-tokens'],
    [{ maxRows: '0' }, '--max-rows'],
    [{ maxTime: '3 hours' }, '--max-time'],
  ])('should refuse %j, naming the option and what is possible', (options, field) => {
    let thrown: unknown;
    try {
      readBudget(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      class: 'refused',
      details: { field, value: Object.values(options)[0], allowed: expect.any(String) as unknown },
    });
  });
});
