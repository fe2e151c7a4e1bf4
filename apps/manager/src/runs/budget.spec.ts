import { type Budget, noUsage, type RunPause } from '@apwa/contracts';
import { type BudgetFacts, checkPrices, planningAmounts, raised, type StoredBudget, termsOf, usedUp } from './budget.js';

const turn = (costUsd: number, input: number) => ({ costUsd, usage: { ...noUsage(), input } });

describe('usedUp', () => {
  const nothing = { usd: 0, tokens: 0 };
  const facts = (of: Partial<BudgetFacts>): BudgetFacts => ({
    runId: 'run_1',
    limits: {},
    workedMs: 0,
    planning: false,
    turns: [],
    tried: nothing,
    ...of,
  });

  it.each<[string, Partial<BudgetFacts>, string | null]>([
    ['nothing is limited', { workedMs: 1e9 }, null],
    ['it may work on', { limits: { timeMs: 3_000 }, workedMs: 2_999 }, null],
    [
      'it has worked for long',
      { limits: { timeMs: 3_000 }, workedMs: 3_000 },
      'the budget of 3 s of work is used up; raise it with apwa runs resume run_1 --max-time DURATION',
    ],
    ['no turn was taken', { planning: true, limits: { usd: 0.01, tokens: 5 } }, null],
    ['another turn as large as the largest fits', { planning: true, limits: { usd: 0.61 }, turns: [turn(0.2, 0), turn(0.2, 0)] }, null],
    [
      'another turn does not fit',
      { planning: true, limits: { usd: 0.5 }, turns: [turn(0.1, 0), turn(0.25, 0)] },
      'the budget of $0.50 is used up by planning ($0.35 spent); raise it with apwa runs resume run_1 --budget USD',
    ],
    [
      'tries leave nothing for another turn',
      { planning: true, limits: { usd: 0.5 }, turns: [turn(0.1, 0)], tried: { usd: 0.35, tokens: 0 } },
      'the budget of $0.50 is used up by planning ($0.45 spent); raise it with apwa runs resume run_1 --budget USD',
    ],
    [
      'tokens do not do for another turn',
      { planning: true, limits: { tokens: 1_000 }, turns: [turn(0, 700)] },
      'the budget of 1,000 tokens is used up by planning (700 tokens spent); raise it with apwa runs resume run_1 --max-tokens N',
    ],
    ['planning is over: steps are the business of the executor', { limits: { usd: 0.1 }, turns: [turn(5, 0)] }, null],
  ])('should say why a run is to begin nothing more: %s', (_, of, message) => expect(usedUp(facts(of))).toBe(message));
});

describe('termsOf', () => {
  it('should tell the executor what planning has taken', () =>
    expect(termsOf({ version: 3, limits: { usd: 2, timeMs: 5_000 } }, planningAmounts([turn(0.1, 10), turn(0.2, 20)]))).toEqual({
      version: 3,
      usd: 2,
      tokens: null,
      rows: null,
      planning: { usd: expect.closeTo(0.3), tokens: 30, rows: 0 },
    }));
});

describe('raised', () => {
  const budget: StoredBudget = { version: 1, limits: { usd: 2, rows: 10 } };
  const spent = { usd: 2.01, tokens: 900, rows: 4, timeMs: 5 };
  const paused = (reason: RunPause['reason']): RunPause => ({ reason, message: 'the budget is used up', since: new Date(0).toISOString() });

  it('should take the limits that are named, and keep the others', () =>
    expect(raised('run_1', { paused: paused('budget'), budget, spent }, { usd: 3 })).toEqual({ version: 2, limits: { usd: 3, rows: 10 } }));

  it('should leave a run that a person paused as it is', () => {
    expect(raised('run_1', { paused: paused('user'), budget, spent }, undefined)).toEqual(budget);
    expect(raised('run_1', { paused: paused('user'), budget: null, spent: null }, undefined)).toBeNull();
  });

  it.each<[string, RunPause['reason'], StoredBudget | null, Budget | undefined, object]>([
    ['no raise of what is used up', 'budget', budget, undefined, { code: 'budget_used_up', details: { field: 'budget' } }],
    [
      'no more than before',
      'budget',
      budget,
      { rows: 10 },
      { code: 'no_raise', details: { field: 'budget.rows', value: '10', allowed: 'more than 10' } },
    ],
    [
      'no more than is spent',
      'user',
      budget,
      { usd: 2.005 },
      { code: 'no_raise', details: { field: 'budget.usd', allowed: 'more than 2.01' } },
    ],
    ['a limit that the run does not have', 'user', budget, { tokens: 5 }, { code: 'no_budget', details: { field: 'budget.tokens' } }],
    ['a run without a budget', 'user', null, { usd: 5 }, { code: 'no_budget', details: { allowed: 'limits that the run has: none' } }],
  ])('should refuse %s', (_, reason, of, raise, error) => {
    const resume = () => raised('run_1', { paused: paused(reason), budget: of, spent: of && spent }, raise);
    let thrown: unknown;
    try {
      resume();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toMatchObject({ class: 'refused', ...error });
  });
});

describe('checkPrices', () => {
  const models = { priced: { endpoints: [{ prices: {} }] }, half: { endpoints: [{ prices: {} }, {}] } };

  it('should let models with prices pass', () => expect(() => checkPrices(models, ['priced'])).not.toThrow());
  it('should refuse one of whose endpoints one has none', () =>
    expect(() => checkPrices(models, ['priced', 'half'])).toThrow('model half has none'));
});
