import { type RateLimitsConfig } from '@apwa/config';
import { type EndpointNews, type ToldLimits } from '@apwa/contracts';
import { FIRST_PACE, MOST_PACE, newPace, type Pace, paceGrows, paceIsAtMost, paceSaw } from './pace.js';

/** Permits per minute; null: not limited as far as is known. */
export interface PerMinute {
  calls: number | null;
  tokens: number | null;
}

const MINUTE_MS = 60_000;
/** Over less time than that what was admitted is a burst, and tells of no rate. Milliseconds. */
const LEARNT_FROM_MS = 1_000;
/** So long after the first refusal all that are refused with it are known to be: what is under way then was admitted. Milliseconds. */
const SETTLED_MS = 300;
/** Who says to come back so soon tells a rate that is too high at once; others may do so a minute late. Milliseconds. */
const SOON_MS = 5_000;
/** What went through between two cuts tells of the rate if they are not further apart than that, in milliseconds, … */
const MEASURED_FOR_MS = 10_000;
/** … and were so many calls at least. */
const MEASURED_CALLS = 20;
/** A rate that was learned from refusals alone may have been far too low: it grows beyond itself, and is forgotten at this many times it. */
const FORGOTTEN_AT = 4;

const least = (...limits: (number | null | undefined)[]): number | null => {
  const known = limits.filter((limit): limit is number => limit !== null && limit !== undefined);
  return known.length > 0 ? Math.min(...known) : null;
};

/**
 * The rates of an endpoint: what is configured or what its headers say, whichever is less; without both, what it was seen to
 * admit before it refused calls.
 */
export class Rates {
  #told: ToldLimits | null = null;
  #learned: number | null = null;
  #pace: Pace;
  /** Calls answered since the rate was cut last. */
  #sinceCut = 0;
  /** Refusals come soon after what they are about. */
  #prompt = false;
  /** Calls answered since the endpoint was empty-handed last, or nobody had any. */
  #answered = 0;
  #since: number;
  /** When a rate can be learned from refusals that were heard of; null: there were none lately. */
  #settledAt: number | null = null;
  /** When there is room again, as the latest refusal said. */
  #roomAt = -Infinity;

  constructor(
    private readonly config: RateLimitsConfig,
    now: number,
  ) {
    this.#pace = newPace(now);
    this.#since = now;
  }

  /** Whether the limits were said in so many words, by somebody who knows them. */
  get said(): boolean {
    const { calls, tokens } = this.#stated;
    return calls !== null || tokens !== null;
  }

  /** There is a rate, were it only a learned one. */
  get known(): boolean {
    return this.said || this.#learned !== null;
  }

  /** What is used of the limits at this moment, per minute. */
  get used(): PerMinute {
    const share = (1 - this.config.reserve) * this.#pace.factor;
    const { calls, tokens } = this.#limits;
    return { calls: calls === null ? null : calls * share, tokens: tokens === null ? null : tokens * share };
  }

  /** `held`: calls wait for permits. */
  grow(now: number, held: boolean): void {
    if (held) paceGrows(this.#pace, now, { most: this.said ? MOST_PACE : FORGOTTEN_AT, careful: !this.said && !this.#prompt });
    else this.#pace.grownAt = now;
    if (!this.said && this.#learned !== null && this.#pace.factor >= FORGOTTEN_AT) {
      this.#learned = null;
      this.#pace = newPace(now);
    }
  }

  /** `inFlight`: calls that are under way, and were not refused as far as is known. */
  saw(now: number, { answered, refused, retryAfterMs, told }: EndpointNews, inFlight: number): void {
    if (told) this.#hear(now, told);
    this.#answered += answered;
    const { known } = this;
    if (known) this.#paced(now, answered, refused);
    if (refused === 0 && this.#settledAt === null && answered + inFlight === 0) this.#beginAt(now);
    if (refused > 0) {
      this.#prompt = retryAfterMs !== null && retryAfterMs <= SOON_MS;
      this.#roomAt = now + (retryAfterMs ?? 0);
      if (known) this.#beginAt(this.#roomAt);
      else this.#settledAt ??= now + SETTLED_MS;
    }
    if (known || this.#settledAt === null || now < this.#settledAt) return;
    const roomAt = Math.max(now, this.#roomAt);
    if (roomAt - this.#since < LEARNT_FROM_MS) return;
    this.#learn(now, (this.#answered + inFlight) / (roomAt - this.#since));
    this.#beginAt(roomAt);
  }

  #paced(now: number, answered: number, refused: number): void {
    const { since } = this.#pace;
    this.#sinceCut += answered;
    if (!paceSaw(this.#pace, now, answered, refused)) return;
    // Calls that waited because others were refused hide how much too high the rate was: what went through does not.
    if (!this.said && this.#learned !== null && this.#prompt && now - since <= MEASURED_FOR_MS && this.#sinceCut >= MEASURED_CALLS)
      paceIsAtMost(this.#pace, (this.#sinceCut / (now - since)) * (MINUTE_MS / this.#learned) * FIRST_PACE);
    this.#sinceCut = 0;
  }

  #beginAt(at: number): void {
    this.#answered = 0;
    this.#since = at;
    this.#settledAt = null;
  }

  /** Refusals that other limits had met say nothing of these. */
  #hear(now: number, told: ToldLimits): void {
    const before = this.#stated;
    this.#told = told;
    const { calls, tokens } = this.#stated;
    if (calls !== before.calls || tokens !== before.tokens) this.#pace = newPace(now);
  }

  /** So many a millisecond were admitted from when there was room to when there will be some again. */
  #learn(now: number, admitted: number): void {
    if (admitted === 0) return;
    this.#learned = Math.max(1, admitted * MINUTE_MS) / FIRST_PACE;
    this.#pace = newPace(now);
  }

  get #stated(): PerMinute {
    const { requestsPerMinute, tokensPerMinute } = this.config;
    return { calls: least(requestsPerMinute, this.#told?.requestsPerMinute), tokens: least(tokensPerMinute, this.#told?.tokensPerMinute) };
  }

  get #limits(): PerMinute {
    const { calls, tokens } = this.#stated;
    return this.said ? { calls, tokens } : { calls: this.#learned, tokens: null };
  }
}
