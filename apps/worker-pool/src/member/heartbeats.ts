export interface HeartbeatsOptions {
  /** One heartbeat; how many milliseconds later the next one is due. Does not reject. */
  beat(): Promise<number>;
}

/** Beats at a steady pace, one at a time: a slow reply does not push the next beat back by its whole length. */
export class Heartbeats {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #beating: Promise<void> = Promise.resolve();

  constructor(private readonly options: HeartbeatsOptions) {}

  start(intervalMs: number): void {
    this.#stopped = false;
    this.#timer = setTimeout(() => this.#beat(), intervalMs);
  }

  /** Resolves when the beat under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
  }

  #beat(): void {
    const begun = performance.now();
    this.#beating = this.options.beat().then((intervalMs) => {
      const left = Math.max(intervalMs / 10, begun + intervalMs - performance.now());
      if (!this.#stopped) this.#timer = setTimeout(() => this.#beat(), left);
    });
  }
}
