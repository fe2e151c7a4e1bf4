import {
  addCounts,
  type Column,
  type CommittedShard,
  type ErrorPayload,
  executorOperations,
  type NatsAccess,
  newId,
  newLeaseToken,
  noCopies,
  noCounts,
  type Part,
  type PoolReport,
  rangesOf,
  RefusedError,
  type RunControl,
  type ShardRange,
  sizeOf,
  type Stage,
  stageChanged,
  TransientError,
} from '@apwa/contracts';
import { Handles, Messaging, MessagingModule, createService } from '@apwa/messaging';
import { Controller, type DynamicModule, Inject, Module } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { type z } from 'zod';

type Submission = z.output<typeof executorOperations.submitStage.request>;

/** How a stage goes. Left out: it succeeds at once. */
export interface Outcome {
  state?: Stage['state'];
  fault?: ErrorPayload;
  failed?: number;
  errors?: Stage['counts']['errors'];
  rows?: number;
  columns?: Column[];
  rejected?: number;
  content?: string;
}

interface Known {
  submission: Submission;
  stage: Stage;
  shards: CommittedShard[];
}

const rowsOf = (work: Submission['work']): number => rangesOf(work).reduce((sum, range) => sum + sizeOf(range), 0);

/** What the scripted executor holds, and how the test decides what becomes of stages. */
export class ExecutorScript {
  readonly stages = new Map<string, Known>();
  /** Controls as they came, and what holds for each owner. */
  readonly controls: RunControl[] = [];
  readonly held = new Map<string, RunControl>();
  /** Controls find nobody. */
  away = false;
  /** Submissions as they came, repeats included. */
  readonly submissions: Submission[] = [];
  /** Versions that were named as seen, question by question. */
  readonly seen: Record<string, number>[] = [];
  /** Shards of a map at most: several, so that a manifest has to be put together. */
  shardsPerMap = 70;
  /** Notices are lost: state has to be asked for. */
  silent = false;
  /** It answers nothing about what it has forgotten or names. */
  unreachable = false;
  /** It does not answer who asks it to forget. */
  mindful = false;
  /** Decides how a stage goes; null: it stays `running` until `settle` is called. */
  decide: (submission: Submission) => Outcome | null = () => ({});
  /** Puts bytes where a part stands. */
  store: (key: string, content: string) => Promise<void> = async () => undefined;
  messaging: Messaging | null = null;
  pools: PoolReport[] = [];
  /** Whether functions in Python can be run that a model wrote. */
  sandbox: z.input<typeof executorOperations.findSandbox.reply> = { kind: 'missing', why: 'the configuration has no Ray cluster' };
  /** Asked when nobody answers questions: whether a member is on its way. */
  callMember: () => boolean = () => false;

  of(kind: Submission['work']['kind']): Known[] {
    return [...this.stages.values()].filter(({ submission }) => submission.work.kind === kind);
  }

  async submit(submission: Submission): Promise<Stage> {
    this.submissions.push(submission);
    const known = this.stages.get(submission.stageId);
    if (known) {
      if (JSON.stringify(known.submission) !== JSON.stringify(submission))
        throw new RefusedError('other_work', 'other work under the same id');
      return known.stage;
    }
    const { stageId: id, ownerId, work } = submission;
    const subtasks = rowsOf(work);
    const shards = { open: 1, active: 0, committed: 0 };
    const stage: Stage = {
      id,
      ownerId,
      state: 'running',
      version: 1,
      subtasks,
      shards,
      counts: noCounts(),
      progress: noCounts(),
      copies: noCopies(),
      fault: null,
      waitingFor: null,
    };
    this.stages.set(id, { submission, stage, shards: [] });
    const outcome = this.decide(submission);
    if (outcome) await this.settle(id, outcome);
    return this.stages.get(id)?.stage ?? stage;
  }

  /** Reports progress of a running stage. */
  progress(id: string, ok: number): void {
    const known = this.known(id);
    known.stage = { ...known.stage, version: known.stage.version + 1, progress: { ...noCounts(), ok } };
    this.tell(known.stage);
  }

  async settle(id: string, outcome: Outcome): Promise<void> {
    const known = this.known(id);
    const { work } = known.submission;
    const state = outcome.state ?? 'succeeded';
    const rows = outcome.rows ?? (work.kind === 'map' ? rowsOf(work) : work.kind === 'match' ? work.input.rows : 3);
    const failed = outcome.failed ?? 0;
    const counts = { ...noCounts(), ok: rows - failed, failed, errors: outcome.errors ?? {} };
    if (state === 'succeeded') known.shards = await this.commit(known, rows, outcome, counts);
    known.stage = {
      ...known.stage,
      state,
      version: known.stage.version + 1,
      counts,
      progress: counts,
      fault: outcome.fault ?? null,
      shards: { open: 0, active: 0, committed: known.shards.length },
    };
    this.tell(known.stage);
  }

  /** Members hold so many shards of a running stage. */
  active(id: string, active: number): void {
    const known = this.known(id);
    this.change(known, { shards: { ...known.stage.shards, active } });
  }

  /** Commits these shards of a map that goes on running. `failed`: so many rows of it. Default 0. */
  async commitShards(id: string, ...shards: (ShardRange & { failed?: number })[]): Promise<void> {
    const known = this.known(id);
    for (const { failed = 0, ...range } of shards)
      known.shards.push(await this.shardOf(known, range, { ...noCounts(), ok: sizeOf(range) - failed, failed }));
    known.shards.sort((a, b) => a.range.first - b.range.first);
    const counts = known.shards.reduce((sum, { content }) => addCounts(sum, content.counts), noCounts());
    this.change(known, { counts, progress: counts, shards: { ...known.stage.shards, committed: known.shards.length } });
  }

  control({ end, ...control }: RunControl & { end: string[] }): RunControl {
    if (this.away) throw new TransientError('no_responder', 'nobody answers');
    this.controls.push(control);
    const held = this.held.get(control.ownerId);
    if (held && (held.version >= control.version || held.state === 'cancelled')) return held;
    this.held.set(control.ownerId, control);
    for (const known of this.stages.values()) {
      const ends = control.state === 'cancelled' || end.includes(known.stage.id);
      if (!ends || known.submission.ownerId !== control.ownerId || known.stage.state !== 'running') continue;
      this.change(known, { state: 'cancelled', shards: { ...known.stage.shards, active: 0 } });
    }
    return control;
  }

  /** Forgets stages that have ended; answers how many there were. */
  forgetStages(ownerId: string, stageIds?: string[]): number {
    if (this.unreachable || this.mindful) throw new TransientError('executor_replaced', 'nobody may answer');
    const wanted = [...this.stages.values()].filter(
      ({ submission }) => submission.ownerId === ownerId && (!stageIds || stageIds.includes(submission.stageId)),
    );
    if (wanted.some(({ stage }) => stage.state === 'running')) throw new RefusedError('stage_running', 'a stage has not ended');
    for (const { submission } of wanted) this.stages.delete(submission.stageId);
    return wanted.length;
  }

  /** Keys that no committed shard names; those of stages that run may be named yet. */
  unnamed(keys: string[]): string[] {
    if (this.unreachable) throw new TransientError('executor_replaced', 'nobody may answer');
    const known = [...this.stages.values()];
    const named = new Set(known.flatMap(({ shards }) => shards.flatMap(({ content }) => [content.part.key, content.rejected?.key])));
    const running = known.filter(({ stage }) => stage.state === 'running').map(({ submission }) => `parts/${submission.stageId}/`);
    return keys.filter((key) => !named.has(key) && !running.some((prefix) => key.startsWith(prefix)));
  }

  /** Forgets everything, as a database that comes back empty would. */
  forget(): void {
    this.stages.clear();
    this.held.clear();
  }

  private change(known: Known, change: Partial<Stage>): void {
    known.stage = { ...known.stage, ...change, version: known.stage.version + 1 };
    this.tell(known.stage);
  }

  private async shardOf({ submission: { stageId } }: Known, range: ShardRange, counts: Stage['counts']): Promise<CommittedShard> {
    const content = 'x';
    const key = `parts/${stageId}/part-${range.first}`;
    await this.store(key, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const part = { key, bytes: content.length, sha256, rows: sizeOf(range) };
    return { shardId: newId('shard'), range, content: { part, rejected: null, columns: [], counts } };
  }

  private async commit({ submission }: Known, rows: number, outcome: Outcome, counts: Stage['counts']): Promise<CommittedShard[]> {
    const { work, stageId } = submission;
    const text = outcome.content ?? 'x';
    /** Stored as a member stores it, under a name that holds shard and token. */
    const write = async (shardId: string, count: number, ending: string): Promise<Part> => {
      const sha256 = createHash('sha256').update(text).digest('hex');
      const key = `parts/${stageId}/${shardId}.${newLeaseToken()}.${ending}`;
      await this.store(key, text);
      return { key, bytes: Buffer.byteLength(text), sha256, rows: count };
    };
    const shard = async (first: number, last: number, count: number, counted = counts): Promise<CommittedShard> => {
      const shardId = newId('shard');
      const part = await write(shardId, count, work.kind === 'export' ? work.format : 'parquet');
      const rejected = outcome.rejected === undefined ? null : await write(shardId, outcome.rejected, 'rejected.parquet');
      return { shardId, range: { first, last }, content: { part, rejected, columns: outcome.columns ?? [], counts: counted } };
    };
    if (work.kind !== 'map') return [await shard(0, 0, rows)];
    const size = Math.max(1, Math.ceil(rows / this.shardsPerMap));
    const shards: CommittedShard[] = [];
    // The first rows are those that fail.
    let { failed } = counts;
    for (const stretch of rangesOf(work)) {
      for (let { first } = stretch; first <= stretch.last; first += size) {
        const last = Math.min(stretch.last, first + size - 1);
        const here = Math.min(failed, last - first + 1);
        failed -= here;
        shards.push(await shard(first, last, last - first + 1, { ...noCounts(), ok: last - first + 1 - here, failed: here }));
      }
    }
    return shards;
  }

  private known(id: string): Known {
    const known = this.stages.get(id);
    if (!known) throw new RefusedError('not_found', `no stage ${id}`);
    return known;
  }

  private tell({ id: stageId, ownerId, version, state }: Stage): void {
    if (!this.silent) this.messaging?.publish(stageChanged, { stageId, ownerId, version, state });
  }
}

const SCRIPT = Symbol('script');
const unexpected = (): never => {
  throw new RefusedError('unexpected', 'the manager does not ask this');
};

@Controller()
class ScriptedController {
  constructor(
    @Inject(SCRIPT) private readonly script: ExecutorScript,
    @Inject(Messaging) messaging: Messaging,
  ) {
    script.messaging = messaging;
  }

  @Handles(executorOperations.submitStage)
  submitStage(submission: Submission): Promise<Stage> {
    return this.script.submit(submission);
  }

  @Handles(executorOperations.listStages)
  listStages({ owners, seen }: z.output<typeof executorOperations.listStages.request>) {
    this.script.seen.push(seen);
    const stages = [...this.script.stages.values()].map(({ stage }) => stage);
    return { stages: stages.filter(({ id, ownerId, version }) => owners.includes(ownerId) && version > (seen[id] ?? -1)) };
  }

  @Handles(executorOperations.listCommittedShards)
  listCommittedShards({ stageId, after, limit }: z.output<typeof executorOperations.listCommittedShards.request>) {
    const shards = (this.script.stages.get(stageId)?.shards ?? []).filter(({ range }) => range.first > after);
    return { shards: shards.slice(0, limit), more: shards.length > limit };
  }

  @Handles(executorOperations.controlRun)
  controlRun({ budget: _, ...control }: z.output<typeof executorOperations.controlRun.request>): RunControl {
    return this.script.control(control);
  }

  @Handles(executorOperations.forgetStages)
  forgetStages({ ownerId, stageIds }: z.output<typeof executorOperations.forgetStages.request>) {
    return { forgotten: this.script.forgetStages(ownerId, stageIds) };
  }

  @Handles(executorOperations.unnamedKeys)
  unnamedKeys({ keys }: z.output<typeof executorOperations.unnamedKeys.request>) {
    return { unnamed: this.script.unnamed(keys) };
  }

  @Handles(executorOperations.getStage)
  getStage(): never {
    return unexpected();
  }

  @Handles(executorOperations.registerCapability)
  registerCapability(): z.input<typeof executorOperations.registerCapability.reply> {
    return { hash: '0'.repeat(64), cluster: 'main', checked: true };
  }

  @Handles(executorOperations.openCapability)
  openCapability(): never {
    return unexpected();
  }

  @Handles(executorOperations.openTrial)
  openTrial(): never {
    return unexpected();
  }

  @Handles(executorOperations.findSandbox)
  findSandbox() {
    return this.script.sandbox;
  }

  @Handles(executorOperations.recordIntent)
  recordIntent(): never {
    return unexpected();
  }

  @Handles(executorOperations.endIntent)
  endIntent(): never {
    return unexpected();
  }

  @Handles(executorOperations.listIntents)
  listIntents(): never {
    return unexpected();
  }

  @Handles(executorOperations.getStageWork)
  getStageWork(): never {
    return unexpected();
  }

  @Handles(executorOperations.join)
  join(): never {
    return unexpected();
  }

  @Handles(executorOperations.claim)
  claim(): never {
    return unexpected();
  }

  @Handles(executorOperations.heartbeat)
  heartbeat(): never {
    return unexpected();
  }

  @Handles(executorOperations.permits)
  permits(): never {
    return unexpected();
  }

  @Handles(executorOperations.commit)
  commit(): never {
    return unexpected();
  }

  @Handles(executorOperations.release)
  release(): never {
    return unexpected();
  }

  @Handles(executorOperations.failStage)
  failStage(): never {
    return unexpected();
  }

  @Handles(executorOperations.listMembers)
  listMembers(): never {
    return unexpected();
  }

  @Handles(executorOperations.listPools)
  listPools() {
    return { pools: this.script.pools };
  }

  @Handles(executorOperations.callMember)
  callMember() {
    return { coming: this.script.callMember() };
  }
}

@Module({})
class ScriptedModule {
  static forRoot(nats: NatsAccess, script: ExecutorScript): DynamicModule {
    return {
      module: ScriptedModule,
      imports: [MessagingModule.forRoot({ service: 'executor', nats })],
      controllers: [ScriptedController],
      providers: [{ provide: SCRIPT, useValue: script }],
    };
  }
}

export const startScriptedExecutor = async (nats: NatsAccess, script: ExecutorScript) =>
  createService(ScriptedModule.forRoot(nats, script), { service: 'executor', nats, logger: false });
