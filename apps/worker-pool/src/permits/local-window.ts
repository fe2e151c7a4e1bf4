/** How much the window grows with each answer: a cut by half is made good after some eight answers for each call under way. */
const GROWTH = 1 / 8;
/** A window of this size limits nothing any more. */
const UNLIMITED = 100_000;

/** Calls of this member that may be under way at an endpoint of which nothing is known: any number, until it refuses some. */
export class LocalWindow {
  #size = Infinity;

  open(inFlight: number): boolean {
    return inFlight < Math.max(1, Math.floor(this.#size));
  }

  answered(): void {
    this.#size += GROWTH;
    if (this.#size > UNLIMITED) this.#size = Infinity;
  }

  /** `first`: of its burst; the calls that were under way then are refused one after the other. */
  refused(inFlight: number, first: boolean): void {
    if (first) this.#size = Math.max(1, Math.min(this.#size, inFlight) / 2);
  }

  /** The executor sees to it, for all members. */
  reset(): void {
    this.#size = Infinity;
  }
}
