interface Due {
  readonly at: number;
  /** Of two that are due at once the one that was asked for first comes first. */
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A clock that goes on to whatever is due next: a binary heap. */
export class Schedule {
  /** Milliseconds since the start. */
  now = 0;
  steps = 0;
  #ordered = 0;
  readonly #heap: Due[] = [];

  after(ms: number, run: () => void): void {
    const due: Due = { at: this.now + ms, order: this.#ordered++, run };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(due, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  /** Runs what is due next. */
  step(): void {
    const due = this.#pop();
    if (!due) throw new Error('nothing is due any more');
    this.now = due.at;
    this.steps++;
    due.run();
  }

  #pop(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** As an operating system has it: what comes to a stopped process waits until it continues, and nothing comes to a dead one. */
export class Process {
  life: 'up' | 'stopped' | 'dead' = 'up';
  #waiting: (() => void)[] = [];

  constructor(private readonly schedule: Schedule) {}

  run(action: () => void): void {
    if (this.life === 'up') action();
    else if (this.life === 'stopped') this.#waiting.push(action);
  }

  after(ms: number, action: () => void): void {
    this.schedule.after(ms, () => this.run(action));
  }

  stop(): void {
    if (this.life === 'up') this.life = 'stopped';
  }

  continue(): void {
    if (this.life !== 'stopped') return;
    this.life = 'up';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) this.run(action);
  }

  kill(): void {
    this.life = 'dead';
    this.#waiting = [];
  }
}
