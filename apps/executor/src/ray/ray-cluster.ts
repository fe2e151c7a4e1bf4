import { type ClusterConfig } from '@apwa/config';
import {
  ApwaError,
  type FabricDefinition,
  type FabricOrder,
  fabricOperations,
  type FabricPool,
  fabricReported,
  type FabricReport,
  RefusedError,
  type Resources,
  TransientError,
} from '@apwa/contracts';
import { type Messaging } from '@apwa/messaging';
import { type FabricPackage, type JobsClient } from '@apwa/ray';
import { type LaunchEvents } from '../pools/launched-member.js';
import { nextRestart } from '../pools/restarts.js';
import { Rounds } from '../pools/rounds.js';
import { type Logger, type Timing } from '../settings.js';
import { type ClusterAccess } from './cluster-access.js';
import { FabricJobs } from './fabric-jobs.js';
import { type FabricRow } from './fabrics.repository.js';
import { RemoteMember } from './remote-member.js';
import { fitsOneOf } from './shortage.js';
import { verdictOn } from './verdict.js';

/** Who remembers which fabric was the last. */
export interface Generations {
  last(): Promise<FabricRow | null>;
  next(session: string): Promise<number>;
}

export interface RayClusterOptions {
  config: Pick<ClusterConfig, 'name' | 'sandbox'>;
  access: ClusterAccess;
  /** By name: how the members of its pools are started. */
  pools: Record<string, FabricPool>;
  messaging: Messaging;
  /** The fabric's code. Default: that of this repository, or image. */
  pack?: () => FabricPackage;
  generations: Generations;
  /** This executor's. */
  epoch: () => number;
  times: Pick<Timing, 'fabricMs' | 'fabricLeaseMs' | 'restartMs' | 'restartMaxMs' | 'stableMs'>;
  log: Logger;
}

/** The fabric that is listened to. */
interface Fabric {
  readonly generation: number;
  readonly session: string;
  readonly operations: ReturnType<typeof fabricOperations>;
  /** Monotonic milliseconds of its first answer to this executor; null before. */
  answeredAt: number | null;
  /** Since when it has not answered though it could; null while it does. */
  silentSince: number | null;
}

/** At the start: how long a fabric that was there before may take to answer. */
const ADOPT_MS = 5_000;

/**
 * A Ray cluster as the executor has it: one fabric, the latest generation, that carries out what is ordered; it is submitted again when
 * it or its cluster is gone, and taken over when only the executor was.
 */
export class RayCluster {
  readonly name: string;
  readonly #options: RayClusterOptions;
  readonly #jobs: FabricJobs;
  readonly #members = new Map<string, RemoteMember>();
  readonly #rounds: Rounds;
  /** Ends that were told here, until the fabric knows that. */
  readonly #heard = new Set<string>();
  readonly #stopped = new AbortController();
  #unsubscribe: () => void = () => undefined;
  #fabric: Fabric | null = null;
  #report: FabricReport | null = null;
  #sequence = 0;
  /** Fabrics that failed in a row, and when the next one may be submitted. Monotonic milliseconds. */
  #failures = 0;
  #retryAt = 0;
  #trouble: string | null;
  #opened = false;

  constructor(options: RayClusterOptions) {
    this.#options = options;
    this.name = options.config.name;
    this.#jobs = new FabricJobs(options.config, options.pack);
    this.#trouble = `Ray cluster ${this.name} is not connected yet`;
    this.#rounds = new Rounds({
      everyMs: options.times.fabricMs,
      round: () => this.#round(),
      failed: (thrown) => this.#say(`Ray cluster ${this.name}: ${ApwaError.from(thrown).message}`),
    });
  }

  /** Whether it is known which of the members live that were there before this executor. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Whether members are left to themselves when this executor stops. */
  get outlivesExecutor(): boolean {
    return this.#options.access.outlivesExecutor;
  }

  /** What keeps members from being started; null: nothing. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** What the fabric said last; null before it said anything. */
  get report(): FabricReport | null {
    return this.#report;
  }

  /** Listens to the fabric that was there before, if it answers. */
  async open(): Promise<void> {
    this.#unsubscribe = this.#options.messaging.subscribe(fabricReported, (report) => this.#told(report));
    const last = await this.#options.generations.last();
    if (last) this.#fabric = await this.#adopt(last);
    this.#opened = true;
  }

  /** Members of a pool that were there before this executor. */
  living(pool: string): FabricReport['members'] {
    return this.#report?.members.filter((member) => member.pool === pool && member.state !== 'stopping') ?? [];
  }

  start(): void {
    this.#rounds.start();
  }

  /** A member of the pool: it is started when there is a fabric, and room. */
  launch(pool: string, instance: string, events: LaunchEvents): RemoteMember {
    return this.#keep(pool, instance, false, events);
  }

  /** A member that was found alive. */
  adopt({ pool, instance, where }: FabricReport['members'][number], events: LaunchEvents): RemoteMember {
    const member = this.#keep(pool, instance, where !== null, events);
    member.orderedIn = 0;
    return member;
  }

  /** Has the fabric know a function; resolves to its generation. TransientError `fabric_away` while there is none. */
  async define(hash: string, definition: FabricDefinition): Promise<number> {
    const fabric = this.#fabric;
    if (!fabric || fabric.answeredAt === null || fabric.silentSince !== null)
      throw new TransientError('fabric_away', this.#trouble ?? `Ray cluster ${this.name}: its fabric does not answer`);
    await this.#options.messaging.request(fabric.operations.define, { hash, definition });
    return fabric.generation;
  }

  /** Whether one of its nodes is large enough, as far as is known. */
  holds(resources: Resources): boolean {
    return this.#report !== null && fitsOneOf(resources, this.#report.nodes);
  }

  /** Whether a node that is large enough can run functions that a model wrote, as far as is known. */
  hasSandbox(resources: Resources): boolean {
    return fitsOneOf(resources, this.#report?.nodes.filter(({ sandbox }) => sandbox.kind === 'there') ?? []);
  }

  /** What keeps it from having a sandbox, in words. */
  sandboxMissing(): string {
    const reasons = this.#report?.nodes.flatMap(({ address, sandbox }) =>
      sandbox.kind === 'missing' ? [`node ${address}: ${sandbox.why}`] : [],
    );
    return reasons?.join(', ') || 'none of its nodes has said yet that it has a sandbox';
  }

  /** Where a member is, for people; null if nobody knows. */
  whereOf(instance: string): string | null {
    return this.#report?.members.find((member) => member.instance === instance)?.where ?? null;
  }

  /** Ends the fabric with whoever is left, and the cluster if it is this executor's; or leaves both to the next executor. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#rounds.stop();
    this.#unsubscribe();
    if (this.outlivesExecutor) return;
    if (this.#fabric) await this.#options.messaging.request(this.#fabric.operations.end, { graceMs: 0 }).catch(() => undefined);
    await this.#options.access.stop();
  }

  #keep(pool: string, instance: string, placed: boolean, events: LaunchEvents): RemoteMember {
    const member = new RemoteMember({ instance, pool, placed, events, changed: () => this.#changed(member) });
    this.#members.set(instance, member);
    this.#rounds.soon();
    return member;
  }

  /** Something else is wanted of it. Of one that no fabric has heard of, nothing is. */
  #changed(member: RemoteMember): void {
    if (member.orderedIn !== null) return this.#rounds.soon();
    // Who asks for it counts on an answer that comes later.
    setImmediate(() => {
      if (member.orderedIn === null) this.#end(member, { kind: 'not_started', message: 'it was told to stop before it was started' }, []);
    });
  }

  #end(member: RemoteMember, ...end: Parameters<RemoteMember['ended']>): void {
    this.#members.delete(member.instance);
    member.ended(...end);
  }

  async #adopt({ generation, session }: FabricRow): Promise<Fabric | null> {
    const { messaging, epoch, times, log } = this.#options;
    const operations = fabricOperations(this.name, generation);
    const fabric: Fabric = { generation, session, operations, answeredAt: null, silentSince: performance.now() };
    try {
      const question = { epoch: epoch(), leaseMs: times.fabricLeaseMs };
      this.#report = await messaging.request(operations.look, question, { deadlineMs: ADOPT_MS });
      log.info({ cluster: this.name, generation, members: this.#report.members.length }, 'a living fabric was taken over');
      this.#answered(fabric);
    } catch (thrown) {
      log.info(
        { cluster: this.name, generation, reason: ApwaError.from(thrown).message },
        'the fabric that was there before does not answer',
      );
    }
    // One that is silent may only be cut off: what became of it is found out, round by round.
    return fabric;
  }

  async #round(): Promise<void> {
    const fabric = this.#fabric;
    if (!fabric) return this.#submit();
    try {
      const report = await this.#order(fabric);
      this.#answered(fabric);
      this.#take(report);
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      // Another executor is at work, and this one will hear of it by its epoch.
      if (error.code === 'executor_replaced') return;
      // Without NATS nobody can tell.
      if (!this.#options.messaging.connected) return;
      fabric.silentSince ??= performance.now();
      await this.#judge(fabric);
    }
  }

  async #order({ operations }: Fabric): Promise<FabricReport> {
    const { messaging, epoch, times, pools } = this.#options;
    const sequence = (this.#sequence += 1);
    const fresh = [...this.#members.values()].filter(({ orderedIn }) => orderedIn === null);
    for (const member of fresh) member.orderedIn = sequence;
    const members: FabricOrder['members'] = [...this.#members.values()].map(({ wish }) => wish);
    const order = { epoch: epoch(), sequence, leaseMs: times.fabricLeaseMs, pools, members, heard: [...this.#heard] };
    try {
      return await messaging.request(operations.order, order);
    } catch (thrown) {
      // Nobody has heard of them: they are for the next fabric. After any other error this one may have started them.
      if (ApwaError.from(thrown).code === 'no_responder') for (const member of fresh) member.orderedIn = null;
      throw thrown;
    }
  }

  #answered(fabric: Fabric): void {
    fabric.answeredAt ??= performance.now();
    fabric.silentSince = null;
    if (performance.now() - fabric.answeredAt > this.#options.times.stableMs) this.#failures = 0;
    if (this.#trouble !== null) this.#options.log.info({ cluster: this.name, generation: fabric.generation }, 'the fabric answers');
    this.#trouble = null;
  }

  /** A notice of some fabric of this cluster. Of two fabrics the older one has to end. */
  #told(report: FabricReport): void {
    if (report.cluster !== this.name || !this.#fabric) return;
    if (report.generation < this.#fabric.generation) {
      const { end } = fabricOperations(this.name, report.generation);
      void this.#options.messaging.request(end, { graceMs: 0 }).catch(() => undefined);
    } else if (report.generation === this.#fabric.generation) {
      this.#take(report);
      if (report.ended.length > 0) this.#rounds.soon();
    }
  }

  #take(report: FabricReport): void {
    this.#report = report;
    const listed = new Set<string>();
    for (const { instance, where } of report.members) {
      listed.add(instance);
      if (where !== null) this.#members.get(instance)?.started();
    }
    for (const { instance, end, lastLines } of report.ended) {
      listed.add(instance);
      const member = this.#members.get(instance);
      this.#heard.add(instance);
      if (member) this.#end(member, end, lastLines);
    }
    for (const instance of this.#heard) if (!listed.has(instance)) this.#heard.delete(instance);
    if (report.epoch !== this.#options.epoch()) return;
    for (const member of [...this.#members.values()])
      if (member.orderedIn !== null && member.orderedIn <= report.sequence && !listed.has(member.instance))
        this.#end(member, { kind: 'lost', message: 'the fabric does not know it any more' }, []);
  }

  async #judge(fabric: Fabric): Promise<void> {
    const jobs = await this.#reach();
    const { session } = await jobs.version();
    const submissionId = this.#jobs.idOf(fabric.generation);
    const healthy = await jobs.isHealthy();
    const verdict = verdictOn({
      silentMs: performance.now() - (fabric.silentSince ?? performance.now()),
      answered: fabric.answeredAt !== null,
      session,
      submittedIn: fabric.session,
      healthy,
      job: healthy ? await jobs.job(submissionId) : null,
    });
    switch (verdict.kind) {
      case 'wait':
        if (fabric.answeredAt === null) return this.#say(`Ray cluster ${this.name}: its fabric is starting`, 'info');
        return this.#say(`Ray cluster ${this.name}: the fabric does not answer, ${verdict.why}`);
      case 'gone': {
        const why = verdict.failed ? await this.#jobs.causeOfFailure(jobs, fabric.generation, verdict.why) : verdict.why;
        this.#say(`Ray cluster ${this.name}: the fabric ${verdict.failed ? 'failed' : 'is gone'}: ${why}`);
        this.#giveUp(why, verdict.failed);
        return;
      }
      case 'replace':
        this.#say(`Ray cluster ${this.name}: the fabric is replaced, ${verdict.why}`);
        await jobs.stop(submissionId);
        this.#giveUp(verdict.why, true);
        return;
    }
  }

  /** Members of a fabric that is not listened to any more: their places are taken by others, and they are let in no more. */
  #giveUp(why: string, failed: boolean): void {
    const { log, times } = this.#options;
    log.warn({ cluster: this.name, generation: this.#fabric?.generation, why }, 'the fabric of a cluster is given up');
    this.#fabric = null;
    this.#report = null;
    this.#heard.clear();
    if (failed) this.#failures += 1;
    const restart = nextRestart(this.#failures, times);
    this.#retryAt = performance.now() + (failed && restart.kind === 'after' ? restart.ms : 0);
    for (const member of [...this.#members.values()])
      if (member.orderedIn !== null) this.#end(member, { kind: 'lost', message: `its fabric is gone: ${why}` }, []);
    this.#rounds.soon();
  }

  async #submit(): Promise<void> {
    if (performance.now() < this.#retryAt) return;
    const { generations, access, log } = this.#options;
    const jobs = await this.#reach();
    const session = await this.#jobs.check(jobs);
    const generation = await generations.next(session);
    log.info({ cluster: this.name, generation, session }, 'submitting a fabric');
    const operations = fabricOperations(this.name, generation);
    const fabric: Fabric = { generation, session, operations, answeredAt: null, silentSince: performance.now() };
    try {
      await this.#jobs.submit(jobs, generation, access.natsArguments());
    } catch (thrown) {
      // It may have been taken all the same: what became of it is found out as of any that does not answer.
      if (ApwaError.from(thrown) instanceof TransientError) this.#fabric = fabric;
      throw thrown;
    }
    this.#fabric = fabric;
    await this.#jobs.clean(jobs, generation);
  }

  async #reach(): Promise<JobsClient> {
    try {
      return await this.#options.access.reach(this.#stopped.signal);
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (error instanceof RefusedError || error.code === 'ray_missing')
        this.#retryAt = performance.now() + this.#options.times.restartMaxMs;
      throw thrown;
    }
  }

  /** What keeps members from being started: a fault, unless it is only waited for. */
  #say(trouble: string, level: 'info' | 'warn' = 'warn'): void {
    if (this.#trouble === trouble) return;
    this.#trouble = trouble;
    this.#options.log[level]({ cluster: this.name }, trouble);
  }
}
