/** Unused allowance is kept for so long: the limit of a minute is held to evenly. Milliseconds. */
const BURST_MS = 1_000;
/** The least that is said to wait. Milliseconds. */
const LEAST_WAIT_MS = 50;

/** A limit on requests per minute, as a bucket that fills evenly. */
export class Allowance {
  readonly #perMs: number;
  #left: number;
  #at: number;

  constructor(perMinute: number, now: number) {
    this.#perMs = perMinute / 60_000;
    this.#left = this.#perMs * BURST_MS;
    this.#at = now;
  }

  /** Milliseconds until another request may come; 0 if this one may, and is counted. */
  take(now: number): number {
    this.#left = Math.min(this.#perMs * BURST_MS, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return Math.max(LEAST_WAIT_MS, Math.ceil((1 - this.#left) / this.#perMs));
    this.#left -= 1;
    return 0;
  }
}
