/** A member asks by itself this often, as hints may be lost, in milliseconds … */
const ASK_EVERY_MS = 2_000;
/** … give or take this share, so that the members of a pool don't ask in step. */
const JITTER = 0.25;

export interface ClaimsOptions {
  /** Whether there is anything to ask for. */
  wanted(): boolean;
  /** Asks once; whether anything was given. */
  ask(): Promise<boolean>;
  failed(error: unknown): void;
}

/** When to ask for shards: at a hint, when slots become free, and every now and then. One request at a time. */
export class Claims {
  #asking = false;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;

  constructor(private readonly options: ClaimsOptions) {}

  start(): void {
    this.#stopped = false;
    this.trigger();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  trigger(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (!this.#asking) void this.#askWhileWanted();
  }

  async #askWhileWanted(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        // Whoever was given shards and has slots left asks for more; a hint in between is an occasion too.
        if (this.options.wanted() && (await this.options.ask())) this.#again = true;
      }
    } catch (error) {
      this.options.failed(error);
    } finally {
      this.#asking = false;
      this.#later();
    }
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const delay = ASK_EVERY_MS * (1 - JITTER + 2 * JITTER * Math.random());
    this.#timer = setTimeout(() => this.trigger(), delay);
  }
}
