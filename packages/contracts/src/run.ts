import { z } from 'zod';
import { MAX_AMENDMENTS, RunAmendment } from './amendment.js';
import { Amounts, Budget } from './budget.js';
import { CapabilityId, MAX_CAPABILITIES } from './capability-parts.js';
import { ErrorPayload } from './errors.js';
import { ExportId, Name, RunId, StageId, TableId, UploadId } from './ids.js';
import { JsonObject } from './json.js';
import { Plan } from './plan.js';
import { QuoteRequest, RunQuote } from './quote.js';
import { StageCopies, StageCounts, TokenUsage } from './stage.js';
import { FileFormat } from './file-format.js';
import { ExportFormat, ImportOptions, PartialRows, TableMetadata, TableState } from './table.js';

/** A run's input: a table that is there, or an upload that becomes one. */
export const RunInput = z.union([
  z.strictObject({ name: Name, table: TableId }),
  z.strictObject({ name: Name, upload: UploadId, format: FileFormat.optional(), options: ImportOptions.optional() }),
]);
export type RunInput = z.infer<typeof RunInput>;

/** The longest goal, in characters. What is longer belongs into a table. */
export const MAX_GOAL_LENGTH = 20_000;

export const RunLimits = z.strictObject({
  /** Model calls in flight at most. */
  concurrency: z.number().int().min(1).max(100_000).optional(),
  /** Share of shards and of models' limits that the run gets beside others, by their weights. Default 1. */
  weight: z.number().positive('must be more than 0').max(1_000).optional(),
});
export type RunLimits = z.infer<typeof RunLimits>;

/**
 * From where results of rows with the same template, values and model are taken instead of being asked for again: `lineage` from
 * earlier versions of a step's table, where the run is a redrive; `any` from whatever table is there; or from the tables of these
 * runs, the ones named first preferred.
 */
export const Reuse = z.union([
  z.enum(['lineage', 'off', 'any']),
  z.strictObject({ runs: z.array(RunId).min(1, 'must name a run').max(10, 'must name 10 runs at most') }),
]);
export type Reuse = z.infer<typeof Reuse>;

export const RunRequest = z
  .strictObject({
    /** The task in natural language. May be left out where a plan is given. */
    goal: z.string().min(1, 'must not be empty').max(MAX_GOAL_LENGTH, `must be ${MAX_GOAL_LENGTH} characters at most`).optional(),
    /** None where a plan brings its own tables, or has capabilities fetch what there is to read. */
    inputs: z.array(RunInput).max(50).default([]),
    /** A ready plan: no planner is asked. */
    plan: Plan.optional(),
    /** Formats in which output tables are written; none: they stay tables. */
    outputs: z
      .array(z.strictObject({ step: Name.optional(), format: ExportFormat }))
      .max(100)
      .default([]),
    limits: RunLimits.default({}),
    /** Left out: `lineage`. */
    reuse: Reuse.optional(),
    /** When it is used up the run pauses with what it has; a raise lets it go on. */
    budget: Budget.optional(),
    /** `required`: the run waits for a person before any step runs. */
    approval: z.enum(['auto', 'required']).default('auto'),
    /**
     * What it is to cost, found out on a sample before its steps begin, whose rows it takes over then. Left out: with `approval: required`
     * of 20 rows, else none.
     */
    quote: QuoteRequest.optional(),
    /**
     * How often the planner may change what has not begun of the plan, or have failed rows done again, after steps marked `review`, steps that failed and rows that need a split; 0: it is
     * not asked. Left out: as the configuration says (`planner.amendments`), but not for a plan that is given and marks no step. More than the
     * configuration allows is refused (`too_many_amendments`).
     */
    amendments: z.number().int().min(0).max(MAX_AMENDMENTS).optional(),
    /**
     * Which capabilities whose effects are `unsafe` a plan may call that a planner wrote: all of them, or these. A plan that a person gives may
     * call any.
     */
    allowUnsafe: z.union([z.boolean(), z.array(CapabilityId).min(1).max(MAX_CAPABILITIES)]).default(false),
    /** `planning`: the run ends when its plan is valid, with the plan and its quote as its result. */
    stopAfter: z.enum(['planning', 'steps']).default('steps'),
  })
  .refine((request) => request.goal !== undefined || request.plan !== undefined, {
    path: ['goal'],
    message: 'must be there where no plan is',
  })
  .refine((request) => new Set(request.inputs.map(({ name }) => name)).size === request.inputs.length, {
    path: ['inputs'],
    message: 'must be inputs with different names',
  });
export type RunRequest = z.infer<typeof RunRequest>;

/**
 * `POST /v1/runs/:id/redrive`: does again what failed in a run that has ended, as a run of its own: rows that are ok stay, and so does
 * all that does not depend on what is done again.
 */
export const RedriveRequest = z.strictObject({
  /** Steps of kind map whose failed rows are done again. Left out: all. Steps that read them follow. */
  steps: z.array(Name).min(1).max(100).optional(),
  /** What changes in the templates of such steps, by step: `{"labels": {"instructions": "…"}}`. Their columns stay as they are. */
  templates: z.record(Name, JsonObject).default({}),
});
export type RedriveRequest = z.infer<typeof RedriveRequest>;

/**
 * `quoting` only where a quote is wanted, until its samples are there; `awaiting_approval` only with `approval: required`; `amending` while the planner looks at a run under
 * way: what has begun goes on, and nothing else begins; `pausing` until what was under way has ended, then `paused`;
 * `cancelling` until the executor has stopped the run's stages.
 */
export const RunState = z.enum([
  'importing',
  'planning',
  'quoting',
  'awaiting_approval',
  'running',
  'amending',
  'exporting',
  'pausing',
  'paused',
  'cancelling',
  'succeeded',
  'partially_succeeded',
  'failed',
  'cancelled',
]);
export type RunState = z.infer<typeof RunState>;

export const TERMINAL_RUN_STATES = ['succeeded', 'partially_succeeded', 'failed', 'cancelled'] as const satisfies RunState[];
export const isTerminal = (state: RunState): boolean => (TERMINAL_RUN_STATES as readonly RunState[]).includes(state);

/** Who paused a run: a person, a budget that is used up, or a provider that takes no more calls. */
export const PauseReason = z.enum(['user', 'budget', 'provider']);
export type PauseReason = z.infer<typeof PauseReason>;

/** Why a run begins nothing new. */
export const RunPause = z.strictObject({
  reason: PauseReason,
  /** One sentence for a person. */
  message: z.string(),
  since: z.iso.datetime(),
});
export type RunPause = z.infer<typeof RunPause>;

/** A run's budget, and what has become of it. */
export const RunBudget = z.strictObject({
  limits: Budget,
  /** By the planner and by steps, as far as is known; `timeMs` as it was when the run was read. */
  spent: z.strictObject({ ...Amounts.shape, timeMs: z.number().nonnegative() }),
  /** Held by members for calls that are under way or about to begin. */
  reserved: Amounts,
});
export type RunBudget = z.infer<typeof RunBudget>;

export const StepState = z.enum(['waiting', 'running', 'succeeded', 'failed', 'cancelled']);
export type StepState = z.infer<typeof StepState>;

/** A level of a step of kind `reduce`: its items are put together in bundles, and for each there is an answer. */
export const RunLevel = z.strictObject({
  /** From 1. */
  level: z.number().int().positive(),
  /** Null until they are made. */
  bundles: z.number().int().nonnegative().nullable(),
  /** Those of them that have an answer, or have failed. */
  answered: z.number().int().nonnegative(),
  /** That of its bundles, and that of the answers once there is one. */
  tables: z.array(TableId),
});
export type RunLevel = z.infer<typeof RunLevel>;

export const RunStep = z.strictObject({
  id: Name,
  kind: z.string(),
  state: StepState,
  stageId: StageId.nullable(),
  tableId: TableId.nullable(),
  /** Of a map the rows to do, of a query those that it made; null until that is known. */
  rows: z.number().int().nonnegative().nullable(),
  /** Rows of all its inputs together; null until they are there. */
  rowsIn: z.number().int().nonnegative().nullable(),
  /** Committed and in progress, and what was taken over from the version of its table before. */
  counts: StageCounts,
  copies: StageCopies,
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** How long its run was paused since it was started, the present pause not counted. */
  pausedMs: z.number().int().nonnegative(),
  /** Why nothing runs, or less than shall, if so. */
  waitingFor: z.string().nullable(),
  /** Somebody has paused it: nothing of it begins, whatever its run does. */
  paused: z.boolean(),
  /** Of steps of kind `reduce` alone, the lowest first. */
  levels: z.array(RunLevel).optional(),
});
export type RunStep = z.infer<typeof RunStep>;

export const RunOutput = z.strictObject({
  step: Name,
  tableId: TableId,
  format: ExportFormat,
  exportId: ExportId,
  /** `ok` rows are the result, `failed` rows a file of their own. */
  rows: z.enum(['all', 'ok', 'failed']),
});
export type RunOutput = z.infer<typeof RunOutput>;

export const Run = z.strictObject({
  id: RunId,
  goal: z.string().nullable(),
  /** The run whose failed rows this one does again. */
  redriveOf: RunId.nullable(),
  state: RunState,
  /** Grows with every change. */
  version: z.number().int().nonnegative(),
  inputs: z.array(z.strictObject({ name: Name, tableId: TableId })),
  plan: Plan.nullable(),
  /** Which of its versions the plan is, from 1 on; null while there is none. */
  planVersion: z.number().int().positive().nullable(),
  /** What the planner cost. */
  planning: z.strictObject({ turns: z.number().int(), usage: TokenUsage, costUsd: z.number() }),
  /** Of the plan as it is now; null while there is none. */
  quote: RunQuote.nullable(),
  /** What samples for quotes cost, of all versions of the plan, and tries of drafts before there was one. */
  sampling: z.strictObject({ calls: z.number().int(), usage: TokenUsage, costUsd: z.number() }),
  /** How often the planner was asked while it was running, the first time first. */
  amendments: z.array(RunAmendment),
  /** What tables of steps cost that were made anew after an amendment: they are those of no step any more. */
  replaced: z.strictObject({ calls: z.number().int(), usage: TokenUsage, costUsd: z.number() }),
  steps: z.array(RunStep),
  outputs: z.array(RunOutput),
  /** Only of runs that are `pausing` or `paused`. */
  paused: RunPause.nullable(),
  /** How long it was paused, the present pause not counted. */
  pausedMs: z.number().int().nonnegative(),
  /** Null: it has none. */
  budget: RunBudget.nullable(),
  /** Why a failed run failed. */
  error: ErrorPayload.nullable(),
  /** What a person gave as the reason for cancelling it. */
  cancelReason: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});
export type Run = z.infer<typeof Run>;

/** What `GET /v1/runs/:id/events` sends: the run as it is now, whenever it changed, at most some times a second. */
export const RunEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), run: Run }),
  /** Something the planner did, for display: a tool call, a rejected plan. */
  z.strictObject({ type: z.literal('planner'), runId: RunId, turn: z.number().int(), text: z.string() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** A table of the catalogue. */
export const Table = z.strictObject({
  id: TableId,
  name: Name,
  state: TableState,
  version: z.number().int().nonnegative(),
  /** Of a table that is `ready`. */
  rows: z.number().int().nonnegative().nullable(),
  /** What can be read of a table that is not complete: one that is being written, or was not finished. Null if nothing can. */
  partial: PartialRows.nullable(),
  metadata: TableMetadata.nullable(),
  /** Where it came from. */
  lineage: z.strictObject({
    runId: RunId.nullable(),
    stepId: Name.nullable(),
    inputs: z.array(TableId),
    /** The table of which this one is the next version. Both are there side by side. */
    previous: TableId.nullable(),
    /** Names of the imported files, the first hundred. */
    files: z.array(z.string()),
  }),
  /** Rows of it that failed, and by which code: of maps, and of imported documents. */
  failures: StageCounts.pick({ failed: true, errors: true }),
  /** Bad rows that an import with `skipBadRows` left out. */
  rejectedTableId: TableId.nullable(),
  error: ErrorPayload.nullable(),
  createdAt: z.iso.datetime(),
});
export type Table = z.infer<typeof Table>;
