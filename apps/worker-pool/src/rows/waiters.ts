/** Those who wait for a condition to change: woken all together or one by one, first come first served. */
export class Waiters {
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves at the next wake-up, whatever the reason: who waits looks at the condition again. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wakeOne(): void {
    this.#waiting.shift()?.();
  }

  wakeAll(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }
}
