/** How much the window grows with each answer: a cut by half is made good after some eight answers for each call under way. */
const GROWTH = 1 / 8;
/** A window of this size limits nothing any more. */
const UNLIMITED = 100_000;
/** So many calls begin at once at an endpoint that this member has not used yet, … */
const FIRST_CALLS = 32;
/** … and twice as many after each of these times, until it refuses one: ten thousand within half a second. Milliseconds. */
const DOUBLED_MS = 50;

/**
 * Calls of this member that may be under way at an endpoint of which nothing is known: any number, until it refuses some. Refusals come
 * soon, so calls begin by and by at first: then a few are refused and not all that are too many.
 */
export class LocalWindow {
  #size = Infinity;
  /** Of the calls that were under way when the last burst of refusals began. */
  #half = Infinity;
  /** When the first calls were all under way. */
  #openedAt = Infinity;

  /** The endpoint would hardly take another one, as far as it has refused some. */
  full(inFlight: number): boolean {
    return inFlight >= Math.max(1, Math.floor(this.#size));
  }

  open(now: number, inFlight: number): boolean {
    return !this.full(inFlight) && (inFlight < FIRST_CALLS || this.#reachedAt(inFlight + 1) <= now);
  }

  /** When time alone lets another call begin; Infinity if others have to end. */
  opensAt(now: number, inFlight: number): number {
    const at = this.#reachedAt(inFlight + 1);
    return !this.full(inFlight) && at > now ? at : Infinity;
  }

  /** A call begins beside so many others. */
  began(now: number, others: number): void {
    if (this.#openedAt === Infinity && others + 1 >= FIRST_CALLS) this.#openedAt = now;
  }

  answered(): void {
    this.#size += GROWTH;
    if (this.#size > UNLIMITED) this.#size = Infinity;
  }

  /**
   * A call was refused beside so many others. `first`: of its burst; half of those that were under way are tried again. Once the refused
   * ones are gone, no more than were let in, if any were.
   */
  refused(others: number, first: boolean): void {
    if (first) this.#half = Math.max(1, Math.min(this.#size, others + 1) / 2);
    this.#size = others > 0 ? Math.min(this.#size, this.#half, others) : this.#half;
  }

  /** The executor sees to it, for all members. */
  reset(): void {
    this.#size = Infinity;
  }

  /** When so many calls may be under way. */
  #reachedAt(calls: number): number {
    return this.#openedAt + DOUBLED_MS * Math.log2(calls / FIRST_CALLS);
  }
}
