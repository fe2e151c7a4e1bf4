import { Inject, Injectable } from '@nestjs/common';
import { type Assignment, type AttemptProgress, type RunControl } from '@apwa/contracts';
import { JournalReader, JournalWriter, Messaging } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { type Storage, type TableJobs } from '@apwa/tables';
import { Budgets } from '../budgets/budgets.js';
import { type AttemptBudget } from '../budgets/run-account.js';
import { JobWorker } from '../jobs/job-work.js';
import { Semaphore } from '../jobs/semaphore.js';
import { type MemberSettings } from '../member/settings.js';
import { stageState } from '../member/run-controls.js';
import { makeRoom, type Sharer, spread } from '../member/sharing.js';
import { Slots } from '../member/slots.js';
import { type ReadyStage, Stages } from '../stages/stages.js';
import { LOG, SETTINGS, STORAGE, TABLE_JOBS } from '../tokens.js';
import { Attempt } from './attempt.js';
import { ShardJournal } from './journal.js';
import { JournalTurns } from './journal-turns.js';
import { MapWorker } from './map-work.js';
import { ShardRequests } from './shard-requests.js';
import { type AttemptWork } from './work.js';

/** Child processes for queries, imports and exports at once: each may use as much memory as its limit says. */
const JOBS_AT_ONCE = 2;
/** Milliseconds of the grace time that are kept for journaling and giving back. */
const LAST_WORDS_MS = 1_000;

/** Why slots are free: an attempt needs fewer of them, or is over, which may leave room below its run's limit. */
export type Freed = 'fewer_needed' | 'attempt_ended';

/** The attempts of this member. */
@Injectable()
export class Attempts {
  readonly slots: Slots;
  readonly #active = new Map<string, Attempt>();
  readonly #turns: JournalTurns;
  readonly #jobTurns = new Semaphore(JOBS_AT_ONCE);
  readonly #ends = new Set<Promise<void>>();
  #leaseMs = 10_000;
  #incarnation = 0;
  #draining = false;
  #freed: (why: Freed) => void = () => undefined;

  constructor(
    private readonly messaging: Messaging,
    private readonly writer: JournalWriter,
    private readonly reader: JournalReader,
    private readonly stages: Stages,
    private readonly budgets: Budgets,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(TABLE_JOBS) private readonly jobs: TableJobs,
    @Inject(SETTINGS) settings: MemberSettings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.slots = new Slots(settings.slots);
    this.#turns = new JournalTurns({ refusal: () => writer.refusal, takers: () => this.#active.values() });
    writer.onRefusal(() => this.#turns.changed());
  }

  /** `freed` is called whenever slots became free. */
  onFree(freed: (why: Freed) => void): void {
    this.#freed = freed;
  }

  termsAre({ leaseMs, journal }: { leaseMs: number; journal: { incarnation: number } }): void {
    this.#leaseMs = leaseMs;
    this.journalIs(journal);
  }

  /** Begins an attempt. `sentAt`: when the claim was sent; `control`: what holds for its stage. */
  take(assignment: Assignment, sentAt: number, control: RunControl['state']): void {
    const { token, slots } = assignment;
    if (this.#active.has(token)) return;
    if (this.#draining || control === 'cancelled' || !this.slots.lease(token, slots)) {
      this.log.warn({ token, slots, free: this.slots.free, draining: this.#draining }, 'a shard is given back that cannot be run');
      this.#track(this.#requests(assignment).release());
      return;
    }
    const budget = this.budgets.of(assignment);
    const attempt = new Attempt(
      assignment,
      {
        slots: this.slots,
        log: this.log,
        journal: new ShardJournal(assignment, this.writer, this.reader, this.storage),
        turns: this.#turns,
        requests: this.#requests(assignment),
        stage: () => this.stages.ready(assignment.stageId),
        work: (stage) => this.#work(assignment, stage, budget),
        wake: () => budget?.wakeAll(),
        freed: () => this.#freed('fewer_needed'),
      },
      { sentAt, leaseMs: this.#leaseMs, held: control === 'paused' },
    );
    this.#active.set(token, attempt);
    attempt.journalIs(this.#incarnation);
    this.#track(this.#run(attempt).finally(() => budget?.close()));
  }

  /** The attempts whose rows are under way, for who shares slots out. */
  sharers(): Sharer[] {
    return [...this.#active.values()].map(({ share }) => share).filter((share) => share !== null);
  }

  /** Gives free slots to rows at hand. */
  spread(): void {
    for (const [token, count] of spread(this.slots.free, this.sharers())) this.#active.get(token)?.grow(count);
  }

  /** Another run may have come: attempts give slots back as their rows end. */
  makeRoom(): void {
    for (const [token, keep] of makeRoom(this.slots.total, this.slots.free, this.sharers())) this.#active.get(token)?.giveBack(keep);
  }

  progress(): AttemptProgress[] {
    return [...this.#active.values()].map((attempt) => attempt.progress());
  }

  renewed(tokens: readonly string[], sentAt: number): void {
    for (const token of tokens) this.#active.get(token)?.renewed(sentAt);
  }

  lose(token: string): void {
    this.#active.get(token)?.lost();
  }

  journalIs({ incarnation }: { incarnation: number }): void {
    this.#incarnation = Math.max(this.#incarnation, incarnation);
    for (const attempt of this.#active.values()) attempt.journalIs(this.#incarnation);
  }

  control({ end = [], ...control }: RunControl & { end?: readonly string[] | undefined }): void {
    for (const attempt of [...this.#active.values()]) {
      const { ownerId, stageId } = attempt.assignment;
      if (ownerId !== control.ownerId) continue;
      const state = end.includes(stageId) ? 'cancelled' : stageState(control, stageId);
      if (state === 'cancelled') attempt.lost();
      else attempt.hold(state === 'paused' || this.#draining);
    }
  }

  /** Stages that the executor has paused: their shards are given back, what is finished stays in the journal. */
  pausedAre(stageIds: readonly string[]): void {
    for (const attempt of [...this.#active.values()]) if (stageIds.includes(attempt.assignment.stageId)) attempt.hold(true);
  }

  /** Begins nothing new; what is not over after `graceMs` is given back. Resolves when no attempt is left. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const attempt of this.#active.values()) attempt.hold(true);
    const timer = setTimeout(
      () => {
        for (const attempt of this.#active.values()) void attempt.handOn(LAST_WORDS_MS);
      },
      Math.max(0, graceMs - LAST_WORDS_MS),
    );
    while (this.#ends.size > 0) await Promise.all(this.#ends);
    clearTimeout(timer);
  }

  async #run(attempt: Attempt): Promise<void> {
    const { token, assignment } = attempt;
    const { stageId, shardId, range, slots, attempt: number, handling } = assignment;
    this.log.debug({ stageId, shardId, token, range, slots, attempt: number, handling }, 'attempt begins');
    const end = await attempt.run();
    this.#active.delete(token);
    this.#turns.changed();
    this.slots.release(token);
    this.log.debug({ stageId, shardId, token, end }, 'attempt is over');
    this.#freed('attempt_ended');
  }

  #track(work: Promise<void>): void {
    const end = work.finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  #requests(assignment: Assignment): ShardRequests {
    return new ShardRequests(assignment, this.messaging, this.log);
  }

  #work(assignment: Assignment, stage: ReadyStage, budget: AttemptBudget | null): AttemptWork {
    return stage.kind === 'map'
      ? new MapWorker(assignment, stage, this.storage, budget)
      : new JobWorker(assignment, stage.work, this.jobs, this.#jobTurns);
  }
}
