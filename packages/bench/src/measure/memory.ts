import { residentMb } from './processes.js';

/** What a process had resident while it was watched. Mebibytes. */
export interface MemoryUse {
  first: number;
  peak: number;
  last: number;
  /** Evenly spread over the time, thinned out to at most some hundreds. */
  samples: number[];
}

/** Milliseconds between two looks at first; doubled whenever there are too many samples. */
const INTERVAL_MS = 250;
const MOST_SAMPLES = 400;

/** Watches the resident memory of named processes until it is stopped. */
export class MemoryWatch {
  readonly #uses = new Map<string, MemoryUse>();
  #intervalMs = INTERVAL_MS;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  /** `processes`: asked with each look, since processes may be replaced. */
  constructor(private readonly processes: () => Promise<ReadonlyMap<string, number>>) {
    this.#looking = this.#look();
  }

  async stop(): Promise<ReadonlyMap<string, MemoryUse>> {
    await this.#looking;
    clearTimeout(this.#timer);
    return this.#uses;
  }

  async #look(): Promise<void> {
    for (const [name, pid] of await this.processes()) {
      const resident = await residentMb(pid);
      if (resident !== null) this.#note(name, resident);
    }
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, this.#intervalMs);
  }

  #note(name: string, resident: number): void {
    const use = this.#uses.get(name) ?? { first: resident, peak: 0, last: 0, samples: [] };
    use.peak = Math.max(use.peak, resident);
    use.last = resident;
    use.samples.push(Math.round(resident));
    this.#uses.set(name, use);
    if (use.samples.length > MOST_SAMPLES) {
      for (const other of this.#uses.values()) other.samples = other.samples.filter((_, index) => index % 2 === 0);
      this.#intervalMs *= 2;
    }
  }
}
