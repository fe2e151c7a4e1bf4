/**
 * Whose turn it is, by start-time fair queuing: a run's clock goes on by the rows it was given, divided by its weight, and the
 * run whose clock stands lowest is next. The pool's clock follows the run that was served last, so that one which asks for the
 * first time, or again after a rest, begins there and not with credit for the time in which it wanted nothing.
 */
export interface Contender {
  readonly ownerId: string;
  readonly virtualTime: number;
  readonly weight: number;
}

/** Where a contender's next share begins on the pool's clock. */
const startOf = ({ virtualTime }: Contender, poolTime: number): number => Math.max(virtualTime, poolTime);

/** The contender whose turn it is; ties go by the id, which is older first. */
export const nextOf = <C extends Contender>(contenders: readonly C[], poolTime: number): C | undefined =>
  contenders.reduce<C | undefined>((best, one) => {
    if (!best) return one;
    const difference = startOf(one, poolTime) - startOf(best, poolTime);
    return difference < 0 || (difference === 0 && one.ownerId < best.ownerId) ? one : best;
  }, undefined);

/** The clocks after `rows` were given to a contender. */
export const served = (contender: Contender, poolTime: number, rows: number): { virtualTime: number; poolTime: number } => {
  const start = startOf(contender, poolTime);
  return { virtualTime: start + rows / contender.weight, poolTime: start };
};

export interface SlotQuestion {
  /** Free slots of the member that asks. */
  readonly free: number;
  /** Runs that wait for this pool, the one that is served among them. */
  readonly waiting: number;
  readonly rows: number;
  /** What the run may have in flight in all; null for no limit. */
  readonly limit: number | null;
  readonly inFlight: number;
}

/** Runs that may share the slots of one member at the same time: with more each would crawl. */
const MAX_SHARING = 4;

/**
 * How many of a member's slots an attempt gets; 0 if the run's limit leaves none. No more than it has rows, a share where others
 * wait, and half of a limit at most, so that the next shard starts before the slowest row of this one is back.
 */
export const slotsFor = ({ free, waiting, rows, limit, inFlight }: SlotQuestion): number => {
  const share = Math.ceil(free / Math.min(Math.max(1, waiting), MAX_SHARING));
  const allowed = limit === null ? Infinity : Math.min(limit - inFlight, Math.ceil(limit / 2));
  return Math.max(0, Math.min(free, share, rows, allowed));
};
