export interface RoundsOptions {
  everyMs: number;
  /** One round. What it throws is for `failed`. */
  round(): Promise<void>;
  failed(thrown: unknown): void;
}

/** Wishes for a round that come together are one. Milliseconds. */
const SOON_MS = 20;

/** One round after the other, and sooner when something has happened. */
export class Rounds {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #soon = false;
  #stopped = true;

  constructor(private readonly options: RoundsOptions) {}

  start(): void {
    this.#stopped = false;
    this.#after(0);
  }

  /** The next round begins as soon as it may. */
  soon(): void {
    if (this.#stopped || this.#soon) return;
    this.#soon = true;
    if (!this.#running) this.#after(SOON_MS);
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #after(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#soon = false;
      this.#running = this.options
        .round()
        .catch((thrown: unknown) => this.options.failed(thrown))
        .finally(() => {
          this.#running = null;
          if (!this.#stopped) this.#after(this.#soon ? SOON_MS : this.options.everyMs);
        });
    }, ms);
  }
}
