/** Buckets that are kept at most. The one that goes for a new one is the one that was not looked at for longest: it is full, or nearly so. */
const MOST_BUCKETS = 10_000;
const MINUTE_MS = 60_000;

interface Bucket {
  /** Requests that may come at once, at the time `at`; it grows with time. */
  tokens: number;
  at: number;
}

/**
 * A bucket of requests for each caller, which fills up evenly and holds a minute's worth. In this process alone: several managers
 * let in as many times as much. Times are milliseconds of any clock that does not go back.
 */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();
  private readonly perMs: number;

  constructor(
    readonly perMinute: number,
    private readonly mostBuckets = MOST_BUCKETS,
  ) {
    this.perMs = perMinute / MINUTE_MS;
  }

  /** Takes a request out of a caller's bucket: 0, or the milliseconds after which there is one in it. */
  take(caller: string, now: number): number {
    const tokens = this.tokensOf(caller, now);
    const taken = tokens >= 1;
    // A map is in the order in which keys were set: the one that was looked at last stands at the end.
    this.buckets.delete(caller);
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined && this.buckets.size >= this.mostBuckets) this.buckets.delete(oldest);
    this.buckets.set(caller, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken ? 0 : Math.ceil((1 - tokens) / this.perMs);
  }

  get size(): number {
    return this.buckets.size;
  }

  private tokensOf(caller: string, now: number): number {
    const bucket = this.buckets.get(caller);
    return bucket ? Math.min(this.perMinute, bucket.tokens + (now - bucket.at) * this.perMs) : this.perMinute;
  }
}
