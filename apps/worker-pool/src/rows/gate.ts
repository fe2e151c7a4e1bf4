import { Waiters } from './waiters.js';

/** Calls in a row that find nobody at the other end before the gate takes it for an outage. */
const OUTAGE_AFTER = 8;
const OUTAGE_PAUSE_MS = 1_000;
/** How much the window grows with each answer: doubled with every round of calls below what was found to be too much … */
const FAST_GROWTH = 1;
/** … and slowly above it: a cut by half is made good after some eight answers for each call in flight. */
const SLOW_GROWTH = 1 / 8;
/** A window of this size limits nothing any more. */
const UNLIMITED = 100_000;

export type CallOutcome =
  | { kind: 'answered' }
  /** 429: nobody calls again before that time. */
  | { kind: 'refused'; waitMs: number }
  | { kind: 'unreachable' }
  /** Says nothing of the endpoint's limits: a timeout, a 5xx, an abort. */
  | { kind: 'other' };

/**
 * What all calls of this member to one model pass through. A refusal with 429 closes it until Retry-After has passed, and
 * halves the number of calls that may be in flight, once per burst; answers let it grow again: so those who waited don't all
 * come back at once. An endpoint that is gone is asked by one call at a time, so that its rows keep their tries.
 */
export class Gate {
  #inFlight = 0;
  #window = Infinity;
  #threshold = Infinity;
  #closedUntil = 0;
  #unreachable = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiters = new Waiters();

  /** `now`: monotonic milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  get window(): number {
    return this.#window;
  }

  /** Whether a call may begin now; if so it counts as in flight until `leave`. */
  tryEnter(): boolean {
    if (this.#inFlight >= Math.max(1, Math.floor(this.#window)) || this.now() < this.#closedUntil) return false;
    this.#inFlight++;
    return true;
  }

  /** Resolves when trying again makes sense. */
  opened(): Promise<void> {
    this.#wakeLater();
    return this.#waiters.wait();
  }

  /** Something changed for those who wait: they look again. */
  wakeAll(): void {
    this.#waiters.wakeAll();
  }

  leave(outcome: CallOutcome): void {
    const inFlight = this.#inFlight--;
    switch (outcome.kind) {
      case 'answered':
        this.#unreachable = 0;
        this.#window += this.#window < this.#threshold ? FAST_GROWTH : SLOW_GROWTH;
        if (this.#window > UNLIMITED) this.#window = Infinity;
        break;
      case 'refused':
        this.#unreachable = 0;
        this.#refused(outcome.waitMs, inFlight);
        break;
      case 'unreachable':
        if (++this.#unreachable >= OUTAGE_AFTER) this.#outage();
        break;
      case 'other':
        break;
    }
    this.#wakeSome();
  }

  /** The calls that were in flight when the gate closed are refused one after the other: they are one burst. */
  #refused(waitMs: number, inFlight: number): void {
    if (this.now() >= this.#closedUntil) {
      this.#window = Math.max(1, Math.min(this.#window, inFlight) / 2);
      this.#threshold = this.#window;
    }
    this.#closedUntil = Math.max(this.#closedUntil, this.now() + waitMs);
  }

  /** Says nothing of how much the endpoint takes when it is back: the window grows fast again then. */
  #outage(): void {
    this.#window = 1;
    this.#closedUntil = Math.max(this.#closedUntil, this.now() + OUTAGE_PAUSE_MS);
  }

  #wakeSome(): void {
    if (this.#waiters.size === 0) return;
    if (this.now() < this.#closedUntil) return this.#wakeLater();
    const room = Math.max(1, Math.floor(this.#window)) - this.#inFlight;
    for (let n = Math.min(room, this.#waiters.size); n > 0; n--) this.#waiters.wakeOne();
  }

  /** Those who wait and give up leave their place behind: somebody must be woken again as long as anyone waits. */
  #wakeLater(): void {
    if (this.#timer) return;
    const delay = Math.max(50, Math.ceil(this.#closedUntil - this.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wakeSome();
      if (this.#waiters.size > 0) this.#wakeLater();
    }, delay);
    this.#timer.unref();
  }
}
