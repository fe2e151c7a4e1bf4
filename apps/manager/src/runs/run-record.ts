import {
  type Amounts,
  type ErrorPayload,
  type Plan,
  type Quote,
  type Run,
  type RunBudget,
  type RunPause,
  type RunRequest,
  type RunState,
  type RunStep,
  type Stage,
  type StageCounts,
  type StepState,
  type TableState,
  type TokenUsage,
  addAmounts,
  addCounts,
  addUsage,
  inputsOf,
  noAmounts,
  noCopies,
  noCounts,
  noUsage,
  tokensOf,
} from '@apwa/contracts';
import { fromJson, fromJsonOrNull } from '../database/json.js';
import { amendFactsOf, amendmentsView, openOf, withFailuresBefore } from '../amend/amend-facts.js';
import { type Amendment, type Owner, type Run as RunRow } from '../generated/prisma/client.js';
import { type ExportRow, exportFacts } from '../exports/exports.repository.js';
import { snapshotOf } from '../stages/stages.repository.js';
import { type TableRow, countsOf, keptOf, tableFacts } from '../tables/tables.repository.js';
import { followedBy } from './follows.js';
import { levelsView, spentInLevels } from './level-view.js';
import { type RunFacts, type StoredState, isUnderWay } from './next.js';
import { type StepFacts, allRowsFailed } from './step-facts.js';
import { samplesOf, termsFor } from '../quotes/samples.js';
import { quoteView, spentOf } from './quote-view.js';
import { type StoredBudget, planningAmounts, usedUp } from './budget.js';
import { type PastPause, pausedWithin } from './pause.js';

/** A run with everything that belongs to it, as Postgres holds it. */
export interface RunRecord {
  run: RunRow;
  owner: Owner;
  inputs: { name: string; table: TableRow }[];
  /** Tables of the plan's steps, once the run is running. */
  steps: TableRow[];
  /** What was found in other tables for rows of steps. */
  matches: TableRow[];
  /** Levels of steps of kind `reduce`, in the order in which they are made. */
  levels: TableRow[];
  /** What was run for quotes, of all versions of the plan. */
  samples: TableRow[];
  /** What was run for tries of drafts, before there was a plan. */
  tries: TableRow[];
  /** Of the plan as it is now. */
  quote: Quote | null;
  exports: ExportRow[];
  /** `outcome`: `prompt` of what the planner is told, for which nothing was called. */
  turns: { turn: number; outcome: string; usage: TokenUsage; costUsd: number }[];
  /** Of its plan while it was running, the first one first. */
  amendments: Amendment[];
  /** What steps had made before an amendment had them done again, with their levels. */
  replaced: TableRow[];
}

export const requestOf = ({ run }: Pick<RunRecord, 'run'>): RunRequest => fromJson<RunRequest>(run.request);
export const planOf = ({ run }: Pick<RunRecord, 'run'>): Plan | null => fromJsonOrNull<Plan>(run.plan);

/** What was run for a quote of the plan as it is now, by step. */
export const samplesNow = ({ run, samples }: Pick<RunRecord, 'run' | 'samples'>): Map<string, TableRow> =>
  new Map(samples.filter(({ sampleVersion }) => sampleVersion === run.planVersion).map((table) => [table.sampleOf ?? '', table]));

/** The tables that a step reads, by the names that it reads them by. */
export const tablesByName = ({ inputs, steps }: RunRecord): Map<string, TableRow> =>
  new Map([...inputs.map(({ name, table }) => [name, table] as const), ...steps.map((table) => [table.stepId ?? '', table] as const)]);

/**
 * Whether steps of a run may take rows of others while they are made. Not where results are taken from elsewhere: what is there is
 * known when the input is.
 */
export const givesRowsOn = (record: Pick<RunRecord, 'run' | 'samples' | 'tries'>): boolean => {
  const { reuse = 'lineage' } = requestOf(record);
  return (
    record.run.redriveOf === null && record.samples.length === 0 && record.tries.length === 0 && (reuse === 'lineage' || reuse === 'off')
  );
};

export const factsOf = (record: RunRecord): RunFacts => {
  const { run, owner, inputs, exports } = record;
  const request = requestOf(record);
  const plan = planOf(record);
  return {
    state: run.state as StoredState,
    cancelRequested: run.cancelRequestedAt !== null,
    paused: run.paused !== null,
    budgetUsedUp: budgetUsedUp(record),
    control: { version: owner.controlVersion, known: owner.controlAcked >= owner.controlVersion },
    failure: fromJsonOrNull<ErrorPayload>(run.error),
    plan: plan ? 'ready' : request.plan ? 'given' : 'missing',
    turn: (record.turns.at(-1)?.turn ?? 0) + 1,
    quote: quoteFacts(record, plan),
    approval: request.approval,
    approved: run.approvedAt !== null,
    stopAfter: request.stopAfter,
    inputs: inputs.map(({ name, table }) => ({ name, own: table.runId === run.id, product: tableFacts(table) })),
    steps: withFailuresBefore(stepFactsOf(record, plan), plan, record.amendments),
    amend: amendFactsOf(run.amendmentsAllowed, record.amendments, { budget: budgetView(record), turns: record.turns }),
    wantsExports: request.outputs.length > 0,
    exports: exports.map((row) => ({ step: row.stepId ?? '', product: exportFacts(row) })),
  };
};

/** Steps that somebody has cancelled, and those that need one of them: a plan has steps behind those that they read. */
const calledOff = ({ run }: Pick<RunRecord, 'run'>, plan: Plan | null): Set<string> =>
  (plan?.steps ?? []).reduce((off, step) => {
    if (run.cancelledSteps.includes(step.id) || inputsOf(step).some((input) => off.has(input))) off.add(step.id);
    return off;
  }, new Set<string>());

/** Stages of which nothing is to begin, and those among them that are to end, for the executor. */
export const heldStages = (record: RunRecord): { held: string[]; end: string[] } => {
  const off = calledOff(record, planOf(record));
  const stagesOf = (wanted: (step: string) => boolean) =>
    [
      ...record.steps.map(({ stepId, stageId }) => ({ step: stepId, stageId })),
      ...record.matches.map(({ matchOf, stageId }) => ({ step: matchOf, stageId })),
      ...record.levels.map(({ levelOf, stageId }) => ({ step: levelOf, stageId })),
    ].flatMap(({ step, stageId }) => (step !== null && stageId !== null && wanted(step) ? [stageId] : []));
  return { held: stagesOf((step) => off.has(step) || record.run.pausedSteps.includes(step)), end: stagesOf((step) => off.has(step)) };
};

const stepFactsOf = (record: RunRecord, plan: Plan | null): StepFacts[] => {
  const off = calledOff(record, plan);
  const byStep = new Map(record.steps.map((table) => [table.stepId, table]));
  return (plan?.steps ?? []).flatMap((step): StepFacts[] => {
    const table = byStep.get(step.id);
    if (!table || !plan) return [];
    const found = record.matches.find(({ matchOf }) => matchOf === step.id);
    const level = record.levels.findLast(({ levelOf }) => levelOf === step.id);
    return [
      {
        id: step.id,
        reads: inputsOf(step),
        // What a version before has is taken over once all rows of the input are known.
        follows: givesRowsOn(record) && table.previousId === null ? followedBy(step, plan, record.run.amendmentsAllowed > 0) : null,
        product: tableFacts(table),
        match: found ? tableFacts(found) : null,
        level: level ? tableFacts(level) : null,
        rowErrors: rowErrorsOf(table),
        review: step.review ?? false,
        failedAlike: false,
        paused: record.run.pausedSteps.includes(step.id),
        cancelled: off.has(step.id),
      },
    ];
  });
};

const quoteFacts = (record: RunRecord, plan: Plan | null): RunFacts['quote'] => {
  const terms = termsFor(plan, requestOf(record));
  if (!terms || !plan) return null;
  const there = samplesNow(record);
  return {
    made: record.quote !== null,
    begun: samplesOf(plan, terms).every(({ step }) => there.has(step)),
    samples: plan.steps.flatMap((step) => {
      const table = there.get(step.id);
      return table ? [{ id: step.id, reads: inputsOf(step), product: tableFacts(table) }] : [];
    }),
  };
};

const triesAmounts = ({ tries }: Pick<RunRecord, 'tries'>): Amounts => {
  const { usage, costUsd } = spentOf(tries);
  return { usd: costUsd, tokens: tokensOf(usage), rows: 0 };
};

/** What planning has taken so far: turns, and tries. */
export const planningAmountsOf = (record: Pick<RunRecord, 'turns' | 'tries'>): Amounts =>
  addAmounts(planningAmounts(record.turns), triesAmounts(record));

export const budgetOf = ({ run }: Pick<RunRecord, 'run'>): StoredBudget | null => fromJsonOrNull<StoredBudget>(run.budget);

const budgetUsedUp = (record: RunRecord): string | null => {
  const budget = budgetOf(record);
  if (!budget) return null;
  const { run, turns } = record;
  const { usd, tokens } = triesAmounts(record);
  const planning = planOf(record) === null && requestOf(record).plan === undefined;
  return usedUp({ runId: run.id, limits: budget.limits, workedMs: workedMs(run), planning, turns, tried: { usd, tokens } });
};

/** How long a run has worked until now, or until its end: pauses are not counted. */
const workedMs = ({ startedAt, finishedAt, pauses, paused }: RunRecord['run']): number => {
  if (!startedAt) return 0;
  const since = fromJsonOrNull<RunPause>(paused)?.since;
  const until = finishedAt?.getTime() ?? (since === undefined ? Date.now() : Date.parse(since));
  return Math.max(0, until - startedAt.getTime() - pausedWithin(fromJson<PastPause[]>(pauses), startedAt.getTime(), until));
};

/** What has become of a run's budget, by what the executor said last of any of its stages. */
const budgetView = (record: RunRecord): RunBudget | null => {
  const budget = budgetOf(record);
  if (!budget) return null;
  const latest = [...record.steps, ...record.levels, ...record.samples, ...record.replaced]
    .map(({ stage }) => snapshotOf(stage))
    .reduce<Stage | null>((last, stage) => (stage?.spending && stage.version > (last?.version ?? -1) ? stage : last), null);
  const { spent, reserved } = latest?.spending ?? { spent: noAmounts(), reserved: noAmounts() };
  return {
    limits: budget.limits,
    spent: { ...addAmounts(planningAmountsOf(record), spent), timeMs: workedMs(record.run) },
    reserved,
  };
};

const rowErrorsOf = (table: TableRow): StepFacts['rowErrors'] =>
  Object.entries(countsOf(table).errors)
    .map(([code, rows]) => ({ code, rows }))
    .sort((a, b) => b.rows - a.rows);

/** A run as clients see it. */
export const viewOf = (record: RunRecord): Run => {
  const { run, inputs, turns } = record;
  const request = requestOf(record);
  const plan = planOf(record);
  const byName = tablesByName(record);
  const pauses = fromJson<PastPause[]>(run.pauses);
  const steps = (plan?.steps ?? []).map((step) => stepView(step, record, byName, pauses));
  return {
    id: run.id,
    goal: request.goal ?? null,
    redriveOf: run.redriveOf,
    state: shownState(record),
    version: run.version,
    inputs: inputs.map(({ name, table }) => ({ name, tableId: table.id })),
    plan,
    planVersion: run.planVersion === 0 ? null : run.planVersion,
    planning: {
      turns: turns.filter(({ outcome }) => outcome !== 'prompt').length,
      usage: turns.reduce((sum, { usage }) => addUsage(sum, usage), noUsage()),
      costUsd: turns.reduce((sum, { costUsd }) => sum + costUsd, 0),
    },
    quote: quoteView(record, steps),
    sampling: spentOf([...record.samples, ...record.tries]),
    amendments: amendmentsView(record.amendments),
    replaced: spentOf(record.replaced),
    steps,
    outputs: record.exports.map((row) => ({
      step: row.stepId ?? '',
      tableId: row.tableId,
      format: row.format as Run['outputs'][number]['format'],
      exportId: row.id,
      rows: row.rows as Run['outputs'][number]['rows'],
    })),
    paused: fromJsonOrNull<RunPause>(run.paused),
    pausedMs: pausedBetween(pauses, run.startedAt, run.finishedAt),
    budget: budgetView(record),
    error: fromJsonOrNull<ErrorPayload>(run.error),
    cancelReason: run.cancelReason,
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
};

const shownState = (record: RunRecord): RunState => {
  if (record.run.paused === null) return record.run.state as StoredState;
  return isUnderWay(factsOf(record)) ? 'pausing' : 'paused';
};

const pausedBetween = (pauses: PastPause[], startedAt: Date | null | undefined, finishedAt: Date | null | undefined): number =>
  startedAt ? pausedWithin(pauses, startedAt.getTime(), finishedAt?.getTime() ?? Infinity) : 0;

const stepView = (step: Plan['steps'][number], record: RunRecord, byName: Map<string, TableRow>, pauses: PastPause[]): RunStep => {
  const table = byName.get(step.id);
  const levels = record.levels.filter(({ levelOf }) => levelOf === step.id);
  const stage = snapshotOf(table?.stage ?? null);
  const current = stage ?? snapshotOf(levels.at(-1)?.stage ?? null);
  const looking = record.run.state === 'amending' ? openOf(record.amendments) : null;
  const ended = stage !== null && stage.state !== 'running';
  const own: StageCounts = stage ? (ended ? stage.counts : stage.progress) : noCounts();
  const kept = (table && keptOf(table)?.counts) ?? noCounts();
  const counts = [own, kept, spentInLevels(levels)].reduce(addCounts);
  const read = sumOf(inputsOf(step).map((name) => byName.get(name)?.rows ?? null));
  // Its input may be under way as well: then its stage says how many rows there will be.
  const rowsIn = read ?? (step.kind === 'map' && stage ? stage.subtasks + kept.ok + kept.failed : null);
  const rows = step.kind === 'map' ? rowsIn : numberOf(table?.rows);
  const startedAt = levels[0]?.startedAt ?? table?.startedAt;
  return {
    id: step.id,
    kind: step.kind,
    state: stepState(table?.state === 'waiting' && levels.length > 0 ? 'writing' : ((table?.state ?? 'waiting') as TableState), counts),
    stageId: table?.stageId ?? null,
    tableId: table?.id ?? null,
    rows,
    rowsIn,
    counts,
    copies: stage?.copies ?? noCopies(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: table?.finishedAt?.toISOString() ?? null,
    pausedMs: pausedBetween(pauses, startedAt, table?.finishedAt),
    waitingFor: current?.state === 'running' ? current.waitingFor : looking && table?.state === 'waiting' ? lookedAt(looking.stepId) : null,
    paused: record.run.pausedSteps.includes(step.id) && record.run.finishedAt === null,
    ...(step.kind === 'reduce' ? { levels: levelsView(levels) } : {}),
  };
};

const lookedAt = (step: string): string => `the planner looks at step ${step}, and may amend what has not begun`;

const numberOf = (rows: bigint | null | undefined): number | null => (rows === null || rows === undefined ? null : Number(rows));

/** Null where one of them is not known. */
const sumOf = (rows: (bigint | null)[]): number | null =>
  rows.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + Number(one)), 0);

const stepState = (state: TableState, { ok, failed }: StageCounts): StepState => {
  switch (state) {
    case 'waiting':
      return 'waiting';
    case 'writing':
      return 'running';
    case 'ready':
      return allRowsFailed({ okRows: ok, failedRows: failed }) ? 'failed' : 'succeeded';
    case 'failed':
    case 'cancelled':
      return state;
  }
};
