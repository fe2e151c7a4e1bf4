import { HttpError } from './errors.js';

interface Spent {
  at: number;
  amount: number;
}

/** What was spent within the last `windowMs`. */
class SlidingWindow {
  private entries: Spent[] = [];
  private first = 0;
  private sum = 0;

  constructor(
    readonly allowed: number,
    private readonly windowMs: number,
  ) {}

  used(now: number): number {
    for (let oldest = this.entries[this.first]; oldest && oldest.at <= now - this.windowMs; oldest = this.entries[this.first]) {
      this.sum -= oldest.amount;
      this.first++;
    }
    if (this.first > 1_000 && this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
    return this.sum;
  }

  /** Milliseconds until `amount` fits; 0 if it fits now. What is larger than the limit itself waits for an empty window. */
  wait(amount: number, now: number): number {
    let over = this.used(now) + Math.min(amount, this.allowed) - this.allowed;
    for (let index = this.first; over > 0; index++) {
      const entry = this.entries[index];
      if (!entry) return this.windowMs;
      over -= entry.amount;
      if (over <= 0) return Math.max(1, entry.at + this.windowMs - now);
    }
    return 0;
  }

  spend(amount: number, now: number): void {
    this.entries.push({ at: now, amount });
    this.sum += amount;
  }
}

export interface RateLimitSettings {
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  windowMs: number;
}

/** Requests and tokens per minute, over a sliding window. A refused request is not counted. */
export class RateLimit {
  private readonly requests: SlidingWindow | null;
  private readonly tokens: SlidingWindow | null;

  constructor(
    private readonly settings: RateLimitSettings,
    private readonly now: () => number = () => performance.now(),
  ) {
    const allowed = (perMinute: number) => Math.max(1, Math.floor((perMinute * settings.windowMs) / 60_000));
    this.requests = settings.requestsPerMinute === null ? null : new SlidingWindow(allowed(settings.requestsPerMinute), settings.windowMs);
    this.tokens = settings.tokensPerMinute === null ? null : new SlidingWindow(allowed(settings.tokensPerMinute), settings.windowMs);
  }

  /**
   * Counts a request.
   *
   * @returns the headers that tell what is left
   * @throws HttpError 429 with `Retry-After` (whole seconds) and `Retry-After-Ms`
   */
  admit(tokens: number): Record<string, string> {
    if (!this.requests && !this.tokens) return {};
    const now = this.now();
    const forRequests = this.requests?.wait(1, now) ?? 0;
    const forTokens = this.tokens?.wait(tokens, now) ?? 0;
    const wait = Math.ceil(Math.max(forRequests, forTokens));
    if (wait > 0) {
      const what = forRequests >= forTokens ? 'requests' : 'tokens';
      throw new HttpError(429, what, 'rate_limit_exceeded', `Rate limit reached for ${what} per minute. Try again in ${wait} ms.`, null, {
        ...this.headers(now),
        'retry-after': String(Math.ceil(wait / 1_000)),
        'retry-after-ms': String(wait),
      });
    }
    this.requests?.spend(1, now);
    this.tokens?.spend(tokens, now);
    return this.headers(now);
  }

  private headers(now: number): Record<string, string> {
    const headers: Record<string, string> = {};
    const tell = (what: string, window: SlidingWindow | null, perMinute: number | null) => {
      if (!window) return;
      headers[`x-ratelimit-limit-${what}`] = String(perMinute);
      headers[`x-ratelimit-remaining-${what}`] = String(Math.max(0, window.allowed - window.used(now)));
      headers[`x-ratelimit-reset-${what}`] = `${Math.ceil(window.wait(window.allowed, now))}ms`;
    };
    tell('requests', this.requests, this.settings.requestsPerMinute);
    tell('tokens', this.tokens, this.settings.tokensPerMinute);
    return headers;
  }
}
