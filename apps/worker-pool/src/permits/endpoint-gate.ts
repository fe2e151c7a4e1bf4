import { type RateLimitsConfig } from '@apwa/config';
import { noNews, type PermitAnswer, type PermitPlace, type PermitQuestion, type ToldLimits } from '@apwa/contracts';
import { type ProbeResult } from '@apwa/model';
import { Held } from './held.js';
import { LocalWindow } from './local-window.js';
import { Outages } from './outages.js';

/** The right to make one call, at this endpoint of the group. It ends with `leave` or `giveBack`. */
export interface Pass {
  readonly ownerId: string;
  readonly endpoint: number;
  /** By estimate. */
  readonly tokens: number;
  /** When it was given, in monotonic milliseconds. */
  readonly begunAt: number;
}

/** How a call ended, for who looks after its endpoint. */
export type CallOutcome =
  /** `tokens`: what it took, where that is known. */
  | { kind: 'answered'; tokens: number | null }
  /** 429: nobody calls again before that time; `retryAfterMs` where the endpoint itself said so. */
  | { kind: 'refused'; waitMs: number; retryAfterMs: number | null; message: string }
  /** No answer came, or none of the model: connection, timeout, 5xx. */
  | { kind: 'silent'; connected: boolean; message: string }
  | { kind: 'exhausted'; message: string }
  /** Says nothing of the endpoint: an abort, a refused request. */
  | { kind: 'other' };

/** What a run has and wants at an endpoint. */
interface RunHere {
  readonly held: Held;
  inFlight: number;
  /** Calls that may be under way; null: not limited. Good until `roomUntil`. */
  room: number | null;
  roomUntil: number;
  starts: number;
  perMs: number;
}

/** A run's calls that wait for an endpoint of the model. */
export interface Waiting {
  readonly ownerId: string;
  readonly calls: number;
  readonly tokens: number;
  /** Tokens of the first. */
  readonly next: number;
}

/** The longest wait that is told in a message of another service. */
const REASON_LENGTH = 500;
/** The first interval between questions, before the executor says another one. Milliseconds. */
const AGAIN_MS = 200;
/** An endpoint that is not limited is asked about so often while it is used, to hear what others have met. Milliseconds. */
const REFRESH_MS = 1_000;

/** One endpoint in this member: whether a call may begin now, by permits, calls under way and what is known of its health. */
export class EndpointGate {
  readonly outages = new Outages();
  readonly #runs = new Map<string, RunHere>();
  readonly #window = new LocalWindow();
  #counted: PermitAnswer['counted'];
  #full = false;
  #known = false;
  #closedUntil = -Infinity;
  #inFlight = 0;
  #again = AGAIN_MS;
  #askedAt = -Infinity;
  #news = noNews();
  #told: ToldLimits | null = null;
  #correction = 0;
  #urgent = false;
  /** Calls began elsewhere that were meant for this endpoint. */
  #missed = false;
  #asked = { suspects: false };
  /** The executor wants a probe of this member. */
  probeWanted = false;

  constructor(
    readonly place: PermitPlace,
    limits: Partial<RateLimitsConfig> | undefined,
  ) {
    this.#counted = {
      calls: limits?.requestsPerMinute !== undefined,
      tokens: limits?.tokensPerMinute !== undefined,
      inFlight: limits?.inFlight !== undefined,
    };
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** It has answered before, this member or others. */
  get known(): boolean {
    return this.#known;
  }

  /** Calls need permits of the executor. */
  get limited(): boolean {
    return this.#rated || this.#counted.inFlight;
  }

  /**
   * Nothing is known that speaks against calls. Where nobody answers they wait for the executor's word: however long that takes, a row
   * loses one try to an outage that is over before it is found out, and not one after the other.
   */
  get #takesCalls(): boolean {
    const { health, silence, reached } = this.outages;
    return health === 'well' && !(silence && (reached || this.#known));
  }

  /** There is a rate: what begins is a matter of permits alone. */
  get #rated(): boolean {
    return this.#counted.calls || this.#counted.tokens;
  }

  /** Nothing is to be had here for now: work goes elsewhere, if there is an elsewhere. */
  shut(now: number): boolean {
    return !this.#takesCalls || now < this.#closedUntil || this.#full || this.#window.full(this.#inFlight);
  }

  /** Begins a call, if one may begin: it is under way until `leave`. */
  tryBegin(now: number, ownerId: string, tokens: number): boolean {
    if (!this.#takesCalls || now < this.#closedUntil || !this.#window.open(now, this.#inFlight)) return false;
    const run = this.#run(ownerId);
    if (this.#counted.inFlight && run.inFlight >= (now < run.roomUntil ? (run.room ?? Infinity) : 0)) return false;
    const { calls, tokens: counts } = this.#counted;
    if ((calls || counts) && !run.held.take(now, counts ? tokens : 0)) return false;
    if (!this.#rated) this.#window.began(now, this.#inFlight);
    run.inFlight++;
    run.starts++;
    this.#inFlight++;
    return true;
  }

  /** A call that would have begun here begins elsewhere: it is wanted all the same. */
  missed(ownerId: string): void {
    if (this.limited) this.#run(ownerId).starts++;
    else if (this.#takesCalls) return;
    this.#missed = true;
  }

  /** The call was not made after all. */
  giveBack(ownerId: string, tokens: number): void {
    this.#end(ownerId);
    if (this.#rated) this.#run(ownerId).held.giveBack(1, this.#counted.tokens ? tokens : 0);
  }

  /** Ends a call; `told`: what its answer's headers say of limits. */
  leave(now: number, { ownerId, tokens, begunAt }: Omit<Pass, 'endpoint'>, outcome: CallOutcome, told: ToldLimits | null): void {
    this.#end(ownerId);
    if (told) this.#hear(told);
    switch (outcome.kind) {
      case 'answered':
        this.#news.answered++;
        if (!this.#rated) this.#window.answered();
        if (this.#counted.tokens && outcome.tokens !== null) this.#correction += outcome.tokens - tokens;
        return this.outages.answered(begunAt);
      case 'refused':
        this.#news.refused++;
        this.#news.reason = outcome.message.slice(0, REASON_LENGTH);
        if (outcome.retryAfterMs !== null) this.#news.retryAfterMs = Math.max(this.#news.retryAfterMs ?? 0, outcome.retryAfterMs);
        if (!this.#rated) this.#window.refused(this.#inFlight, !this.limited && now >= this.#closedUntil);
        this.#closedUntil = Math.max(this.#closedUntil, now + outcome.waitMs);
        this.#urgent = true;
        return this.outages.answered(begunAt);
      case 'silent': {
        const { suspects } = this.outages;
        this.#news.reason = outcome.message.slice(0, REASON_LENGTH);
        this.outages.silent(now, outcome.connected);
        this.#urgent ||= !suspects && this.outages.suspects;
        return;
      }
      case 'exhausted':
        this.#news.exhausted = outcome.message.slice(0, REASON_LENGTH);
        // Until the executor says more: nobody else need find it out.
        this.outages.say(now, 'exhausted', false);
        this.#urgent = true;
        return;
      case 'other':
        return;
    }
  }

  get urgent(): boolean {
    return this.#urgent;
  }

  /** The executor is to hear of it at once. */
  hurry(): void {
    this.#urgent = true;
  }

  /** What came of a probe that the executor wanted, and that began at this time. */
  probed(begunAt: number, result: ProbeResult): void {
    this.probeWanted = false;
    this.#urgent = true;
    switch (result.kind) {
      case 'answered':
        this.#news.probe = 'answered';
        return this.outages.answered(begunAt);
      case 'failed':
        this.#news.probe = 'failed';
        this.#news.reason = result.message.slice(0, REASON_LENGTH);
        return;
      case 'exhausted':
        this.#news.exhausted = result.message.slice(0, REASON_LENGTH);
    }
  }

  /** When the executor is to be asked; Infinity if there is nothing to ask. */
  askAt(now: number, waits: boolean): number {
    const used = this.#inFlight > 0 || waits || this.#missed || this.outages.doubts > 0 || this.#unsaid;
    if (!used && !this.#holds(now)) return Infinity;
    if (this.#urgent && used) return now;
    const soon = this.limited || this.outages.health !== 'well' || this.outages.suspects;
    return this.#askedAt + (soon ? this.#again : REFRESH_MS);
  }

  /** `mayBeDown`: silence counts as an outage, and not as a wrong address. */
  question(now: number, waiting: readonly Waiting[], mayBeDown: boolean): PermitQuestion {
    const elapsed = Math.max(1, Math.min(now - this.#askedAt, REFRESH_MS * 2));
    const owners = new Set([...waiting.map(({ ownerId }) => ownerId), ...this.#runs.keys()]);
    const returns = { calls: 0, tokens: 0 };
    const wants = [...owners].flatMap((ownerId) => {
      const run = this.#run(ownerId);
      const want = this.#want(
        now,
        elapsed,
        run,
        waiting.find((one) => one.ownerId === ownerId),
      );
      returns.calls += want.over.calls;
      returns.tokens += want.over.tokens;
      const { toBegin, calls, tokens, next } = want;
      if (toBegin > 0 || run.inFlight > 0) return [{ ownerId, inFlight: run.inFlight, toBegin, calls, tokens, next }];
      this.#forget(ownerId, run);
      return [];
    });
    this.#asked = { suspects: mayBeDown && this.outages.suspects && this.#news.probe !== 'answered' };
    const question: PermitQuestion = {
      place: this.place,
      wants,
      returns,
      correction: this.#correction,
      news: { ...this.#news, answers: this.#heard && this.outages.answers, told: this.#told, suspects: this.#asked.suspects },
    };
    this.#askedAt = now;
    this.#urgent = false;
    this.#missed = false;
    this.#news = noNews();
    this.#correction = 0;
    return question;
  }

  /** The question did not get its answer: what it told is told again. What it gave back counts as spent. */
  unanswered({ news, correction }: PermitQuestion): void {
    this.#correction += correction;
    this.#news.answered += news.answered;
    this.#news.refused += news.refused;
    this.#news.retryAfterMs ??= news.retryAfterMs;
    this.#news.exhausted ??= news.exhausted;
    this.#news.probe ??= news.probe;
    this.#news.reason ??= news.reason;
  }

  /** `sentAt`: when the question was sent; `fresh`: of an executor that was not heard of before. Whether calls may begin that could not. */
  answer(
    now: number,
    sentAt: number,
    answer: PermitAnswer,
    { termMs, againMs, fresh }: { termMs: number; againMs: number; fresh: boolean },
  ): void {
    this.#again = againMs;
    this.#counted = answer.counted;
    this.#full = answer.full;
    this.#known = answer.known;
    if (this.#rated) this.#window.reset();
    if (answer.closedMs > 0) this.#closedUntil = Math.max(this.#closedUntil, sentAt + answer.closedMs);
    for (const { ownerId, calls, tokens, inFlight } of answer.grants) {
      const run = this.#run(ownerId);
      run.held.add(now, calls, tokens, sentAt + termMs, againMs);
      run.room = inFlight;
      run.roomUntil = sentAt + termMs;
    }
    if (fresh) this.outages.forget(now);
    this.outages.say(now, answer.health, this.#asked.suspects && !fresh);
    this.#asked.suspects = false;
    this.probeWanted = answer.probe && this.#news.probe === null && this.#news.exhausted === null;
  }

  /** Permits of an executor that was replaced are void (HAZARDS H14). */
  voidPermits(): void {
    for (const run of this.#runs.values()) {
      run.held.clear();
      run.roomUntil = -Infinity;
    }
  }

  /** When a call of this run may begin that may not now, as far as time alone has to pass; Infinity if it depends on others. */
  opensAt(now: number, ownerId: string): number {
    if (!this.#takesCalls) return Infinity;
    if (this.#closedUntil > now) return this.#closedUntil;
    if (!this.#rated) return this.#window.opensAt(now, this.#inFlight);
    const held = this.#runs.get(ownerId)?.held;
    return held && held.calls >= 1 && held.nextAt > now ? held.nextAt : Infinity;
  }

  get #unsaid(): boolean {
    const { exhausted, probe } = this.#news;
    return this.#heard || exhausted !== null || probe !== null;
  }

  /** Somebody was there since the last question. */
  get #heard(): boolean {
    return this.#news.answered > 0 || this.#news.refused > 0;
  }

  #holds(now: number): boolean {
    for (const { held } of this.#runs.values()) {
      held.expire(now);
      if (held.calls > 0) return true;
    }
    return false;
  }

  /** An answer tells limits that were not known: from now on permits are needed, and they have to be asked for. */
  #hear(told: ToldLimits): void {
    const news = told.requestsPerMinute !== this.#told?.requestsPerMinute || told.tokensPerMinute !== this.#told.tokensPerMinute;
    this.#told = told;
    if (!news) return;
    this.#counted = {
      ...this.#counted,
      calls: this.#counted.calls || told.requestsPerMinute !== null,
      tokens: this.#counted.tokens || told.tokensPerMinute !== null,
    };
    this.#urgent = true;
  }

  /** What a run needs until the answer after the next: what waits, and what will begin as it did lately. */
  #want(now: number, elapsed: number, run: RunHere, waiting: Waiting | undefined) {
    run.perMs = (run.perMs + run.starts / elapsed) / 2;
    run.starts = 0;
    const { calls, tokens, next } = waiting ?? { calls: 0, tokens: 0, next: 0 };
    const ahead = Math.ceil(run.perMs * 2 * this.#again - 0.5);
    const each = calls > 0 ? tokens / calls : run.held.calls > 0 ? run.held.tokens / run.held.calls : 0;
    const needed = { calls: calls + ahead, tokens: tokens + ahead * each };
    const over = run.held.surplus(now, needed.calls + 1, needed.tokens + Math.max(each, next));
    const missing = Math.max(0, needed.tokens - run.held.tokens);
    const short = this.#counted.tokens && calls > 0 && missing > 0 ? 1 : 0;
    const more = Math.max(short, needed.calls - run.held.calls);
    return {
      toBegin: needed.calls,
      calls: more,
      tokens: more > 0 ? missing : 0,
      next: more > 0 ? Math.max(0, (calls > 0 ? next : each) - run.held.tokens) : 0,
      over,
    };
  }

  #run(ownerId: string): RunHere {
    const known = this.#runs.get(ownerId);
    if (known) return known;
    const run = { held: new Held(), inFlight: 0, room: null, roomUntil: -Infinity, starts: 0, perMs: 0 };
    this.#runs.set(ownerId, run);
    return run;
  }

  #forget(ownerId: string, run: RunHere): void {
    if (run.held.calls === 0) this.#runs.delete(ownerId);
  }

  #end(ownerId: string): void {
    this.#run(ownerId).inFlight--;
    this.#inFlight--;
  }
}
