/** The next shard is asked for so long before the rows at hand run out: a claim, and its first rows read, take less. Milliseconds. */
const LEAD_MS = 250;
/** The pace is that of the last one to two of these. Milliseconds. */
const WINDOW_MS = 500;
/** Rows between two looks: they cost little, but not nothing. */
const LOOK_EVERY = 8;

/**
 * Whether the rows at hand are about to run out. By the pace at which rows end, as each that ends makes room for another: where calls
 * take minutes nothing is claimed that others could begin with before.
 */
export class Supply {
  #windowAt = 0;
  #ended = 0;
  #before = 0;
  #sinceLook = 0;

  /** A row has ended at `now`, in monotonic milliseconds; whether it is time to look. */
  answered(now: number): boolean {
    this.#roll(now);
    this.#ended++;
    this.#sinceLook = (this.#sinceLook + 1) % LOOK_EVERY;
    return this.#sinceLook === 0;
  }

  /** Whether `left` rows last for less than the lead. */
  isLow(left: number, now: number): boolean {
    this.#roll(now);
    const rate = (this.#before + this.#ended) / (WINDOW_MS + now - this.#windowAt);
    return left < rate * LEAD_MS;
  }

  #roll(now: number): void {
    const age = now - this.#windowAt;
    if (age < WINDOW_MS) return;
    this.#before = age < 2 * WINDOW_MS ? this.#ended : 0;
    this.#ended = 0;
    this.#windowAt = now;
  }
}
