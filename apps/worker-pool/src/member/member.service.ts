import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import {
  ApwaError,
  executorOperations,
  type LeaseToken,
  type Member,
  type MemberState,
  newId,
  RefusedError,
  runControlled,
  workHint,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type Logger, touchHealthFile } from '@apwa/service';
import { type z } from 'zod';
import { Attempts } from '../attempts/attempts.js';
import { Permits } from '../permits/permits.js';
import { Questions } from '../questions/questions.js';
import { LOG, SETTINGS } from '../tokens.js';
import { Claims } from './claims.js';
import { Heartbeats } from './heartbeats.js';
import { LoopDelay } from './loop-delay.js';
import { RunControls } from './run-controls.js';
import { type MemberSettings } from './settings.js';
import { nextMove } from './sharing.js';
import { freeSlots } from './slots.js';

type Terms = z.output<typeof executorOperations.join.reply>;

const REJOIN_MS = 1_000;
const MEBIBYTE = 1024 * 1024;

/** This process as a member of its pool: joins the executor, renews the leases of its attempts, and claims shards. */
@Injectable()
export class MemberService {
  /** New with every boot: nothing of an earlier process is taken for this one's. */
  readonly id = newId('member');
  #state: MemberState = 'starting';
  #terms: Terms | undefined;
  readonly #controls = new RunControls();
  readonly #loopDelay = new LoopDelay();
  readonly #heartbeats = new Heartbeats({ beat: () => this.#beat() });
  readonly #claims: Claims;
  #unsubscribe: (() => void)[] = [];
  #drainWanted: () => void = () => undefined;

  constructor(
    private readonly messaging: Messaging,
    private readonly attempts: Attempts,
    private readonly permits: Permits,
    private readonly questions: Questions,
    @Inject(SETTINGS) private readonly settings: MemberSettings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.#claims = new Claims({
      move: (emptiness) =>
        this.#state === 'running' ? nextMove(freeSlots(attempts.slots), attempts.sharers(), emptiness) : { kind: 'wait' },
      ask: (saturated) => this.#claim(saturated),
      spread: () => attempts.spread(),
      makeRoom: () => attempts.makeRoom(),
      failed: (error) => log.debug({ error: ApwaError.from(error).toPayload() }, 'could not claim'),
    });
  }

  get state(): MemberState {
    return this.#state;
  }

  /**
   * Joins, for as long as it takes until an executor answers. `drainWanted` is called when the executor wants the member gone.
   * RefusedError if the executor does not take it as it is.
   */
  async start(drainWanted: () => void): Promise<void> {
    this.#drainWanted = drainWanted;
    this.#loopDelay.start();
    this.attempts.onFree((why) => (why === 'attempt_ended' ? this.#claims.attemptEnded() : this.#claims.trigger()));
    this.#unsubscribe = [
      this.messaging.subscribe(workHint(this.settings.pool), () => this.#claims.hint()),
      this.messaging.subscribe(runControlled, (control) => this.#control(control)),
    ];
    while (this.#state === 'starting' && !(await this.#join())) await new Promise((resolve) => setTimeout(resolve, REJOIN_MS));
    if (this.#state !== 'starting' || !this.#terms) return;
    this.#state = 'running';
    this.#heartbeats.start(this.#terms.heartbeatMs);
    this.#claims.start();
  }

  /**
   * No new rows; calls in flight finish within the grace time, and are journaled; what is not committed by then is given back.
   * The executor hears of it with the last heartbeat.
   */
  async drain(graceMs = this.settings.graceMs): Promise<void> {
    if (this.#state === 'draining' || this.#state === 'stopped') return;
    const joined = this.#state === 'running';
    this.#state = 'draining';
    this.#claims.stop();
    if (joined) await this.attempts.drain(graceMs);
    await this.#heartbeats.stop();
    this.#state = 'stopped';
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (joined) await this.#beat();
    this.#loopDelay.stop();
  }

  async #join(): Promise<boolean> {
    try {
      const request = { member: this.#member(), instance: this.settings.instance };
      this.#terms = await this.messaging.request(executorOperations.join, request);
      this.attempts.termsAre(this.#terms);
      this.permits.memberIs(this.id);
      this.log.info({ memberId: this.id, pool: this.settings.pool, slots: this.settings.slots }, 'joined');
      return true;
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      // A member that no executor wants as it is would try for ever, unseen.
      if (error instanceof RefusedError && this.#state === 'starting') throw error;
      this.log.warn({ error: error.toPayload() }, 'could not join, trying again');
      return false;
    }
  }

  #member(): Member {
    const { pool, resources } = this.settings;
    const { total, free } = this.attempts.slots;
    const state = this.#state === 'starting' ? 'running' : this.#state;
    return { id: this.id, pool, state, slots: { total, free }, resources, host: hostname(), pid: process.pid };
  }

  async #claim(saturated: string[]): Promise<{ more: boolean }> {
    const askedAt = performance.now();
    const freeSlots = this.attempts.slots.free;
    const request = { memberId: this.id, freeSlots, lane: 'standard' as const, saturated };
    const { assignments, more } = await this.messaging.request(executorOperations.claim, request);
    for (const assignment of assignments) {
      const { ownerId, stageId, controlVersion, held } = assignment;
      // Only shards of active runs are given: who has missed the notice of a resume hears of it here (HAZARDS H18).
      if (controlVersion > 0) this.#control({ ownerId, version: controlVersion, state: 'active', held });
      this.attempts.take(assignment, askedAt, this.#controls.stateOf(ownerId, stageId));
    }
    return { more };
  }

  async #beat(): Promise<number> {
    const askedAt = performance.now();
    const progress = this.attempts.progress();
    const heartbeatMs = this.#terms?.heartbeatMs ?? REJOIN_MS;
    try {
      const reply = await this.messaging.request(executorOperations.heartbeat, {
        memberId: this.id,
        state: this.#state,
        freeSlots: this.attempts.slots.free,
        leasedSlots: this.attempts.slots.leased,
        attempts: progress,
        questions: this.questions.inHand,
        residentMb: Math.round(process.memoryUsage.rss() / MEBIBYTE),
        loopDelayMs: this.#loopDelay.take(),
      });
      const lost = new Set<LeaseToken>(reply.lost);
      for (const token of lost) this.attempts.lose(token);
      this.attempts.renewed(
        progress.map(({ token }) => token).filter((token) => !lost.has(token)),
        askedAt,
      );
      this.attempts.journalIs(reply.journal);
      if (this.settings.healthFile) await touchHealthFile(this.settings.healthFile);
      for (const control of reply.controls) this.#control(control);
      this.attempts.pausedAre(reply.paused);
      if (reply.drain && this.#state === 'running') this.#drainWanted();
    } catch (thrown) {
      await this.#missed(ApwaError.from(thrown));
    }
    return heartbeatMs;
  }

  async #missed(error: ApwaError): Promise<void> {
    if (error.code === 'unknown_member' && this.#state !== 'stopped') await this.#join();
    else this.log.warn({ error: error.toPayload() }, 'heartbeat failed');
  }

  #control(control: z.output<typeof runControlled.payload>): void {
    if (this.#controls.accept(control)) this.attempts.control(control);
  }
}
