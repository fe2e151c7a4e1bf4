import { ApwaError, TransientError } from '@apwa/contracts';

/** Milliseconds between two tries of one who was told of a transient error. */
const AGAIN_MS = 10;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whoever asks the executor in a test of faults: tries again while that may help, and keeps what it was told. */
export class Patience {
  /** Codes of the transient errors that askers heard. */
  readonly heard = new Map<string, number>();
  readonly #until: number;

  constructor(patienceMs: number) {
    this.#until = performance.now() + patienceMs;
  }

  get over(): boolean {
    return performance.now() > this.#until;
  }

  /** Throws what is not transient, and what does not heal in time. */
  async ask<T>(request: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await request();
      } catch (thrown) {
        const error = ApwaError.from(thrown);
        if (!(error instanceof TransientError) || this.over) throw error;
        this.heard.set(error.code, (this.heard.get(error.code) ?? 0) + 1);
        await pause(AGAIN_MS);
      }
  }
}
