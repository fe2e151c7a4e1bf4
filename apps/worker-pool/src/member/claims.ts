import { type Emptiness, type Move } from './sharing.js';

/** A member asks by itself this often, as hints may be lost, in milliseconds … */
const ASK_EVERY_MS = 2_000;
/** … give or take this share, so that the members of a pool don't ask in step. */
const JITTER = 0.25;

export interface ClaimsOptions {
  /** What to do with the slots that are free, after what the last answer said. */
  move(emptiness: Emptiness): Move;
  /** Asks once, not for shards of the saturated owners; whether there may be more than was given. */
  ask(saturated: string[]): Promise<{ more: boolean }>;
  /** Gives free slots to rows at hand. */
  spread(): void;
  /** Another run may have come: rows at hand give slots back as they end. */
  makeRoom(): void;
  failed(error: unknown): void;
}

/** What free slots are used for, and when to ask for shards: at a hint, when slots become free, and every now and then. One request at a time. */
export class Claims {
  #asking = false;
  #again = false;
  #emptiness: Emptiness = 'unknown';
  #hints = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;

  constructor(private readonly options: ClaimsOptions) {}

  start(): void {
    this.#stopped = false;
    this.#later();
    this.trigger();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** There may be shards where there were none. */
  hint(): void {
    this.options.makeRoom();
    this.#hints++;
    this.#emptiness = 'unknown';
    this.trigger();
  }

  /** Slots are free. */
  trigger(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (!this.#asking) void this.#lookWhileNeeded();
  }

  /** An attempt is over: of a run with a limit there may be shards now that there were not. */
  attemptEnded(): void {
    if (this.#emptiness === 'for_all') this.#emptiness = 'unknown';
    this.trigger();
  }

  async #lookWhileNeeded(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#look();
      }
    } catch (error) {
      this.options.failed(error);
    } finally {
      this.#asking = false;
    }
  }

  async #look(): Promise<void> {
    const move = this.options.move(this.#emptiness);
    switch (move.kind) {
      case 'wait':
        return;
      case 'spread':
        return this.options.spread();
      case 'claim': {
        const { saturated } = move;
        const hints = this.#hints;
        const { more } = await this.options.ask(saturated);
        // A hint that came meanwhile is about shards that the answer may not know.
        if (more || hints !== this.#hints) this.#emptiness = 'unknown';
        else this.#emptiness = saturated.length > 0 ? { besides: saturated } : 'for_all';
        // Whoever was given shards and has slots left asks for more; else they are spread.
        this.#again = true;
      }
    }
  }

  #later(): void {
    const delay = ASK_EVERY_MS * (1 - JITTER + 2 * JITTER * Math.random());
    this.#timer = setTimeout(() => {
      this.hint();
      this.#later();
    }, delay);
  }
}
