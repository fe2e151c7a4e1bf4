import {
  type Amounts,
  type Budget,
  type BudgetTerms,
  RefusedError,
  type RunBudget,
  type RunPause,
  type TokenUsage,
  tokensOf,
} from '@apwa/contracts';

/** A run's budget as it is written down. */
export interface StoredBudget {
  /** 1 for the first; grows with each raise. */
  version: number;
  limits: Budget;
}

/** What planning has taken so far, turn by turn. */
export type PlannerTurns = readonly { usage: TokenUsage; costUsd: number }[];

export const planningAmounts = (turns: PlannerTurns): Amounts => ({
  usd: turns.reduce((sum, { costUsd }) => sum + costUsd, 0),
  tokens: turns.reduce((sum, { usage }) => sum + tokensOf(usage), 0),
  rows: 0,
});

/** As the executor is told. */
export const termsOf = ({ version, limits: { usd, tokens, rows } }: StoredBudget, planning: Amounts): BudgetTerms => ({
  version,
  usd: usd ?? null,
  tokens: tokens ?? null,
  rows: rows ?? null,
  planning,
});

type Limit = keyof Budget;

/** What a person writes to raise it. */
const FLAGS: Record<Limit, string> = {
  usd: '--budget USD',
  tokens: '--max-tokens N',
  rows: '--max-rows N',
  timeMs: '--max-time DURATION',
};

const money = (usd: number): string => `$${usd === 0 || usd >= 0.995 ? usd.toFixed(2) : usd.toPrecision(2)}`;
const count = (amount: number): string => Math.round(amount).toLocaleString('en-US');

const shownLimit = (limit: Limit, amount: number): string => {
  switch (limit) {
    case 'usd':
      return money(amount);
    case 'tokens':
      return `${count(amount)} tokens`;
    case 'rows':
      return `${count(amount)} rows`;
    case 'timeMs':
      return `${count(amount / 1_000)} s of work`;
  }
};

export interface BudgetFacts {
  runId: string;
  limits: Budget;
  workedMs: number;
  /** The planner has further turns to take. */
  planning: boolean;
  turns: PlannerTurns;
  /** What tries of drafts have taken. */
  tried: Pick<Amounts, 'usd' | 'tokens'>;
}

/**
 * Why the run is to begin nothing more, in a sentence; null while it may. What steps may spend is the executor's to say: here it is
 * working time, and the planner's turns. One is taken if the largest so far would still fit.
 */
export const usedUp = ({ runId, limits, workedMs, planning, turns, tried }: BudgetFacts): string | null => {
  const raise = (limit: Limit) => `raise it with apwa runs resume ${runId} ${FLAGS[limit]}`;
  const { timeMs } = limits;
  if (timeMs !== undefined && workedMs >= timeMs) return `the budget of ${shownLimit('timeMs', timeMs)} is used up; ${raise('timeMs')}`;
  if (!planning) return null;
  const spent = planningAmounts(turns);
  const largest = {
    usd: Math.max(0, ...turns.map(({ costUsd }) => costUsd)),
    tokens: Math.max(0, ...turns.map(({ usage }) => tokensOf(usage))),
  };
  for (const limit of ['usd', 'tokens'] as const) {
    const most = limits[limit];
    if (most !== undefined && spent[limit] + tried[limit] + largest[limit] > most)
      return `the budget of ${shownLimit(limit, most)} is used up by planning (${shownLimit(limit, spent[limit] + tried[limit])} spent); ${raise(limit)}`;
  }
  return null;
};

export interface RaiseFacts {
  paused: RunPause | null;
  budget: StoredBudget | null;
  spent: RunBudget['spent'] | null;
}

const LIMITS: readonly Limit[] = ['usd', 'tokens', 'rows', 'timeMs'];

/** The budget that a paused run goes on with. RefusedError `budget_used_up`, `no_budget`, `no_raise`. */
export const raised = (id: string, { paused, budget, spent }: RaiseFacts, raise: Budget | undefined): StoredBudget | null => {
  if (!raise) {
    if (paused?.reason !== 'budget') return budget;
    throw new RefusedError('budget_used_up', `Run ${id} cannot go on without a raise: ${paused.message}.`, {
      field: 'budget',
      allowed: 'a limit above the one that is used up',
    });
  }
  for (const limit of LIMITS) {
    const to = raise[limit];
    if (to === undefined) continue;
    const from = budget?.limits[limit];
    const field = `budget.${limit}`;
    if (from === undefined)
      throw new RefusedError('no_budget', `Run ${id} was begun without a limit of ${limit}: there is nothing to raise.`, {
        field,
        value: to,
        allowed: `limits that the run has: ${Object.keys(budget?.limits ?? {}).join(', ') || 'none'}`,
      });
    const used = spent?.[limit] ?? 0;
    if (to <= from || to <= used)
      throw new RefusedError(
        'no_raise',
        `The budget of run ${id} is ${shownLimit(limit, from)}, and ${shownLimit(limit, used)} are spent.`,
        {
          field,
          value: to,
          allowed: `more than ${Math.max(from, used)}`,
        },
      );
  }
  return budget && { version: budget.version + 1, limits: { ...budget.limits, ...raise } };
};

/** RefusedError `no_price` unless all of these models have prices. */
export const checkPrices = (
  models: Readonly<Record<string, { endpoints: readonly { prices?: unknown }[] }>>,
  names: readonly string[],
): void => {
  for (const name of names) {
    const endpoints = Object.hasOwn(models, name) ? (models[name]?.endpoints ?? []) : [];
    if (endpoints.every(({ prices }) => prices !== undefined)) continue;
    throw new RefusedError('no_price', `A budget in money needs prices of every model that is called, and model ${name} has none.`, {
      field: 'budget.usd',
      value: name,
      allowed: `models whose endpoints all have prices in the configuration (models.${name}.prices), or a budget in tokens`,
    });
  }
};
