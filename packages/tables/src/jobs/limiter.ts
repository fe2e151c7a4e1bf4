/** Lets so many tasks run at once; the others wait in the order in which they came, and leave when their signal says so. */
export class Limiter {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly limit: number) {}

  async run<Result>(task: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.running >= this.limit) await this.turn(signal);
    else this.running += 1;
    try {
      return await task();
    } finally {
      const [next] = this.waiting;
      // The place goes over to the next task: the number of running ones stays.
      if (next) next();
      else this.running -= 1;
    }
  }

  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.delete(enter);
        reject(signal?.reason as Error);
      };
      const enter = (): void => {
        this.waiting.delete(enter);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.waiting.add(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
