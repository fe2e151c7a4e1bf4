import { EXIT, InterruptedError } from './exit.js';

/** Signals within this time, in milliseconds, are one press: the terminal, npm and the script above us each hand it on. */
const ONE_PRESS_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C: the first one asks for a clean end, a second one leaves at once. Children of an embedded stack end with this process
 * either way.
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly handle = () => this.press();
  private firstAt: number | undefined;
  private gentle: (() => void) | undefined;

  /** `leave` is what the second one does, `now` a clock in milliseconds. */
  constructor(
    private readonly leave: () => void = () => process.exit(EXIT.interrupted),
    private readonly now: () => number = () => performance.now(),
  ) {
    for (const name of SIGNALS) process.on(name, this.handle);
  }

  /** Aborted by the first one, unless there is a gentler way at that moment. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** While `work` is under way, the first one calls `gentle` instead of aborting. */
  async during<Result>(gentle: () => void, work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    this.gentle = gentle;
    try {
      return await work();
    } finally {
      this.gentle = undefined;
    }
  }

  stop(): void {
    for (const name of SIGNALS) process.off(name, this.handle);
  }

  private press(): void {
    const now = this.now();
    if (this.firstAt === undefined) {
      this.firstAt = now;
      if (this.gentle) this.gentle();
      else this.controller.abort(new InterruptedError());
    } else if (now - this.firstAt > ONE_PRESS_MS) this.leave();
  }
}
