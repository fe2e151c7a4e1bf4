import { type RateLimitsConfig } from '@apwa/config';
import { type PermitAnswer, type PermitQuestion, type PermitWant } from '@apwa/contracts';
import { type Bucket, fill } from './bucket.js';
import { type Circuit, circuitAfter, type CircuitEvent, CLOSED, healthFor, probeDue } from './circuit.js';
import { Rates } from './rates.js';
import { type Claim, Turns } from './turns.js';
import { newWindow, windowSaw } from './window.js';

/** Permits are good for so long, and a member that says nothing for so long is counted on no more. Milliseconds. */
export const TERM_MS = 2_000;
/** What falls due in this time is kept for those who wait … Milliseconds. */
const BUSY_MS = 300;
/** … and in this one while nobody does: no burst after a rest. Milliseconds. */
const IDLE_MS = 100;
/** Whose turn it is at the calls under way, where there are fewer than claims, changes this often. Milliseconds. */
const TURN_MS = 1_000;
const MINUTE_MS = 60_000;
/** A share of refused calls that tells of a rate which is a little too high, and not of too many calls under way. */
const FEW_REFUSED = 0.1;

interface Asker {
  askedAt: number;
  /** Given within the term, and come back: what is still out bounds what can come back. */
  lent: { at: number; calls: number; tokens: number }[];
}

/** The share of a run, by its weight; null: it gets nothing, as it was paused or cancelled. */
export type WeightOf = (ownerId: string) => number | null;

/**
 * The permits of one endpoint: what it allows, who wants how much of it, who gets it next. No clock and no I/O of its own; times are
 * monotonic milliseconds. What a member was given is spent unless it comes back; calls under way are free again when their
 * member is done with them, or was silent for a term.
 */
export class Meter {
  circuit: Circuit = CLOSED;
  /** It has answered a call before. */
  known = false;
  readonly rates: Rates;
  readonly #turns = new Turns();
  readonly #askers = new Map<string, Asker>();
  readonly #window = newWindow();
  readonly #calls: Bucket;
  readonly #tokens: Bucket;
  #closedUntil = -Infinity;
  #typicalTokens = 0;
  /** Somebody went without at the last question: time from then on is not idle. */
  #short = false;

  /** `quietUntil`: nothing that is counted is given before. */
  constructor(
    private readonly config: RateLimitsConfig,
    now: number,
    private readonly quietUntil = -Infinity,
  ) {
    this.rates = new Rates(config, now);
    this.#calls = { level: 1, at: now };
    this.#tokens = { level: 0, at: now };
  }

  /** Calls under way, of all members. */
  get inFlight(): number {
    return this.#inFlightBut(null);
  }

  #inFlightBut(member: string | null): number {
    const count = (sum: number, [who, { inFlight }]: [string, Claim]) => sum + (who === member ? 0 : inFlight);
    return this.#turns.runs.reduce((sum, { claims }) => [...claims].reduce(count, sum), 0);
  }

  /** Until when nobody calls, as the endpoint asked; a time that may be over. */
  get closedUntil(): number {
    return this.#closedUntil;
  }

  ask(now: number, member: string, question: PermitQuestion, weightOf: WeightOf): PermitAnswer {
    this.#expire(now);
    const asker = this.#askers.get(member) ?? { askedAt: now, lent: [] };
    asker.askedAt = now;
    asker.lent = asker.lent.filter(({ at }) => now - at <= TERM_MS);
    this.#askers.set(member, asker);
    this.#hear(now, member, question);
    const probe = probeDue(this.circuit, member, now);
    if (probe) this.#happened({ kind: 'probing', member }, now);
    const wants = question.wants.map((want) => {
      const weight = weightOf(want.ownerId);
      // What it has under way is counted all the same.
      return weight === null ? { ...want, toBegin: 0, calls: 0, tokens: 0, next: 0, weight: 1 } : { ...want, weight };
    });
    const back = this.#turns.drop(member, new Set(wants.map(({ ownerId }) => ownerId)));
    this.#takeBack(now, asker, question, back);
    const claims = wants.map((want) => this.#claim(member, want));
    this.#give(now);
    return this.#answer(now, member, asker, claims);
  }

  /** A member is gone: what it had under way is free, what it was given is spent. */
  forget(member: string): void {
    this.#askers.delete(member);
    const back = this.#turns.drop(member, new Set());
    this.#calls.level += back.calls;
    this.#tokens.level += back.tokens;
  }

  /** Somebody says that the account, or the provider, is well again: it is asked at once. */
  retry(now: number): void {
    this.#happened({ kind: 'retry' }, now);
  }

  #expire(now: number): void {
    for (const [member, { askedAt }] of this.#askers) if (now - askedAt > TERM_MS) this.forget(member);
    if (this.#askers.size === 0) this.#short = false;
  }

  #happened(event: CircuitEvent, now: number): void {
    this.circuit = circuitAfter(this.circuit, event, now);
  }

  #hear(now: number, member: string, { news, wants }: PermitQuestion): void {
    const message = news.reason ?? 'no call is answered';
    if (news.answers) this.#happened({ kind: 'answered', member }, now);
    if (news.probe === 'answered') this.#happened({ kind: 'probe_answered', member }, now);
    if (news.probe === 'failed') this.#happened({ kind: 'probe_failed', member, message }, now);
    if (news.exhausted !== null) this.#happened({ kind: 'exhausted', member, message: news.exhausted }, now);
    else if (news.suspects) this.#happened({ kind: 'suspected', member, message }, now);
    this.known ||= news.answered + news.refused > 0 || news.probe === 'answered';
    const { known } = this.rates;
    const itsOwn = wants.reduce((sum, { inFlight }) => sum + inFlight, 0);
    this.rates.saw(now, news, this.#inFlightBut(member) + itsOwn);
    // Of an endpoint whose limits are known the rate was too high, and not the number of calls.
    const few = known && news.refused <= FEW_REFUSED * (news.answered + news.refused);
    const { answered, refused } = news;
    if (!this.rates.said) windowSaw(this.#window, now, { answered, refused: few ? 0 : refused }, Math.max(this.inFlight, refused));
    if (news.refused > 0) this.#closedUntil = Math.max(this.#closedUntil, now + (news.retryAfterMs ?? 0));
  }

  #takeBack(now: number, { lent }: Asker, { returns, correction }: PermitQuestion, dropped: { calls: number; tokens: number }): void {
    const calls = Math.min(
      returns.calls,
      lent.reduce((sum, one) => sum + one.calls, 0),
    );
    const tokens = Math.min(
      returns.tokens,
      lent.reduce((sum, one) => sum + one.tokens, 0),
    );
    if (calls > 0 || tokens > 0) lent.push({ at: now, calls: -calls, tokens: -tokens });
    this.#calls.level += calls + dropped.calls;
    this.#tokens.level += tokens + dropped.tokens - correction;
  }

  /** What was put aside since its last question is part of what it wants; what it wants no more goes back. */
  #claim(member: string, want: PermitWant & { weight: number }): { ownerId: string; claim: Claim } {
    const claim = this.#turns.claim(want.ownerId, member, want.weight);
    claim.open = healthFor(this.circuit, member) === 'well';
    claim.inFlight = want.inFlight;
    claim.toBegin = want.toBegin;
    const excess = claim.given.calls - want.calls;
    if (excess > 0 || want.calls === 0) {
      const tokens = want.calls === 0 ? claim.given.tokens : Math.max(0, claim.given.tokens - want.tokens);
      this.#calls.level += Math.max(0, excess);
      this.#tokens.level += tokens;
      claim.given.calls -= Math.max(0, excess);
      claim.given.tokens -= tokens;
    }
    claim.calls = want.calls - claim.given.calls;
    claim.tokens = claim.calls > 0 ? Math.max(0, want.tokens - claim.given.tokens) : 0;
    claim.next = claim.given.calls > 0 ? claim.tokens / Math.max(1, claim.calls) : want.next;
    return { ownerId: want.ownerId, claim };
  }

  #give(now: number): void {
    const { calls, tokens } = this.rates.used;
    const open = now >= this.quietUntil && now >= this.#closedUntil;
    const span = this.#short ? BUSY_MS : IDLE_MS;
    const mostTokens = tokens ?? Infinity;
    const most = (perMinute: number, one: number) => Math.max(one, (perMinute * span) / MINUTE_MS);
    // A call that is larger than all the tokens of a minute goes when the minute's are there: then it goes alone.
    const largest = Math.max(this.#typicalTokens, Math.min(this.#turns.largest(), mostTokens));
    if (calls !== null) fill(this.#calls, now, open ? calls / MINUTE_MS : 0, most(calls, 1));
    if (tokens !== null) fill(this.#tokens, now, open ? tokens / MINUTE_MS : 0, most(tokens, largest));
    this.rates.grow(now, this.#short && open);
    this.#short = this.#turns.wanted;
    if (!open || (calls === null && tokens === null)) return;
    const supply = {
      calls: calls === null ? Infinity : this.#calls.level,
      tokens: tokens === null ? Infinity : this.#tokens.level,
      mostTokens,
      cost: (some: number, their: number) => Math.max(calls === null ? 0 : some / calls, tokens === null ? 0 : their / tokens),
    };
    this.#turns.give(supply);
    this.#short = this.#turns.wanted;
    if (calls !== null) this.#calls.level = supply.calls;
    if (tokens !== null) this.#tokens.level = supply.tokens;
  }

  #answer(now: number, member: string, asker: Asker, claims: readonly { ownerId: string; claim: Claim }[]): PermitAnswer {
    const { calls, tokens } = this.rates.used;
    const limit = this.#limitInFlight();
    const rooms = limit === null ? null : this.#turns.rooms(member, now < this.quietUntil ? 0 : limit, Math.floor(now / TURN_MS));
    const rated = calls !== null || tokens !== null;
    let full = false;
    const grants = claims.map(({ ownerId, claim }) => {
      const { given } = claim;
      const grant = { ownerId, calls: given.calls, tokens: given.tokens, inFlight: rooms?.get(ownerId) ?? null };
      if (given.calls > 0) this.#typicalTokens = Math.min(given.tokens / given.calls, tokens ?? 0);
      asker.lent.push({ at: now, ...given });
      claim.given = { calls: 0, tokens: 0 };
      full ||= (rated && claim.calls > 0) || (grant.inFlight !== null && grant.inFlight < claim.inFlight + claim.toBegin);
      return grant;
    });
    return {
      counted: { calls: calls !== null, tokens: tokens !== null, inFlight: limit !== null },
      grants,
      full,
      closedMs: Math.max(0, Math.ceil(this.#closedUntil - now)),
      health: healthFor(this.circuit, member),
      probe: this.circuit.state === 'open' && this.circuit.probe?.member === member,
      known: this.known,
    };
  }

  #limitInFlight(): number | null {
    const { inFlight, reserve } = this.config;
    const configured = inFlight === undefined ? Infinity : Math.max(1, Math.floor(inFlight * (1 - reserve)));
    const limit = Math.min(configured, this.rates.said ? Infinity : Math.max(1, Math.floor(this.#window.size)));
    return Number.isFinite(limit) ? limit : null;
  }
}
