import { reasonOf } from '../abort.js';

/** A bounded number of places, given in the order in which they were asked for. */
export class Places {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Resolves with what gives the place back. Rejects with the signal's reason. */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await this.wait(signal);
    return () => this.giveBack();
  }

  private wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = () => {
        this.waiting.delete(turn);
        reject(reasonOf(signal));
      };
      this.waiting.add(turn);
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  private giveBack(): void {
    const [next] = this.waiting;
    if (!next) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
