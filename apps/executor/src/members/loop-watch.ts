/** Heartbeats in a row with a late event loop: one alone may be a large part that was written, or a busy machine. */
const LATE_BEATS = 3;

interface Lateness {
  /** Late heartbeats, those that were in time since taken off. */
  count: number;
  told: boolean;
}

/** Notices members whose event loop is late again and again: a loop that is blocked for longer is taken for a death (HAZARDS K2). */
export class LoopWatch {
  readonly #late = new Map<string, Lateness>();

  /** Whether it is to be told now: once, until the loop has been in time for as long as it was late. */
  isLate(memberId: string, delayMs: number, limitMs: number): boolean {
    const { count: before, told } = this.#late.get(memberId) ?? { count: 0, told: false };
    const count = delayMs >= limitMs ? Math.min(before + 1, LATE_BEATS) : before - 1;
    const tell = count === LATE_BEATS && !told;
    if (count > 0) this.#late.set(memberId, { count, told: told || tell });
    else this.#late.delete(memberId);
    return tell;
  }

  forget(memberId: string): void {
    this.#late.delete(memberId);
  }
}
