import { type Run, type RunAmendment, type RunStep, type StageCounts, tokensOf } from '@apwa/contracts';
import { columns } from '../output.js';
import { quoteTable } from './quote.js';
import { budgetText, copiesText, cost, duration, levelText, number, spentOf, workedMs, workedUntil } from './format.js';

/** Rows of a step by outcome: `rowsIn` is the sum of `ok`, `failed`, `filtered` and `notDone`. What nothing can be said of is null. */
export interface Balance {
  rowsIn: number | null;
  ok: number;
  /** Of the rows that are ok, those that were there already: nothing was called for them. */
  reused: number;
  failed: number;
  /**
   * Of a map the rows that the provider's filter stopped: they have no answer, and would get none. Of a query the rows that it
   * left out or combined; null where it makes more of them than it reads.
   */
  filtered: number | null;
  notDone: number | null;
}

export const balanceOf = (step: RunStep): Balance => (step.kind === 'map' ? balanceOfMap(step) : balanceOfQuery(step));

const balanceOfMap = ({ rows, counts: { ok, failed, reused = 0, errors } }: RunStep): Balance => {
  const filtered = errors.filtered ?? 0;
  return { rowsIn: rows, ok, reused, failed: failed - filtered, filtered, notDone: rows === null ? null : rows - ok - failed };
};

/** A query, a split, a reduce, or a table of the plan, is done at once: until then nothing of it is. */
const balanceOfQuery = ({ rowsIn, state, counts: { ok, failed, reused = 0 } }: RunStep): Balance => {
  if (state !== 'succeeded') return { rowsIn, ok: 0, reused: 0, failed: 0, filtered: 0, notDone: rowsIn };
  const made = ok + failed;
  const filtered = rowsIn === null || rowsIn < made ? null : rowsIn - made;
  return { rowsIn: filtered === null ? null : rowsIn, ok, reused, failed, filtered, notDone: filtered === null ? null : 0 };
};

const HEADS = ['STEP', 'KIND', 'STATE', 'ROWS IN', 'OK', 'REUSED', 'FAILED', 'FILTERED', 'NOT DONE', 'CALLS', 'TOKENS', 'COST', 'TIME'];
/** Columns before the figures. */
const WORDS = 3;

const figure = (value: number | null): string => (value === null ? '–' : number(value));
const spent = ({ calls, usage, costUsd }: Pick<StageCounts, 'calls' | 'usage' | 'costUsd'>): string[] =>
  calls === 0 ? ['–', '–', '–'] : [number(calls), number(tokensOf(usage)), cost(costUsd)];

const shownState = (step: RunStep, run: Run): string => {
  if (run.paused && step.state === 'running') return run.state;
  return step.paused && (step.state === 'waiting' || step.state === 'running') ? 'paused' : step.state;
};

const stepRow = (step: RunStep, run: Run, until: number): string[] => {
  const state = shownState(step, run);
  if (step.state === 'waiting') return [step.id, step.kind, state, ...Array.from({ length: HEADS.length - WORDS }, () => '–')];
  const { rowsIn, ok, reused, failed, filtered, notDone } = balanceOf(step);
  const time = step.startedAt === null ? '–' : duration(workedMs(step, until));
  return [step.id, step.kind, state, ...[rowsIn, ok, reused, failed, filtered, notDone].map(figure), ...spent(step.counts), time];
};

/** `paused`: the run says why nothing runs. */
const detailsOf = (step: RunStep, paused: boolean): string[] => {
  const errors = Object.entries(step.counts.errors).sort(([, a], [, b]) => b - a);
  return [
    ...(errors.length > 0 ? [`${step.id}: failed with ${errors.map(([code, rows]) => `${code} ${number(rows)}`).join(', ')}`] : []),
    ...(step.levels?.length ? [`${step.id}: ${levelText(step)}`] : []),
    ...(step.copies.attempts > 0 ? [`${step.id}: ${copiesText(step.copies)}`] : []),
    ...(step.waitingFor && !paused ? [`${step.id}: ${step.waitingFor}`] : []),
    ...(step.tableId !== null && step.state !== 'waiting' ? [`${step.id}: table ${step.tableId}`] : []),
  ];
};

/** Why a run is paused and since when: `paused (budget) for 2 min 05 s: The budget of $1.00 is used up.` */
export const pauseText = ({ state, paused }: Pick<Run, 'state' | 'paused'>, now: number): string =>
  paused ? `${state} (${paused.reason}) for ${duration(Math.max(0, now - Date.parse(paused.since)))}: ${paused.message}` : '';

const CAUSES: Record<RunAmendment['cause'], string> = {
  review: 'it asks for a look',
  failed: 'it failed',
  needs_split: 'rows need a split',
};

/** `amendment 1 after step labels (it asks for a look): version 2 of the plan, failed rows of labels again: The texts are long.` */
const amendmentText = ({ number, step, cause, outcome, reason, newVersion, redo }: RunAmendment): string => {
  const head = `amendment ${number} after step ${step} (${CAUSES[cause]})`;
  if (outcome === null) return `${head}: the planner is asked`;
  const became = {
    amended: `version ${newVersion} of the plan${redo.length > 0 ? `, failed rows of ${redo.join(', ')} again` : ''}`,
    kept: 'the plan stays',
    ended: 'the run is ended',
    failed: 'nothing came of it',
  };
  return `${head}: ${became[outcome]}: ${(reason ?? '').replace(/\s+/g, ' ')}`;
};

/** A run for a person: what it is about, and what has become of every row of its steps. */
export const runBalance = (run: Run, now: number): string => {
  const until = workedUntil(run, now);
  const times = { ...run, startedAt: run.startedAt ?? run.createdAt };
  const head = `${run.id} ${run.state.replaceAll('_', ' ')} · ${duration(workedMs(times, until))} of work`;
  const lines = [run.pausedMs > 0 ? `${head} · ${duration(run.pausedMs)} of pauses` : head];
  if (run.redriveOf !== null) lines.push(`redrive of ${run.redriveOf}`);
  if (run.goal) lines.push(`goal: ${run.goal.replace(/\s+/g, ' ')}`);
  if (run.budget) lines.push(`budget: ${budgetText(run)}`);
  if (run.cancelReason !== null) lines.push(`cancelled: ${run.cancelReason}`);
  if (run.paused) lines.push(pauseText(run, now));
  const planning = { calls: run.planning.turns, usage: run.planning.usage, costUsd: run.planning.costUsd };
  const nothing = Array.from({ length: HEADS.length - WORDS - 4 }, () => '');
  const rows = [
    ...(planning.calls > 0 ? [['planning', '', '', ...nothing, ...spent(planning), '']] : []),
    ...(run.sampling.calls > 0 ? [['samples', '', '', ...nothing, ...spent(run.sampling), '']] : []),
    ...(run.replaced.calls > 0 ? [['replaced', '', '', ...nothing, ...spent(run.replaced), '']] : []),
    ...run.steps.map((step) => stepRow(step, run, until)),
  ];
  if (rows.length > 1) rows.push(['total', '', '', ...nothing, ...spent(spentOf(run)), '']);
  if (rows.length > 0) lines.push('', columns([HEADS, ...rows], WORDS));
  const quote = quoteTable(run);
  if (quote !== '') lines.push('', quote);
  const details = run.steps.flatMap((step) => detailsOf(step, run.paused !== null));
  if (details.length > 0) lines.push('', ...details);
  if (run.amendments.length > 0) lines.push('', ...run.amendments.map(amendmentText));
  return lines.join('\n');
};
