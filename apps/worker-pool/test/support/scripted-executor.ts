import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import {
  type Assignment,
  type CommitAnswer,
  type CommitContent,
  type ErrorPayload,
  executorOperations,
  type Handling,
  InternalError,
  journalStream,
  journalSubject,
  type NatsAccess,
  newId,
  newLeaseToken,
  PermanentError,
  type PermitAnswer,
  type PermitQuestion,
  type RunControl,
  runControlled,
  type ShardRange,
  type StageCounts,
  type StageWork,
  TransientError,
  workHint,
} from '@apwa/contracts';
import { createService, Handles, JournalStreams, Messaging, MessagingModule } from '@apwa/messaging';
import { isDeepStrictEqual } from 'node:util';
import { type z } from 'zod';

type RequestOf<Name extends keyof typeof executorOperations> = z.output<(typeof executorOperations)[Name]['request']>;

interface ShardEntry {
  shardId: string;
  stageId: string;
  range: ShardRange;
  /** Another one than its own id: it came of that one by a split. */
  originId: string;
  handling: Handling;
  attempts: number;
  content: CommitContent | null;
}
export interface AttemptEntry {
  token: string;
  shard: ShardEntry;
  memberId: string;
  state: 'active' | 'revoked' | 'released' | 'won';
  renewedAt: number;
  counts: StageCounts | null;
}
/** How attempts at a stage share a member's slots with others. */
export interface StageShare {
  /** Of each attempt. */
  slots?: number;
  /** The member may give its attempts more slots. */
  elastic?: boolean;
  weight?: number;
}
interface StageEntry extends Required<StageShare> {
  work: StageWork;
  ownerId: string;
  fault: ErrorPayload | null;
}

/** The other side of the border, in memory: it speaks the real messages, and misbehaves when the test says so. */
export class ExecutorScript {
  readonly stages = new Map<string, StageEntry>();
  readonly shards: ShardEntry[] = [];
  readonly attempts: AttemptEntry[] = [];
  readonly intents: RequestOf<'recordIntent'>[] = [];
  readonly members = new Map<string, { state: string; freeSlots: number; instance: string | null; pid: number }>();
  readonly heartbeats: RequestOf<'heartbeat'>[] = [];
  readonly claims: RequestOf<'claim'>[] = [];
  readonly controls = new Map<string, RunControl>();
  leaseMs = 2_000;
  heartbeatMs = 200;
  incarnation = 1;
  /** Heartbeats are not answered: the member is cut off. */
  silent = false;
  /** Renewals are not counted, so that leases run out, only when this is set. */
  sweeps = false;
  /** Of the next commits the reply is lost after they counted. */
  loseCommitReplies = 0;
  commitsAsked = 0;
  /** The next commits find no part. */
  missParts = 0;
  drainMembers = false;
  readonly permitQuestions: RequestOf<'permits'>[] = [];
  epoch = 1;
  /** Changes what is answered about an endpoint; by itself nothing is limited, and a suspicion is looked into by a probe. */
  permits: (question: PermitQuestion, answer: PermitAnswer) => PermitAnswer = (_, answer) => answer;
  readonly #health = new Map<string, PermitAnswer['health']>();
  readonly #known = new Set<string>();
  /** Stages that members are told to give back. */
  paused: string[] = [];

  answerAbout(question: PermitQuestion): PermitAnswer {
    const { place, wants, news } = question;
    const key = JSON.stringify(place);
    if (news.answered + news.refused > 0 || news.probe === 'answered') this.#known.add(key);
    if (news.probe === 'answered') this.#health.set(key, 'well');
    else if (news.probe === 'failed') this.#health.set(key, 'down');
    else if (news.exhausted !== null) this.#health.set(key, 'exhausted');
    else if (news.suspects) this.#health.set(key, 'suspected');
    const health = this.#health.get(key) ?? 'well';
    const answer: PermitAnswer = {
      counted: { calls: false, tokens: false, inFlight: false },
      grants: wants.map(({ ownerId }) => ({ ownerId, calls: 0, tokens: 0, inFlight: null })),
      full: false,
      closedMs: 0,
      health,
      probe: health === 'suspected' || health === 'down',
      known: this.#known.has(key),
    };
    return this.permits(question, answer);
  }

  addStage(
    work: StageWork,
    ranges: ShardRange[],
    { slots = 64, elastic = false, weight = 1 }: StageShare = {},
  ): { stageId: string; ownerId: string } {
    const stageId = newId('stage');
    const ownerId = newId('run');
    this.stages.set(stageId, { work, ownerId, slots, elastic, weight, fault: null });
    for (const range of ranges) {
      const shardId = newId('shard');
      this.shards.push({ shardId, stageId, range, originId: shardId, handling: 'ordinary', attempts: 0, content: null });
    }
    return { stageId, ownerId };
  }

  shardsOf(stageId: string): ShardEntry[] {
    return this.shards.filter((shard) => shard.stageId === stageId);
  }

  done(stageId: string): boolean {
    return this.shardsOf(stageId).every(({ content }) => content !== null);
  }

  recordIntent(intent: RequestOf<'recordIntent'>): boolean {
    if (!this.attempts.some(({ token, state }) => token === intent.token && state === 'active')) return false;
    const kept = this.intents.find(({ stageId, row, key }) => stageId === intent.stageId && row === intent.row && key === intent.key);
    if (!kept) this.intents.push(intent);
    return (kept ?? intent).token === intent.token;
  }

  endIntent(ended: RequestOf<'endIntent'>): void {
    const at = this.intents.findIndex(({ stageId, token, row, key }) => isDeepStrictEqual({ stageId, token, row, key }, ended));
    if (at >= 0) this.intents.splice(at, 1);
  }

  intentsOf(stage: string): RequestOf<'recordIntent'>[] {
    return this.intents.filter(({ stageId }) => stageId === stage);
  }

  revoke(attempt: AttemptEntry): void {
    if (attempt.state === 'active') attempt.state = 'revoked';
  }

  sweep(): void {
    for (const attempt of this.attempts)
      if (attempt.state === 'active' && performance.now() - attempt.renewedAt > this.leaseMs) attempt.state = 'revoked';
  }

  claimable(): ShardEntry[] {
    return this.shards.filter((shard) => {
      const stage = this.stages.get(shard.stageId);
      const control = stage && this.controls.get(stage.ownerId);
      const open = shard.content === null && !stage?.fault && (control?.state ?? 'active') === 'active';
      return open && !this.attempts.some((attempt) => attempt.shard === shard && attempt.state === 'active');
    });
  }
}

/** Nest makes controllers; the script is the test's. */
let script: ExecutorScript;

@Controller()
class ScriptedController {
  @Handles(executorOperations.join)
  join({ member, instance }: RequestOf<'join'>) {
    script.members.set(member.id, { state: member.state, freeSlots: member.slots.free, instance, pid: member.pid });
    const { leaseMs, heartbeatMs, incarnation } = script;
    return { leaseMs, heartbeatMs, journal: { stream: journalStream(incarnation), incarnation } };
  }

  @Handles(executorOperations.claim)
  claim(request: RequestOf<'claim'>) {
    if (!script.members.has(request.memberId)) throw new PermanentError('unknown_member', 'join first');
    script.claims.push(request);
    if (script.sweeps) script.sweep();
    const assignments: Assignment[] = [];
    let free = request.freeSlots;
    for (const shard of script.claimable()) {
      if (free === 0) break;
      const stage = script.stages.get(shard.stageId);
      if (!stage || request.saturated?.includes(stage.ownerId)) continue;
      const token = newLeaseToken();
      const slots = Math.min(free, stage.slots);
      free -= slots;
      shard.attempts++;
      script.attempts.push({ token, shard, memberId: request.memberId, state: 'active', renewedAt: performance.now(), counts: null });
      assignments.push({
        token,
        stageId: shard.stageId,
        ownerId: stage.ownerId,
        shardId: shard.shardId,
        originId: shard.originId,
        generation: 0,
        handling: shard.handling,
        attempt: shard.attempts,
        lane: 'standard',
        range: shard.range,
        slots,
        budgeted: false,
        controlVersion: script.controls.get(stage.ownerId)?.version ?? 0,
        elastic: stage.elastic,
        weight: stage.weight,
        journal: {
          stream: journalStream(script.incarnation),
          incarnation: script.incarnation,
          subject: journalSubject(script.incarnation, shard.stageId, shard.originId, token),
          shardSubjects: journalSubject(script.incarnation, shard.stageId, shard.originId, '*'),
        },
      });
    }
    return { assignments, more: free === 0 };
  }

  @Handles(executorOperations.heartbeat)
  heartbeat(request: RequestOf<'heartbeat'>) {
    if (script.silent) throw new TransientError('unavailable', 'no heartbeat is answered');
    const member = script.members.get(request.memberId);
    if (!member) throw new PermanentError('unknown_member', 'join first');
    script.heartbeats.push(request);
    Object.assign(member, { state: request.state, freeSlots: request.freeSlots });
    const lost: string[] = [];
    for (const { token, counts } of request.attempts) {
      const attempt = script.attempts.find((one) => one.token === token);
      if (!attempt || attempt.state === 'revoked' || attempt.state === 'released') lost.push(token);
      else Object.assign(attempt, { renewedAt: performance.now(), counts });
    }
    const { incarnation, drainMembers } = script;
    const owners = request.attempts.map(({ token }) => {
      const shard = script.attempts.find((one) => one.token === token)?.shard;
      return shard && script.stages.get(shard.stageId)?.ownerId;
    });
    return {
      lost,
      paused: script.paused,
      controls: [...script.controls.values()].filter(({ ownerId }) => owners.includes(ownerId)),
      journal: { stream: journalStream(incarnation), incarnation },
      drain: drainMembers,
    };
  }

  @Handles(executorOperations.permits)
  permits(request: RequestOf<'permits'>) {
    if (script.silent) throw new TransientError('unavailable', 'no question is answered');
    script.permitQuestions.push(request);
    return { epoch: script.epoch, termMs: 2_000, againMs: 100, endpoints: request.endpoints.map((one) => script.answerAbout(one)) };
  }

  @Handles(executorOperations.commit)
  commit({ token, content }: RequestOf<'commit'>): { answer: CommitAnswer } {
    script.commitsAsked++;
    if (script.missParts > 0) {
      script.missParts--;
      return { answer: 'no_such_part' };
    }
    const attempt = script.attempts.find((one) => one.token === token);
    if (!attempt) return { answer: 'unknown' };
    if (attempt.state === 'active' && !attempt.shard.content) {
      attempt.state = 'won';
      attempt.shard.content = content;
    }
    if (script.loseCommitReplies > 0) {
      script.loseCommitReplies--;
      throw new TransientError('deadline_exceeded', 'the reply was lost');
    }
    return { answer: attempt.state === 'won' ? 'committed' : 'superseded' };
  }

  @Handles(executorOperations.release)
  release({ token, journaled }: RequestOf<'release'>) {
    const attempt = script.attempts.find((one) => one.token === token);
    if (attempt?.state === 'active') attempt.state = 'released';
    if (attempt && journaled) attempt.counts = journaled;
    return {};
  }

  @Handles(executorOperations.failStage)
  failStage({ stageId, fault }: RequestOf<'failStage'>) {
    const stage = script.stages.get(stageId);
    if (stage) stage.fault ??= fault;
    for (const attempt of script.attempts) if (attempt.shard.stageId === stageId) script.revoke(attempt);
    return {};
  }

  @Handles(executorOperations.getStageWork)
  getStageWork({ stageId }: RequestOf<'getStageWork'>) {
    const stage = script.stages.get(stageId);
    if (!stage) throw new PermanentError('unknown_stage', 'no such stage');
    return { work: stage.work };
  }

  @Handles(executorOperations.submitStage)
  submitStage(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.listStages)
  listStages(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.getStage)
  getStage(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.listCommittedShards)
  listCommittedShards(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.controlRun)
  controlRun(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.forgetStages)
  forgetStages(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.unnamedKeys)
  unnamedKeys(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.listMembers)
  listMembers(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.registerCapability)
  registerCapability(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.openTrial)
  openTrial(): never {
    throw new InternalError('not_scripted', 'no function in Python is tried here');
  }
  @Handles(executorOperations.findSandbox)
  findSandbox(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.recordIntent)
  recordIntent(intent: RequestOf<'recordIntent'>) {
    return { may: script.recordIntent(intent) };
  }
  @Handles(executorOperations.endIntent)
  endIntent(ended: RequestOf<'endIntent'>) {
    script.endIntent(ended);
    return {};
  }

  @Handles(executorOperations.listIntents)
  listIntents({ stageId, within: { first, last } }: RequestOf<'listIntents'>) {
    return {
      intents: script
        .intentsOf(stageId)
        .filter(({ row }) => row >= first && row <= last)
        .map(({ row, key }) => ({ row, key })),
    };
  }
  @Handles(executorOperations.openCapability)
  openCapability(): never {
    throw new InternalError('not_scripted', 'no stage here calls a function');
  }
  @Handles(executorOperations.listPools)
  listPools(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
  @Handles(executorOperations.callMember)
  callMember(): never {
    throw new InternalError('not_scripted', 'members do not ask this');
  }
}

/** Serves a script over NATS. */
export class ScriptedExecutor {
  private stopped = false;

  private constructor(
    readonly script: ExecutorScript,
    private readonly app: INestMicroservice,
  ) {}

  static async start(nats: NatsAccess): Promise<ScriptedExecutor> {
    script = new ExecutorScript();
    @Module({ imports: [MessagingModule.forRoot({ service: 'executor', nats })], controllers: [ScriptedController] })
    class ScriptedModule {}
    const app = await createService(ScriptedModule, { service: 'executor', nats, logger: ['error'] });
    const executor = new ScriptedExecutor(script, app);
    await executor.streams.ensure(script.incarnation);
    return executor;
  }

  get streams(): JournalStreams {
    return this.app.get(JournalStreams, { strict: false });
  }

  get messaging(): Messaging {
    return this.app.get(Messaging, { strict: false });
  }

  hint(): void {
    this.messaging.publish(workHint('default'), {});
  }

  /** Tells members at once, and again with each heartbeat. */
  control(ownerId: string, version: number, state: RunControl['state'], tell = true): void {
    this.script.controls.set(ownerId, { ownerId, version, state });
    if (tell) this.messaging.publish(runControlled, { ownerId, version, state });
  }

  async stop(): Promise<void> {
    if (!this.stopped) await this.app.close();
    this.stopped = true;
  }
}
