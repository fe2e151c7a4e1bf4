import { ALL_RULES, type Rules } from '../rules.js';
import { Cluster, type ClusterSize } from './cluster.js';
import { LATE_MS } from './network.js';
import { type Fault, FAULTS, unleash } from './nemesis.js';
import { Random } from './random.js';
import { BrokenInvariant } from './watch.js';

export interface SimulationOptions {
  readonly rules?: Rules;
  /** Kinds of faults that may happen. Default all. */
  readonly faults?: readonly Fault[];
  /** Told what happens, line by line. */
  readonly trace?: (line: () => string) => void;
}

export interface Simulation {
  readonly seed: number;
  /** Null if all invariants held to the end. */
  readonly broken: string | null;
  readonly steps: number;
  /** Virtual milliseconds. */
  readonly lasted: number;
  readonly extraCalls: number;
}

const SIZE: ClusterSize = { members: 3, shards: 10, rowsPerShard: 50 };
/** Every so many seeds one with a row that kills, and one whose stage is cancelled. */
const KILLER_EVERY = 4;
const CANCEL_EVERY = 16;
const LOOK_MS = 1_000;
/** Nothing is left, and nothing came of requests that were under way then. */
const CALM_LOOKS = 2;
/** After all is healed; a lease that was given while the ledger's clock was ahead lasts for an hour. */
const BOUND_MS = 4_500_000;
export const HANGS = 'the run comes to its end, and leaves no journal and no part that nothing names';

/** One schedule of the whole cluster, as the seed has it. */
export const simulate = (
  seed: number,
  { rules = ALL_RULES, faults = FAULTS, trace = () => undefined }: SimulationOptions = {},
): Simulation => {
  const random = new Random(seed);
  const killer = seed % KILLER_EVERY === 0 ? random.below(SIZE.shards * SIZE.rowsPerShard) : -1;
  const cluster = new Cluster(random, rules, killer, SIZE, trace);
  const { schedule } = cluster;
  let healedAt = Infinity;
  let broken: string | null = null;
  unleash(cluster, ~seed, faults, () => (healedAt = schedule.now));
  const cancelled = seed % CANCEL_EVERY === 1;
  if (cancelled) schedule.after(random.between(5_000, 60_000), () => cluster.cancel());
  try {
    for (let calm = 0; calm < CALM_LOOKS;) {
      const look = schedule.now + LOOK_MS;
      while (schedule.now < look) schedule.step();
      const remains = schedule.now < healedAt + LATE_MS ? 'what comes late' : cluster.remains();
      calm = remains === null ? calm + 1 : 0;
      if (schedule.now > healedAt + BOUND_MS) throw new BrokenInvariant(`${HANGS}: ${remains}`);
    }
    if (!cancelled) cluster.watch.complete(cluster.ledger.shards);
  } catch (thrown) {
    if (!(thrown instanceof BrokenInvariant)) throw thrown;
    broken = thrown.message;
    cluster.note(() => `BROKEN at step ${schedule.steps}: ${broken}`);
  }
  const extraCalls = cluster.watch.calls.reduce((sum, calls) => sum + Math.max(0, calls - 1), 0);
  return { seed, broken, steps: schedule.steps, lasted: schedule.now, extraCalls };
};
