import { z } from 'zod';
import { BudgetAnswer, BudgetQuestion, BudgetTerms } from './budget.js';
import { CapabilityDefinition, CapabilityHash, PythonCapability, SandboxedPython } from './capability.js';
import { CallKey, CapabilityId } from './capability-parts.js';
import { ErrorPayload } from './errors.js';
import { ClusterName, LeaseToken, MemberId, Name, OwnerId, PoolName, ShardId, StageId } from './ids.js';
import { CapabilityExample, MAX_EXAMPLES } from './javascript-capability.js';
import { JsonObject, JsonValue } from './json.js';
import { PermitAnswer, PermitQuestion } from './permits.js';
import { Resources } from './plan.js';
import { PoolReport } from './pool.js';
import {
  Assignment,
  AttemptProgress,
  CommitAnswer,
  CommitContent,
  CommittedShard,
  Lane,
  Member,
  RowErrorCode,
  RunControl,
  ShardRange,
  Stage,
  StageCounts,
  StageState,
  StageWork,
} from './stage.js';
import { Column, NamedTable, TableMetadata, TableReference } from './table.js';

/** The services that talk over NATS; also the names of their users there, and of the queue groups of those that answer requests. */
export const serviceNames = ['manager', 'executor', 'worker-pool', 'fabric'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** A request over NATS: one subject, the schemas of both ways, and how long a caller waits. */
export interface Operation<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly subject: string;
  /** Who answers. */
  readonly service: ServiceName;
  /** Who may ask: NATS lets nobody else (`permissions.ts`). Administrators may always. */
  readonly callers: readonly ServiceName[];
  readonly request: Request;
  readonly reply: Reply;
  /** Milliseconds. */
  readonly deadlineMs: number;
}

/** Something that happened, on a core subject: it may be lost, and nothing may depend on it but speed. */
export interface Notice<Payload extends z.ZodType = z.ZodType> {
  readonly subject: string;
  /** Who may tell it, and who may listen. */
  readonly from: ServiceName;
  readonly to: ServiceName;
  readonly payload: Payload;
}

type Parties = Pick<Operation, 'callers' | 'service'>;

const managerAsksExecutor: Parties = { callers: ['manager'], service: 'executor' };
const memberAsksExecutor: Parties = { callers: ['worker-pool'], service: 'executor' };
const bothAskExecutor: Parties = { callers: ['manager', 'worker-pool'], service: 'executor' };
const administratorAsksExecutor: Parties = { callers: [], service: 'executor' };
const managerAsksMember: Parties = { callers: ['manager'], service: 'worker-pool' };

const operation = <Request extends z.ZodType, Reply extends z.ZodType>(
  { callers, service }: Parties,
  name: string,
  request: Request,
  reply: Reply,
  deadlineMs = 5_000,
): Operation<Request, Reply> => ({ subject: `apwa.${service}.${name}`, service, callers, request, reply, deadlineMs });

const done = z.strictObject({});

/** Everything that the executor answers. */
export const executorOperations = {
  /** Idempotent by the stage's id: the same work again is answered like the first time, other work is refused. */
  submitStage: operation(
    managerAsksExecutor,
    'submit_stage',
    z.strictObject({
      stageId: StageId,
      ownerId: OwnerId,
      work: StageWork,
      resources: Resources,
      /** Share of the claims among runs that wait for the same pool. */
      weight: z.number().positive().default(1),
      /** Calls in flight at most over all stages of the owner. Left out: no limit but the members' slots. */
      maxInFlight: z.number().int().positive().optional(),
      /** Of the owner, for all its stages. Left out: the one that it has, if it has one. */
      budget: BudgetTerms.optional(),
      /** Others will take its rows while it is under way: its shards are small. */
      followed: z.boolean().default(false),
    }),
    Stage,
    15_000,
  ),
  /** Stages of the named owners whose version is above the one the asker has seen; unknown owners are left out. */
  listStages: operation(
    managerAsksExecutor,
    'list_stages',
    z.strictObject({ owners: z.array(OwnerId).max(500), seen: z.record(StageId, z.number().int()).default({}) }),
    z.strictObject({ stages: z.array(Stage) }),
  ),
  getStage: operation(administratorAsksExecutor, 'get_stage', z.strictObject({ stageId: StageId }), Stage),
  /** What the stage is expanded from; members ask once and keep it. */
  getStageWork: operation(memberAsksExecutor, 'get_stage_work', z.strictObject({ stageId: StageId }), z.strictObject({ work: StageWork })),
  /** Committed shards in the order of their ranges, a page at a time. */
  listCommittedShards: operation(
    bothAskExecutor,
    'list_committed_shards',
    z.strictObject({
      stageId: StageId,
      /** Shards whose range begins after this subtask; -1 for all. */ after: z.number().int().min(-1),
      /** Shards alone that overlap this range. */ within: ShardRange.optional(),
      limit: z.number().int().min(1).max(500),
    }),
    z.strictObject({ shards: z.array(CommittedShard), more: z.boolean() }),
  ),
  /** With a budget, where the run has one: it holds from then on, whatever becomes of the control. `end`: stages that end without a result. */
  controlRun: operation(
    managerAsksExecutor,
    'control_run',
    z.strictObject({ ...RunControl.shape, budget: BudgetTerms.optional(), end: z.array(StageId).max(1_000).default([]) }),
    RunControl,
  ),
  /**
   * Removes stages of an owner from the ledger, with their journals and the parts that no commit names: nothing of them can be
   * committed afterwards. `stageIds` left out: all of them, and the owner itself. Unknown ones count as forgotten; refused
   * (`stage_running`) while one has not ended.
   */
  forgetStages: operation(
    managerAsksExecutor,
    'forget_stages',
    z.strictObject({ ownerId: OwnerId, stageIds: z.array(StageId).min(1).max(500).optional() }),
    z.strictObject({ /** Stages that were there. */ forgotten: z.number().int().nonnegative() }),
    60_000,
  ),
  /**
   * Which of these keys of storage (parts and journaled rows) the ledger does not name, nor any attempt that could still have
   * them named. What tables and exports name is not asked here: their catalogue is the manager's.
   */
  unnamedKeys: operation(
    managerAsksExecutor,
    'unnamed_keys',
    z.strictObject({ keys: z.array(z.string().min(1).max(1024)).max(500) }),
    z.strictObject({ unnamed: z.array(z.string()) }),
    15_000,
  ),

  /** A member announces itself. Again after a restart of the executor or a lost lease: the same id is accepted again. */
  join: operation(
    memberAsksExecutor,
    'join',
    z.strictObject({ member: Member, /** Given by a backend that started it. */ instance: z.string().nullable() }),
    z.strictObject({
      leaseMs: z.number().int().positive(),
      heartbeatMs: z.number().int().positive(),
      journal: z.strictObject({ stream: z.string(), incarnation: z.number().int().positive() }),
    }),
  ),
  /** A member with free slots asks for shards. */
  claim: operation(
    memberAsksExecutor,
    'claim',
    z.strictObject({
      memberId: MemberId,
      freeSlots: z.number().int().positive(),
      lane: Lane,
      /** Owners whose rows at hand could fill the member: nothing of theirs is given now. */
      saturated: z.array(OwnerId).max(500).default([]),
    }),
    z.strictObject({ assignments: z.array(Assignment), /** There may be others for it: asking again makes sense. */ more: z.boolean() }),
  ),
  /** Renews all leases of a member. */
  heartbeat: operation(
    memberAsksExecutor,
    'heartbeat',
    z.strictObject({
      memberId: MemberId,
      state: Member.shape.state,
      freeSlots: z.number().int().nonnegative(),
      /** Held by the attempts: with the free ones they add up to all that the member has (HAZARDS K11). */
      leasedSlots: z.number().int().nonnegative(),
      attempts: z.array(AttemptProgress),
      /** Questions about tables that it answers just now. */
      questions: z.number().int().nonnegative(),
      residentMb: z.number().nonnegative(),
      /** The largest delay of the event loop since the last heartbeat, in milliseconds. */
      loopDelayMs: z.number().nonnegative(),
    }),
    z.strictObject({
      /** Attempts that were revoked: their holder drops them and writes nothing more. */
      lost: z.array(LeaseToken),
      /** Controls of the owners of the member's attempts. */
      controls: z.array(RunControl),
      journal: z.strictObject({ stream: z.string(), incarnation: z.number().int().positive() }),
      /** The executor wants this member to drain. */
      drain: z.boolean(),
      /** Stages among the member's attempts that the executor has paused: they are given back like those of a paused run. */
      paused: z.array(StageId).default([]),
    }),
    2_000,
  ),
  /**
   * What members call models by: each asks a little ahead of need, so that no call waits for a round trip, and gives back what it
   * does not use. Permits are good for `termMs` from the moment the question was sent; those of an older epoch are void as soon as
   * a newer one is heard of (HAZARDS H14).
   */
  permits: operation(
    memberAsksExecutor,
    'permits',
    z.strictObject({
      memberId: MemberId,
      /** The newest epoch that the member has heard of; 0 for none. */
      epoch: z.number().int().nonnegative(),
      endpoints: z.array(PermitQuestion).max(500),
      /** Of runs that have a budget. */
      budgets: z.array(BudgetQuestion).max(500).default([]),
    }),
    z.strictObject({
      epoch: z.number().int().positive(),
      termMs: z.number().int().positive(),
      /** When to ask again while permits are needed. Milliseconds. */
      againMs: z.number().int().positive(),
      /** In the order of the questions. */
      endpoints: z.array(PermitAnswer),
      budgets: z.array(BudgetAnswer).default([]),
    }),
    2_000,
  ),
  /** Idempotent. `no_such_part`: write it again. `superseded`: drop it; the sweeper removes what was written. */
  commit: operation(
    memberAsksExecutor,
    'commit',
    z.strictObject({
      shardId: ShardId,
      token: LeaseToken,
      content: CommitContent,
      /** Calls that the attempt made itself: what it took over is not among them. */
      calls: z.number().int().nonnegative().default(0),
    }),
    z.strictObject({ answer: CommitAnswer }),
    30_000,
  ),
  /** Gives a shard back before its lease ends: a member that drains, or a run that is paused. */
  release: operation(
    memberAsksExecutor,
    'release',
    z.strictObject({
      shardId: ShardId,
      token: LeaseToken,
      /** What the journal holds of the shard, for displays. Left out where it was not read. */
      journaled: StageCounts.optional(),
    }),
    done,
  ),
  /** Something is wrong with the account, the template or the input: the stage ends with that reason, no row fails for it. */
  failStage: operation(
    memberAsksExecutor,
    'fail_stage',
    z.strictObject({ stageId: StageId, token: LeaseToken, fault: ErrorPayload }),
    done,
  ),
  /**
   * Whether a function of a plan can be run here, as far as that can be found out before it is called. Refused: `no_cluster`,
   * `unknown_cluster`, `capability_syntax`, `no_sandbox`. Changes nothing that anybody sees: it may be asked any number of times.
   */
  registerCapability: operation(
    managerAsksExecutor,
    'register_capability',
    z.strictObject({ capability: PythonCapability }),
    z.strictObject({
      hash: CapabilityHash,
      cluster: ClusterName,
      /** False: the cluster can't be asked at the moment, and will be when it is called. */ checked: z.boolean(),
    }),
    20_000,
  ),
  /**
   * Where members call a function of a stage: the fabric that is there knows it then. Asked again when it is not there any more.
   * Transient (`fabric_away`) while there is none.
   */
  openCapability: operation(
    memberAsksExecutor,
    'open_capability',
    z.strictObject({ stageId: StageId, capability: CapabilityId }),
    z.strictObject({ hash: CapabilityHash, cluster: ClusterName, generation: z.number().int().positive() }),
    20_000,
  ),
  /**
   * Where a member tries a function that stands in no stage. It may be called so before anybody has agreed to it, so only what is sandboxed is
   * taken. Refused and transient as `registerCapability` and `openCapability`.
   */
  openTrial: operation(
    memberAsksExecutor,
    'open_trial',
    z.strictObject({ capability: SandboxedPython }),
    z.strictObject({ hash: CapabilityHash, cluster: ClusterName, generation: z.number().int().positive() }),
    20_000,
  ),
  /** Whether functions in Python can be run that a model wrote: on which cluster, or what is missing. */
  findSandbox: operation(
    managerAsksExecutor,
    'find_sandbox',
    z.strictObject({}),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('there'), cluster: ClusterName }),
      z.strictObject({ kind: z.literal('missing'), why: z.string() }),
    ]),
  ),
  /**
   * Writes down a call that must never be made twice, before it is made. `may`: false if the attempt is over, or if another one has
   * written it down. The same attempt may ask again.
   */
  recordIntent: operation(
    memberAsksExecutor,
    'record_intent',
    z.strictObject({ stageId: StageId, token: LeaseToken, row: z.number().int().nonnegative(), key: CallKey }),
    z.strictObject({ may: z.boolean() }),
  ),
  /** Takes back what an attempt wrote down of a call that was not carried out, as its answer proves. The attempt never makes that call again. */
  endIntent: operation(
    memberAsksExecutor,
    'end_intent',
    z.strictObject({ stageId: StageId, token: LeaseToken, row: z.number().int().nonnegative(), key: CallKey }),
    z.strictObject({}),
  ),
  /** Calls within a range of rows that may have been made, whoever was to make them. */
  listIntents: operation(
    memberAsksExecutor,
    'list_intents',
    z.strictObject({ stageId: StageId, within: ShardRange }),
    z.strictObject({ intents: z.array(z.strictObject({ row: z.number().int().nonnegative(), key: CallKey })) }),
  ),
  listMembers: operation(administratorAsksExecutor, 'list_members', z.strictObject({}), z.strictObject({ members: z.array(Member) })),
  listPools: operation(managerAsksExecutor, 'list_pools', z.strictObject({}), z.strictObject({ pools: z.array(PoolReport) })),
  /** Nobody answers questions about tables: a pool that has no members for want of work starts one, and keeps it for a while. */
  callMember: operation(
    managerAsksExecutor,
    'call_member',
    z.strictObject({}),
    z.strictObject({ /** One is there, or on its way. */ coming: z.boolean() }),
  ),
} as const;

/** A row as it travels in a reply: values by column. */
export const RowValues = z.record(z.string(), JsonValue);
export type RowValues = z.infer<typeof RowValues>;

/** What came of an example. */
export const TriedExample = z.strictObject({
  /** It gave what it must. */
  passed: z.boolean(),
  /** What it gave; null if nothing. */
  output: JsonObject.nullable(),
  /** Why it did not pass. */
  error: z.strictObject({ code: RowErrorCode, message: z.string() }).nullable(),
});
export type TriedExample = z.infer<typeof TriedExample>;

/** Small questions about tables that any member answers: nothing is written, so a lost reply is asked again. */
export const workerPoolOperations = {
  /** One SELECT over tables, its result cut to `maxRows` and `maxBytes` of JSON. */
  queryTables: operation(
    managerAsksMember,
    'query_tables',
    z.strictObject({
      tables: z.array(NamedTable).max(50),
      query: z.string().min(1).max(100_000),
      maxRows: z.number().int().min(1).max(1_000),
      maxBytes: z
        .number()
        .int()
        .min(1)
        .max(512 * 1024),
    }),
    z.strictObject({ columns: z.array(Column), rows: z.array(RowValues), /** Rows or values were left out. */ cut: z.boolean() }),
    60_000,
  ),
  /** Parses and binds a SELECT against tables of these columns, without data; refused (`invalid_sql`) if it does not bind. */
  checkSql: operation(
    managerAsksMember,
    'check_sql',
    z.strictObject({
      tables: z
        .array(z.strictObject({ name: Name, columns: z.array(Column) }))
        .min(1)
        .max(50),
      query: z.string().min(1).max(100_000),
    }),
    z.strictObject({ columns: z.array(Column) }),
    30_000,
  ),
  /** The first `count` rows that the table has from row `first` on, bookkeeping columns included. */
  readRows: operation(
    managerAsksMember,
    'read_rows',
    z.strictObject({
      table: TableReference,
      first: z.number().int().nonnegative(),
      count: z.number().int().min(1).max(1_000),
      maxBytes: z
        .number()
        .int()
        .min(1)
        .max(512 * 1024),
    }),
    z.strictObject({ columns: z.array(Column), rows: z.array(RowValues), cut: z.boolean() }),
    60_000,
  ),
  /** Reads the whole table once and describes it. */
  describeTable: operation(
    managerAsksMember,
    'describe_table',
    z.strictObject({ table: TableReference }),
    z.strictObject({ metadata: TableMetadata }),
    600_000,
  ),
  /**
   * Opens a capability as the rows of a stage would have it, and calls it once for each example. Refused with the definition's field if it
   * can't be opened: `capability_syntax` with the line. Of the kind `python` only what is sandboxed is tried (`not_tried_here`): all else
   * would run for nobody with the rights of a cluster.
   */
  tryCapability: operation(
    managerAsksMember,
    'try_capability',
    z.strictObject({ definition: CapabilityDefinition, examples: z.array(CapabilityExample).max(MAX_EXAMPLES) }),
    z.strictObject({ /** One for each example, in order. */ results: z.array(TriedExample) }),
    120_000,
  ),
} as const;

export const operations: readonly Operation[] = [...Object.values(executorOperations), ...Object.values(workerPoolOperations)];

/** A pool has work: its members with free slots ask for it. `*` stands for the pool's name. */
const workHints = { subject: 'apwa.notice.work.*', from: 'executor', to: 'worker-pool', payload: done } as const satisfies Notice;
export const workHint = (pool: string): Notice<typeof done> => ({
  ...workHints,
  subject: workHints.subject.replace('*', PoolName.parse(pool)),
});

export const stageChanged = {
  subject: 'apwa.notice.stage_changed',
  from: 'executor',
  to: 'manager',
  payload: z.strictObject({ stageId: StageId, ownerId: OwnerId, version: z.number().int(), state: StageState }),
} as const satisfies Notice;

/** A run, or stages of it, were paused, resumed or cancelled: its members follow without waiting for their next heartbeat. `end`: stages that have ended. */
export const runControlled = {
  subject: 'apwa.notice.run_controlled',
  from: 'executor',
  to: 'worker-pool',
  payload: z.strictObject({ ...RunControl.shape, end: z.array(StageId).optional() }),
} as const satisfies Notice;

export const notices: readonly Notice[] = [workHints, stageChanged, runControlled];
