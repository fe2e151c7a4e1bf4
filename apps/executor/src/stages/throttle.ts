export interface ThrottleOptions {
  /** Between two times of the same id. Milliseconds. */
  everyMs: number;
  /** What is done for ids of which there was a word. */
  run: (ids: readonly string[]) => Promise<void>;
  /** A later word on an id could not be attended to. */
  failed: (thrown: unknown) => void;
}

/** Attends to words on ids, to each at once, but to one id no more than once in a while; the last word on it is always attended to. */
export class Throttle {
  /** When each id may have its turn again, in monotonic milliseconds. */
  readonly #againAt = new Map<string, number>();
  readonly #late = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly options: ThrottleOptions) {}

  /** Rejects with what `run` rejects with, where the ids had their turn at once. */
  async hear(ids: readonly string[]): Promise<void> {
    if (this.#stopped) return;
    const now = performance.now();
    for (const [id, at] of this.#againAt) if (at <= now) this.#againAt.delete(id);
    const due = ids.filter((id) => !this.#againAt.has(id));
    for (const id of ids) if (this.#againAt.has(id)) this.#late.add(id);
    for (const id of due) this.#againAt.set(id, now + this.options.everyMs);
    if (this.#late.size > 0) this.#timer ??= setTimeout(() => this.#attendLate(), this.options.everyMs);
    if (due.length > 0) await this.options.run(due);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #attendLate(): void {
    this.#timer = undefined;
    const ids = [...this.#late];
    this.#late.clear();
    this.hear(ids).catch(this.options.failed);
  }
}
