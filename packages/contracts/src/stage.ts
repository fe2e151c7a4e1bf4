import { z } from 'zod';
import { Spending } from './budget.js';
import { CapabilityDefinition } from './capability.js';
import { MAX_CAPABILITIES } from './capability-parts.js';
import { ErrorPayload } from './errors.js';
import { LeaseToken, MemberId, OwnerId, PoolName, ShardId, StageId, TableId } from './ids.js';
import { JsonObject } from './json.js';
import { Resources, Template } from './plan.js';
import { MOST_LEVELS } from './reduce.js';
import { ChunkSize, SplitBy } from './split.js';
import { FileFormat } from './file-format.js';
import { Column, ExportFormat, ImportOptions, NamedTable, Part, TableReference, UploadedFile } from './table.js';

/** Tokens of one or more calls, in disjoint classes: their sum is what was read and written. */
export const TokenUsage = z.strictObject({
  /** Read and not cached. */
  input: z.number().int().nonnegative(),
  cacheRead: z.number().int().nonnegative(),
  cacheWrite: z.number().int().nonnegative(),
  /** Written, reasoning not counted. */
  output: z.number().int().nonnegative(),
  reasoning: z.number().int().nonnegative(),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

export const noUsage = (): TokenUsage => ({ input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 });

export const addUsage = (a: TokenUsage, b: TokenUsage): TokenUsage => ({
  input: a.input + b.input,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
});

/** All tokens of a usage, read and written. */
export const tokensOf = ({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): number =>
  input + cacheRead + cacheWrite + output + reasoning;

/**
 * Why a row failed, as it stands in `_error_code`:
 * `truncated` the answer was cut off by its length, twice; `refused` the model declined; `filtered` the provider's filter
 * stopped it; `empty` the answer held nothing; `malformed` not JSON after all tries; `invalid_output` JSON that breaks the
 * template's schema after all repairs; `context_exceeded` the row does not fit the model's context, or an item the calls of its reduce; `input_failed` the row
 * had failed in the step before; `rate_limited`, `provider_error`, `timeout`, `connection` transient faults that outlasted
 * their tries; `invalid_arguments` the row's values do not fit the capability's parameters, or name what its template does not have; `capability_failed` it threw, or gave
 * what it must not; of agents `limit_exceeded` a limit of its template was reached, `needs_split` it found the row too large for one
 * subtask, `blocked` it found that it cannot be done; of functions of plans `capability_timeout` it took too long, `capability_bad_output` it gave no JSON or what breaks
 * its schema, `capability_out_of_memory` it took more than it may, `capability_crashed` its process ended at the row again; `unknown` an unsafe call may have been made;
 * of documents `document_broken` it cannot be read as what it is, `document_encrypted` it needs a password, `document_too_large` it, or what is in it,
 * passes a limit, `document_empty` it holds no text, `document_unknown` nothing says what it is, `document_timeout` reading it took too long,
 * `document_out_of_memory` it took more than it may; `poison` members crashed at it again and again, though it ran alone.
 */
export const RowErrorCode = z.enum([
  'truncated',
  'refused',
  'filtered',
  'empty',
  'malformed',
  'invalid_output',
  'context_exceeded',
  'input_failed',
  'rate_limited',
  'provider_error',
  'timeout',
  'connection',
  'invalid_arguments',
  'capability_failed',
  'limit_exceeded',
  'needs_split',
  'blocked',
  'capability_timeout',
  'capability_bad_output',
  'capability_out_of_memory',
  'capability_crashed',
  'unknown',
  'document_broken',
  'document_encrypted',
  'document_too_large',
  'document_empty',
  'document_unknown',
  'document_timeout',
  'document_out_of_memory',
  'poison',
]);
export type RowErrorCode = z.infer<typeof RowErrorCode>;

export const RowStatus = z.enum(['ok', 'failed']);
export type RowStatus = z.infer<typeof RowStatus>;

/** The outcome of a row: what is journaled, and what becomes a row of the part. */
export const RowResult = z.strictObject({
  /** The row's number in the input table, from 0. */
  row: z.number().int().nonnegative(),
  status: RowStatus,
  /** Valid against the template's schema if `ok`, null if `failed`. */
  output: JsonObject.nullable(),
  error: z.strictObject({ code: RowErrorCode, message: z.string() }).nullable(),
  /** Calls that were made for the row. */
  attempts: z.number().int().nonnegative(),
  model: z.string().nullable(),
  usage: TokenUsage,
  /** The tokens were counted by us: the endpoint did not say. */
  usageEstimated: z.boolean(),
  costUsd: z.number().nonnegative(),
  latencyMs: z.number().nonnegative(),
  traceId: z.string().nullable(),
  /** Taken from a table that was there, with all that it took then: nothing was called for it. */
  reused: z.boolean().optional(),
  /** Of an agent, where its template has it kept: the conversation, a JSON array of its messages. */
  transcript: z.string().optional(),
});
export type RowResult = z.infer<typeof RowResult>;

/** Subtasks `first` to `last`, both counted. */
export const ShardRange = z.strictObject({ first: z.number().int().nonnegative(), last: z.number().int().nonnegative() });
export type ShardRange = z.infer<typeof ShardRange>;
export const sizeOf = (range: ShardRange): number => range.last - range.first + 1;

/** What is to be done of a map: what is left of one that was done before, over the same rows, or a sample. */
export const Redo = z.strictObject({
  /** Results of these rows of the input are to be written, in order; those of the others stay, if they are there. */
  rows: z.array(ShardRange).min(1),
  /** Earlier versions of the result, the newest first: a row that is ok in one of them is taken from there, and called for by nobody. */
  from: z.array(TableReference).max(20),
});
export type Redo = z.infer<typeof Redo>;
/**
 * The table that a map stage under way is making, for a stage that takes each row as soon as the shard which holds it is committed. It has
 * the rows of its base, by the same numbers.
 */
export interface StageInput {
  stageId: string;
  /** Of the table that the stage makes. */
  tableId: string;
  rows: number;
  /** All columns that a reader sees, base columns first. */
  columns: Column[];
  /** Columns that stand in the parts of the stage. */
  ownColumns: Column[];
  base: MapInput;
}

/** What a template is expanded over. */
export type MapInput = TableReference | StageInput;

export const StageInput: z.ZodType<StageInput> = z.strictObject({
  stageId: StageId,
  tableId: TableId,
  rows: z.number().int().nonnegative(),
  columns: z.array(Column),
  ownColumns: z.array(Column),
  base: z.lazy(() => MapInput),
});
export const MapInput: z.ZodType<MapInput> = z.union([TableReference, StageInput]);

/** Whether the rows of an input come from a stage that may be under way. */
export const comesFromStage = (input: MapInput): input is StageInput => 'stageId' in input;

/** Of the process that does a job; `rows`: that it may write. */
const JobLimits = z.strictObject({ memoryMb: z.number().int().positive(), timeoutMs: z.number().int().positive() });
const RowJobLimits = z.strictObject({ ...JobLimits.shape, rows: z.number().int().positive() });

/** What a stage is expanded from. Everything in it is a reference or small: it must fit a NATS message. */
export const StageWork = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('map'),
    input: MapInput,
    template: Template,
    /** A name of the configuration; null where the template's mode needs no model. */
    model: z.string().nullable(),
    /** Definitions of what the template may call, but those of built-in ones. */
    capabilities: z.array(CapabilityDefinition).max(MAX_CAPABILITIES).optional(),
    /** Left out: all rows of the input are to be done, and all of them anew. */
    redo: Redo.optional(),
  }),
  z.strictObject({
    kind: z.literal('sql'),
    inputs: z.array(NamedTable).max(50),
    query: z.string().min(1),
    limits: RowJobLimits,
  }),
  z.strictObject({
    kind: z.literal('match'),
    /** The input of a map. For each of its rows, in order, a row is written: the result of one like it, or one without a status. */
    input: TableReference,
    /** Rows are alike that agree in these columns. */
    columns: z.array(z.string().min(1)).min(1),
    /** Results of maps by the same template and model, those that are preferred first. */
    sources: z.array(TableReference).min(1).max(20),
    /** What the template adds. */
    output: z.array(Column).min(1),
    limits: JobLimits,
  }),
  z.strictObject({
    kind: z.literal('split'),
    input: TableReference,
    column: z.string().min(1),
    by: SplitBy,
    size: ChunkSize,
    limits: RowJobLimits,
  }),
  z.strictObject({
    kind: z.literal('bundle'),
    /** Rows that are to be folded; above level 1 the answers of the level below, of which only groups that have several are bundled. */
    input: TableReference,
    level: z
      .number()
      .int()
      .min(1)
      .max(MOST_LEVELS + 1),
    by: z.array(z.string().min(1)),
    orderBy: z.array(z.string().min(1)),
    /** What of a row is shown. */
    columns: z.array(z.string().min(1)).min(1),
    /** Of the items of a bundle. */
    maxTokens: z.number().int().positive(),
    limits: RowJobLimits,
  }),
  z.strictObject({
    kind: z.literal('gather'),
    /** What was folded. */
    input: TableReference,
    /** The answers of each level, the lowest first. */
    levels: z.array(TableReference).max(MOST_LEVELS),
    by: z.array(Column),
    /** What the template adds. */
    output: z.array(Column).min(1),
    limits: JobLimits,
  }),
  z.strictObject({
    kind: z.literal('import'),
    files: z.array(UploadedFile).min(1),
    /** Left out: told by the files' endings. */
    format: FileFormat.optional(),
    options: ImportOptions,
  }),
  z.strictObject({
    kind: z.literal('export'),
    input: TableReference,
    format: ExportFormat,
    /** `ok` and `failed` choose by `_status`; tables without it have `ok` rows only. */
    rows: z.enum(['all', 'ok', 'failed']),
    /** With the columns of the machinery (`_status`, `_model`, …). */
    bookkeeping: z.boolean(),
  }),
]);
export type StageWork = z.infer<typeof StageWork>;
export type MapWork = Extract<StageWork, { kind: 'map' }>;
export type SqlWork = Extract<StageWork, { kind: 'sql' }>;
export type MatchWork = Extract<StageWork, { kind: 'match' }>;
export type SplitWork = Extract<StageWork, { kind: 'split' }>;
export type BundleWork = Extract<StageWork, { kind: 'bundle' }>;
export type GatherWork = Extract<StageWork, { kind: 'gather' }>;
export type ImportWork = Extract<StageWork, { kind: 'import' }>;
export type ExportWork = Extract<StageWork, { kind: 'export' }>;

/** The subtasks of a stage: rows of a map's input, one otherwise. */
export const rangesOf = (work: StageWork): ShardRange[] => {
  if (work.kind !== 'map') return [{ first: 0, last: 0 }];
  if (work.redo) return work.redo.rows;
  return work.input.rows === 0 ? [] : [{ first: 0, last: work.input.rows - 1 }];
};

/** `standard` today; `batch` (a provider's jobs of hours) is to come. */
export const Lane = z.enum(['standard']);
export type Lane = z.infer<typeof Lane>;

export const StageState = z.enum(['running', 'succeeded', 'failed', 'cancelled']);
export type StageState = z.infer<typeof StageState>;

/** Rows of a stage by outcome, and what they cost. Rows are a table's rows, of sql, import and export the rows written. */
export const StageCounts = z.strictObject({
  ok: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  /** Failed rows by code. */
  errors: z.partialRecord(RowErrorCode, z.number().int().positive()),
  /** The message of one failed row for each code, shortened. */
  examples: z.partialRecord(RowErrorCode, z.string()).default({}),
  usage: TokenUsage,
  costUsd: z.number().nonnegative(),
  /** Calls made, repeats counted. */
  calls: z.number().int().nonnegative(),
  /** Of the rows that are ok, those that were taken from tables that were there. They count for no tokens, cost or calls. Left out: none. */
  reused: z.number().int().positive().optional(),
});
export type StageCounts = z.infer<typeof StageCounts>;

export const noCounts = (): StageCounts => ({ ok: 0, failed: 0, errors: {}, examples: {}, usage: noUsage(), costUsd: 0, calls: 0 });

export const addCounts = (a: StageCounts, b: StageCounts): StageCounts => {
  const errors = { ...a.errors };
  for (const [code, n] of Object.entries(b.errors) as [RowErrorCode, number][]) errors[code] = (errors[code] ?? 0) + n;
  const reused = (a.reused ?? 0) + (b.reused ?? 0);
  return {
    ok: a.ok + b.ok,
    failed: a.failed + b.failed,
    errors,
    examples: { ...b.examples, ...a.examples },
    usage: addUsage(a.usage, b.usage),
    costUsd: a.costUsd + b.costUsd,
    calls: a.calls + b.calls,
    ...(reused > 0 ? { reused } : {}),
  };
};

/** Why a stage stands still until somebody has its run go on: the provider takes no more calls of the account, or the budget is used up. */
export const PausedBy = z.strictObject({
  kind: z.enum(['provider', 'budget']),
  message: z.string(),
  /** Of the run's control that held then: a later one is somebody's answer to this. */
  controlVersion: z.number().int().nonnegative(),
});
export type PausedBy = z.infer<typeof PausedBy>;

/** Second attempts at shards that lagged behind, and the calls that they made, as far as they have told: what haste has cost. */
export const StageCopies = z.strictObject({ attempts: z.number().int().nonnegative(), calls: z.number().int().nonnegative() });
export type StageCopies = z.infer<typeof StageCopies>;

export const noCopies = (): StageCopies => ({ attempts: 0, calls: 0 });

export const Stage = z.strictObject({
  id: StageId,
  ownerId: OwnerId,
  state: StageState,
  /** Grows with every change that somebody who asks should see. */
  version: z.number().int().nonnegative(),
  /** Subtasks: rows of a map's input, 1 otherwise. */
  subtasks: z.number().int().nonnegative(),
  shards: z.strictObject({ open: z.number().int(), active: z.number().int(), committed: z.number().int() }),
  /** What is committed. */
  counts: StageCounts,
  /** What is committed, and beside it what attempts have reported of open shards: for progress displays, may step back. */
  progress: StageCounts,
  copies: StageCopies,
  /** Why a failed stage failed. */
  fault: ErrorPayload.nullable(),
  /** Why nothing runs, or not on as many members as shall be, if so: `waiting for members of pool default to join`. */
  waitingFor: z.string().nullable(),
  /** Left out: nothing has paused it but, perhaps, its run's control. A later control `active` ends it. */
  pausedBy: PausedBy.optional(),
  /** Of its run, all stages together. Left out: the run has no budget. */
  spending: Spending.optional(),
});
export type Stage = z.infer<typeof Stage>;

/** A shard as the ledger holds it. `retired`: it was split, and its children stand for it. */
export const ShardState = z.enum(['open', 'committed', 'retired']);
export type ShardState = z.infer<typeof ShardState>;

/** An attempt at a shard. The first commit of one that is not revoked wins. */
export const AttemptState = z.enum(['active', 'revoked', 'won']);
export type AttemptState = z.infer<typeof AttemptState>;

/** Where an attempt journals, and where those before it did. */
export const JournalPlace = z.strictObject({
  /** Name of the JetStream stream; it carries the journal's incarnation. */
  stream: z.string(),
  incarnation: z.number().int().positive(),
  /** The attempt's own subject: one writer. */
  subject: z.string(),
  /** Matches the subjects of all attempts at the shard. */
  shardSubjects: z.string(),
});
export type JournalPlace = z.infer<typeof JournalPlace>;

/**
 * How a member is to treat a shard. `alone`: members have crashed at it; it runs in a member that is given nothing else, its rows are
 * begun in their order, and each only when the one before it is in the journal, so that a crash tells which rows were in flight.
 * `condemned`: members crashed at its row though it was alone; it is not run, nor read, but committed as failed.
 */
export const Handling = z.enum(['ordinary', 'alone', 'condemned']);
export type Handling = z.infer<typeof Handling>;

/** A claimed shard: an attempt with its lease. */
export const Assignment = z.strictObject({
  token: LeaseToken,
  stageId: StageId,
  ownerId: OwnerId,
  shardId: ShardId,
  /** The shard whose journals this one shares: itself, or the first one of those that it came of by splits. */
  originId: ShardId,
  generation: z.number().int().nonnegative(),
  handling: Handling,
  /** 1 for the shard's first attempt. */
  attempt: z.number().int().positive(),
  lane: Lane,
  range: ShardRange,
  /** Model calls that the attempt may have in flight: taken from the member's free slots and the run's limit. */
  slots: z.number().int().positive(),
  /** The run has no limit on calls in flight: the member may let the attempt have more of its free slots. */
  elastic: z.boolean().default(false),
  /** Of the run, beside others: by it members share out what they may let attempts have more. */
  weight: z.number().positive().default(1),
  /** The run has a budget: calls need something of it. */
  budgeted: z.boolean().default(false),
  /** The version of the run's control at the claim, 0 if nothing was asked of it yet: the run was active then. */
  controlVersion: z.number().int().nonnegative(),
  /** What that control holds; left out: nothing. */
  held: z.array(StageId).optional(),
  journal: JournalPlace,
});
export type Assignment = z.infer<typeof Assignment>;

/** What a commit names. Which of it is filled depends on the kind of work. */
export const CommitContent = z.strictObject({
  part: Part,
  /** Of an import with `skipBadRows`: the bad rows, columns `file, line, error, text`. */
  rejected: Part.nullable(),
  /** Columns of the part, where the stage's work does not say them: sql and import. Of a map: the output's columns. */
  columns: z.array(Column),
  counts: StageCounts,
});
export type CommitContent = z.infer<typeof CommitContent>;

export const CommitAnswer = z.enum(['committed', 'superseded', 'no_such_part', 'unknown']);
export type CommitAnswer = z.infer<typeof CommitAnswer>;

/** A committed shard, for who assembles the table. */
export const CommittedShard = z.strictObject({ shardId: ShardId, range: ShardRange, content: CommitContent });
export type CommittedShard = z.infer<typeof CommittedShard>;

/** What a run wants of the executor. A message with an older version than the last one is ignored (HAZARDS H18). */
export const RunControl = z.strictObject({
  ownerId: OwnerId,
  version: z.number().int().positive(),
  state: z.enum(['active', 'paused', 'cancelled']),
  /**
   * Stages of which nothing begins though the run goes on, those among them that are yet to be submitted. Left out: none. The others go on.
   */
  held: z.array(StageId).max(1_000).optional(),
});
export type RunControl = z.infer<typeof RunControl>;

/** Figures of a running attempt. */
export const AttemptProgress = z.strictObject({
  token: LeaseToken,
  /** Its journaled rows, those that it took over among them: for progress displays. */
  counts: StageCounts,
  /** Calls that it has begun itself. */
  calls: z.number().int().nonnegative().default(0),
  /** Why it begins no new rows, if so: the journal has no room (`journal_room`), or does not serve (`journal`). */
  waitsFor: z.enum(['journal_room', 'journal']).nullable().default(null),
});
export type AttemptProgress = z.infer<typeof AttemptProgress>;

/** `joining` until the executor has accepted it; `draining` takes no new shards and finishes or hands on what it has. */
export const MemberState = z.enum(['starting', 'running', 'draining', 'stopped', 'failed']);
export type MemberState = z.infer<typeof MemberState>;

export const Member = z.strictObject({
  /** New with every boot of the process. */
  id: MemberId,
  pool: PoolName,
  state: MemberState,
  slots: z.strictObject({ total: z.number().int().positive(), free: z.number().int().nonnegative() }),
  resources: Resources,
  host: z.string(),
  pid: z.number().int(),
});
export type Member = z.infer<typeof Member>;
