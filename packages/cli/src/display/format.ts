import { addUsage, inputsOf, type Plan, type Run, type RunStep, type StageCounts, type TokenUsage } from '@apwa/contracts';

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `1.2 s`, `3 min 05 s`, `2 h 10 min`. */
export const duration = (ms: number): string => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
};

export const cost = (usd: number): string => `$${usd === 0 ? '0' : usd < 0.01 ? usd.toFixed(5) : usd.toFixed(2)}`;

export const tokens = ({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): number =>
  input + cacheRead + cacheWrite + output + reasoning;

/** A line for each step: `counts (sql) of labels: how many of each`. */
export const planLines = ({ steps }: Plan): string[] =>
  steps.map((step) => `${step.id} (${step.kind}) of ${inputsOf(step).join(', ')}${step.description ? `: ${step.description}` : ''}`);

/** What a run has spent so far, its planning counted. */
export const spentOf = ({ steps, planning }: Pick<Run, 'steps' | 'planning'>): Pick<StageCounts, 'calls' | 'usage' | 'costUsd'> =>
  steps.reduce(
    (sum, { counts }) => ({
      calls: sum.calls + counts.calls,
      usage: addUsage(sum.usage, counts.usage),
      costUsd: sum.costUsd + counts.costUsd,
    }),
    { calls: planning.turns, usage: planning.usage, costUsd: planning.costUsd },
  );

/** What a step has come to so far. */
export interface StepFigures {
  done: number;
  total: number | null;
  failed: number;
  rowsPerSecond: number;
  /** Milliseconds; null where nothing can be said. */
  left: number | null;
}

export const figuresOf = (step: RunStep, now: number): StepFigures => {
  const done = step.counts.ok + step.counts.failed;
  const from = step.startedAt === null ? now : Date.parse(step.startedAt);
  const to = step.finishedAt === null ? now : Date.parse(step.finishedAt);
  const seconds = Math.max(0, to - from) / 1000;
  const rowsPerSecond = seconds > 0 ? done / seconds : 0;
  const left = step.state === 'running' && step.rows !== null && rowsPerSecond > 0 ? ((step.rows - done) / rowsPerSecond) * 1000 : null;
  return { done, total: step.rows, failed: step.counts.failed, rowsPerSecond, left };
};
