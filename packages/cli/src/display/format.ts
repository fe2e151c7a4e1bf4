import { addUsage, inputsOf, type Plan, type Run, type RunStep, type StageCopies, type StageCounts, type Table } from '@apwa/contracts';

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `1.2 s`, `3 min 05 s`, `2 h 10 min`. */
export const duration = (ms: number): string => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
};

/** `2 slow shards run twice (31 calls)` */
export const copiesText = ({ attempts, calls }: StageCopies): string =>
  `${number(attempts)} slow ${attempts === 1 ? 'shard' : 'shards'} run twice (${number(calls)} ${calls === 1 ? 'call' : 'calls'})`;

/** `3 failed (empty 2, refused 1)` */
export const failedText = ({ failed, errors }: Table['failures']): string =>
  `${number(failed)} failed (${Object.entries(errors)
    .map(([code, rows]) => `${code} ${number(rows)}`)
    .join(', ')})`;

/** What of a table failed, and where to look for the reasons. */
export const failuresText = ({ id, rows, failures }: Pick<Table, 'id' | 'rows' | 'failures'>): string =>
  `of ${number(rows ?? failures.failed)} rows ${failedText(failures)}: tables export ${id} FILE --rows failed says why`;

export const cost = (usd: number): string => `$${usd === 0 ? '0' : usd < 0.01 ? usd.toFixed(5) : usd.toFixed(2)}`;

/** A line for each step: `counts (sql) of labels: how many of each`. */
export const planLines = ({ steps }: Plan): string[] =>
  steps.map(
    (step) =>
      `${step.id} (${step.kind}) of ${step.kind === 'table' ? `${step.rows.length} rows` : inputsOf(step).join(', ')}${step.description ? `: ${step.description}` : ''}`,
  );

/** Where a step stands that is made in levels: `level 2: 14 of 37 calls`. Null of other steps. */
export const levelText = ({ levels }: Pick<RunStep, 'levels'>): string | null => {
  const last = levels?.at(-1);
  if (!last) return null;
  return `level ${last.level}${last.bundles === null ? '' : `: ${number(last.answered)} of ${number(last.bundles)} calls`}`;
};

/** What a run has spent so far, its planning and its samples counted, and what was made anew after amendments. */
export const spentOf = ({
  steps,
  planning,
  sampling,
  replaced,
}: Pick<Run, 'steps' | 'planning' | 'sampling' | 'replaced'>): Pick<StageCounts, 'calls' | 'usage' | 'costUsd'> =>
  steps.reduce(
    (sum, { counts }) => ({
      calls: sum.calls + counts.calls,
      usage: addUsage(sum.usage, counts.usage),
      costUsd: sum.costUsd + counts.costUsd,
    }),
    {
      calls: planning.turns + sampling.calls + replaced.calls,
      usage: addUsage(addUsage(planning.usage, sampling.usage), replaced.usage),
      costUsd: planning.costUsd + sampling.costUsd + replaced.costUsd,
    },
  );

/** What a run may spend, and what it has: `$1.20 of $2.00 ($0.05 reserved), 12 of 50 rows`; empty without a budget. */
export const budgetText = ({ budget }: Pick<Run, 'budget'>): string => {
  if (!budget) return '';
  const { limits, spent: used, reserved } = budget;
  const put = (text: string, amount: number) => (amount > 0 ? ` (${text} reserved)` : '');
  return [
    ...(limits.usd === undefined ? [] : [`${cost(used.usd)} of ${cost(limits.usd)}${put(cost(reserved.usd), reserved.usd)}`]),
    ...(limits.tokens === undefined
      ? []
      : [`${number(used.tokens)} of ${number(limits.tokens)} tokens${put(number(reserved.tokens), reserved.tokens)}`]),
    ...(limits.rows === undefined ? [] : [`${number(used.rows)} of ${number(limits.rows)} rows`]),
    ...(limits.timeMs === undefined ? [] : [`${duration(used.timeMs)} of ${duration(limits.timeMs)} of work`]),
  ].join(', ');
};

/** The moment up to which a run has worked: while it is paused its clock stands still. Unix milliseconds. */
export const workedUntil = ({ paused }: Pick<Run, 'paused'>, now: number): number =>
  paused ? Math.min(now, Date.parse(paused.since)) : now;

/** Milliseconds that something of a run took until `until`, its pauses not counted; 0 before it was begun. */
export const workedMs = (
  { startedAt, finishedAt, pausedMs }: Pick<RunStep, 'startedAt' | 'finishedAt' | 'pausedMs'>,
  until: number,
): number =>
  startedAt === null ? 0 : Math.max(0, (finishedAt === null ? until : Date.parse(finishedAt)) - Date.parse(startedAt) - pausedMs);

/** What a step has come to so far. */
export interface StepFigures {
  done: number;
  total: number | null;
  failed: number;
  rowsPerSecond: number;
  /** Milliseconds; null where nothing can be said. */
  left: number | null;
}

/** `until`: the moment up to which its run has worked. */
export const figuresOf = (step: RunStep, until: number): StepFigures => {
  const done = step.counts.ok + step.counts.failed;
  const seconds = workedMs(step, until) / 1000;
  const rowsPerSecond = seconds > 0 ? done / seconds : 0;
  const left = step.state === 'running' && step.rows !== null && rowsPerSecond > 0 ? ((step.rows - done) / rowsPerSecond) * 1000 : null;
  return { done, total: step.rows, failed: step.counts.failed, rowsPerSecond, left };
};
