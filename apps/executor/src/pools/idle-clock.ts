/** Since when each of many has had nothing to do. Times are monotonic milliseconds. */
export class IdleClock {
  readonly #since = new Map<string, number>();

  /** Who is idle now; all others are not, and are forgotten. */
  look(idle: Iterable<string>, now: number): void {
    const before = new Map(this.#since);
    this.#since.clear();
    for (const one of idle) this.#since.set(one, before.get(one) ?? now);
  }

  /** It has had something to do in between: its time begins anew. */
  interrupt(one: string, now: number): void {
    if (this.#since.has(one)) this.#since.set(one, now);
  }

  /** Milliseconds; null if it is not idle. */
  of(one: string, now: number): number | null {
    const since = this.#since.get(one);
    return since === undefined ? null : now - since;
  }
}
