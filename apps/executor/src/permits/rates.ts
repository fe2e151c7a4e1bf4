import { type RateLimitsConfig } from '@apwa/config';
import { type EndpointNews, type ToldLimits } from '@apwa/contracts';
import { FIRST_PACE, MOST_PACE, newPace, type Pace, paceGrows, paceSaw } from './pace.js';

/** Permits per minute; null: not limited as far as is known. */
export interface PerMinute {
  calls: number | null;
  tokens: number | null;
}

const MINUTE_MS = 60_000;
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
  /** Calls admitted since the endpoint was empty-handed last. */
  #admitted = 0;
  #since: number;

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
    const careful = !this.said;
    if (held) paceGrows(this.#pace, now, { most: careful ? FORGOTTEN_AT : MOST_PACE, careful });
    else this.#pace.grownAt = now;
    if (!this.said && this.#learned !== null && this.#pace.factor >= FORGOTTEN_AT) {
      this.#learned = null;
      this.#pace = newPace(now);
    }
  }

  saw(now: number, { answered, refused, retryAfterMs, told }: EndpointNews): void {
    if (told) this.#hear(now, told);
    this.#admitted += answered;
    const { known } = this;
    if (known) paceSaw(this.#pace, now, answered, refused);
    if (refused === 0) return;
    if (!known) this.#learn(now, retryAfterMs ?? 0);
    this.#admitted = 0;
    this.#since = now + (retryAfterMs ?? 0);
  }

  /** Refusals that other limits had met say nothing of these. */
  #hear(now: number, told: ToldLimits): void {
    const before = this.#stated;
    this.#told = told;
    const { calls, tokens } = this.#stated;
    if (calls !== before.calls || tokens !== before.tokens) this.#pace = newPace(now);
  }

  /** So many were admitted from when there was room to when there will be some again. */
  #learn(now: number, retryAfterMs: number): void {
    const elapsed = now - this.#since + retryAfterMs;
    if (this.#admitted === 0 || elapsed <= 0) return;
    this.#learned = Math.max(1, (this.#admitted / elapsed) * MINUTE_MS) / FIRST_PACE;
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
