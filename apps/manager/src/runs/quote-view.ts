import { type Quote, type Run, type RunStep, type StageCounts, addUsage, noCounts, noUsage, tokensOf } from '@apwa/contracts';
import { snapshotOf } from '../stages/stages.repository.js';
import { type TableRow } from '../tables/tables.repository.js';

type Spent = Pick<StageCounts, 'calls' | 'usage' | 'costUsd'>;
type Actual = NonNullable<NonNullable<Run['quote']>['total']['actual']>;

const countsSoFar = ({ stage }: TableRow): StageCounts => {
  const snapshot = snapshotOf(stage);
  if (!snapshot) return noCounts();
  return snapshot.state === 'running' ? snapshot.progress : snapshot.counts;
};

/** What the making of tables has taken. */
export const spentOf = (tables: readonly TableRow[]): Spent =>
  tables
    .map(countsSoFar)
    .reduce<Spent>(
      (sum, { calls, usage, costUsd }) => ({ calls: sum.calls + calls, usage: addUsage(sum.usage, usage), costUsd: sum.costUsd + costUsd }),
      { calls: 0, usage: noUsage(), costUsd: 0 },
    );

/** The quote of a run, and beside it what each step came to that has ended, its samples counted. */
export const quoteView = (
  { quote, samples }: { quote: Quote | null; samples: readonly TableRow[] },
  steps: readonly RunStep[],
): Run['quote'] => {
  if (!quote) return null;
  const quoted = quote.steps.map((one) => {
    const step = steps.find(({ id }) => id === one.step);
    return { ...one, actual: step ? actualOf(step, spentOf(samples.filter(({ sampleOf }) => sampleOf === one.step))) : null };
  });
  const actuals = quoted.map(({ actual }) => actual);
  return { steps: quoted, total: { ...quote.total, actual: actuals.every((one) => one !== null) ? actuals.reduce(add, none()) : null } };
};

const none = (): Actual => ({ calls: 0, tokens: 0, costUsd: 0, timeMs: 0 });

const add = (a: Actual, b: Actual): Actual => ({
  calls: a.calls + b.calls,
  tokens: a.tokens + b.tokens,
  costUsd: a.costUsd + b.costUsd,
  timeMs: a.timeMs + b.timeMs,
});

const actualOf = ({ counts, startedAt, finishedAt, pausedMs }: RunStep, sampled: Spent): Actual | null => {
  if (startedAt === null || finishedAt === null) return null;
  return {
    calls: counts.calls + sampled.calls,
    tokens: tokensOf(counts.usage) + tokensOf(sampled.usage),
    costUsd: counts.costUsd + sampled.costUsd,
    timeMs: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt) - pausedMs),
  };
};
