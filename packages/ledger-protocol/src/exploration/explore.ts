import { INVARIANTS, isEnd, NO_HANG } from './invariants.js';
import { keyOf } from './key.js';
import { stepsOf } from './steps.js';
import { startWorld, type Size, type World } from './world.js';

export interface Exploration {
  readonly states: number;
  readonly ends: number;
  /** The largest number of calls beyond one per row and generation. */
  readonly extraCalls: number;
  /** Each broken invariant with the steps of a shortest way to it. */
  readonly broken: Readonly<Record<string, readonly string[]>>;
  /** Not all states were visited: there are more than `maxStates`, or the first break was enough. */
  readonly cut: boolean;
}

export interface ExploreOptions {
  /** Default 20,000,000. */
  readonly maxStates?: number;
  /** Stop at the first state that breaks an invariant. Default false. */
  readonly untilBroken?: boolean;
}

/** Pairs of numbers, growing. */
class Edges {
  #data = new Int32Array(1 << 16);
  #length = 0;

  get size(): number {
    return this.#length / 2;
  }

  add(from: number, to: number): void {
    if (this.#length === this.#data.length) {
      const larger = new Int32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length++] = from;
    this.#data[this.#length++] = to;
  }

  /** States from which one of `ends` can be reached. */
  reaching(ends: readonly number[], states: number): Uint8Array {
    const starts = new Int32Array(states + 1);
    for (let i = 1; i < this.#length; i += 2) starts[(this.#data[i] as number) + 1]!++;
    for (let i = 0; i < states; i++) starts[i + 1]! += starts[i]!;
    const filled = starts.slice();
    const sources = new Int32Array(this.size);
    for (let i = 0; i < this.#length; i += 2) sources[filled[this.#data[i + 1] as number]!++] = this.#data[i] as number;
    const reached = new Uint8Array(states);
    const todo = [...ends];
    for (const end of ends) reached[end] = 1;
    for (let state = todo.pop(); state !== undefined; state = todo.pop())
      for (let i = starts[state]!; i < starts[state + 1]!; i++) {
        const from = sources[i]!;
        if (reached[from]) continue;
        reached[from] = 1;
        todo.push(from);
      }
    return reached;
  }
}

/** Every state that the protocol can reach, breadth first, over the very functions that production calls. */
export const explore = (size: Size, { maxStates = 20_000_000, untilBroken = false }: ExploreOptions = {}): Exploration => {
  const seen = new Map<string, number>();
  const queue: (World | undefined)[] = [];
  const from: number[] = [];
  const labels: string[] = [];
  const calm = new Edges();
  const broken = new Map<string, number>();
  const ends: number[] = [];
  let extraCalls = 0;

  const add = (world: World, before: number, label: string): number => {
    const key = keyOf(world, size);
    const known = seen.get(key);
    if (known !== undefined) return known;
    const id = queue.length;
    seen.set(key, id);
    queue.push(world);
    from.push(before);
    labels.push(label);
    return id;
  };
  add(startWorld(size), -1, '');

  let i = 0;
  for (; i < queue.length && i < maxStates; i++) {
    const world = queue[i] as World;
    queue[i] = undefined;
    const faulty = Object.keys(INVARIANTS).filter((name) => !INVARIANTS[name]?.(world, size));
    for (const name of faulty) if (!broken.has(name)) broken.set(name, i);
    if (faulty.length > 0 && untilBroken) break;
    if (faulty.length > 0) continue;
    extraCalls = Math.max(extraCalls, world.calls.reduce((sum, calls) => sum + calls, 0) - size.rows * (1 + world.redrives));
    if (isEnd(world, size)) ends.push(i);
    for (const [label, next, fault] of stepsOf(world, size)) {
      const id = add(next, i, label);
      if (!fault) calm.add(i, id);
    }
  }
  const cut = i < queue.length;
  // Behind a broken state nothing was explored, so nothing can be said of ways from there.
  if (broken.size === 0 && !cut) {
    const stuck = calm.reaching(ends, queue.length).indexOf(0);
    if (stuck >= 0) broken.set(NO_HANG, stuck);
  }
  const wayTo = (state: number): string[] => {
    const way: string[] = [];
    for (let at = state; at > 0; at = from[at] ?? 0) way.unshift(labels[at] ?? '');
    return way;
  };
  return {
    states: queue.length,
    ends: ends.length,
    extraCalls,
    broken: Object.fromEntries([...broken].map(([name, state]) => [name, wayTo(state)])),
    cut,
  };
};
