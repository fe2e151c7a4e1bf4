/** What a figure was while it was watched. */
export interface Course {
  first: number;
  peak: number;
  last: number;
  /** Evenly spread over the time, thinned out to some hundreds at most. */
  samples: number[];
}

/** Milliseconds between two looks at first; doubled whenever there are too many samples. */
const INTERVAL_MS = 250;
const MOST_SAMPLES = 400;

/** Looks at named figures again and again until it is stopped. */
export class Watch {
  readonly #courses = new Map<string, Course>();
  #intervalMs = INTERVAL_MS;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void>;
  #stopped = false;

  constructor(private readonly read: () => Promise<ReadonlyMap<string, number>>) {
    this.#looking = this.#look();
  }

  /** What was seen, with a last look; throws what reading threw. */
  async stop(): Promise<Record<string, Course>> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#look();
    return Object.fromEntries(this.#courses);
  }

  async #look(): Promise<void> {
    for (const [name, value] of await this.read()) this.#note(name, value);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
      // Told by `stop()`; until then it must not count as unhandled.
      this.#looking.catch(() => undefined);
    }, this.#intervalMs);
  }

  #note(name: string, value: number): void {
    const course = this.#courses.get(name) ?? { first: value, peak: value, last: value, samples: [] };
    course.peak = Math.max(course.peak, value);
    course.last = value;
    course.samples.push(Math.round(value));
    this.#courses.set(name, course);
    if (course.samples.length <= MOST_SAMPLES) return;
    for (const other of this.#courses.values()) other.samples = other.samples.filter((_, index) => index % 2 === 0);
    this.#intervalMs *= 2;
  }
}
