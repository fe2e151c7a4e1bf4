import { type PoolConfig } from '@apwa/config';

/** What a pool has to do, and who is there for it. */
export interface Demand {
  /** Slots that attempts hold, and those that shards want which nobody holds. */
  readonly wanted: number;
  /** Members that have joined and take work. */
  readonly there: number;
  /** Members on their way: they have been started, or will be, and have not joined yet. */
  readonly starting: number;
  /** Milliseconds for which the member that would be missed least has had nothing to do; null if all have something. */
  readonly idleMs: number | null;
}

type Bounds = Pick<PoolConfig, 'slots' | 'min' | 'max'>;

/** How many members so many slots take, within the pool's bounds. */
export const membersFor = (wanted: number, { slots, min, max }: Bounds): number => Math.min(max, Math.max(min, Math.ceil(wanted / slots)));

/**
 * How many members a pool shall have. As soon as more is wanted than those that are there and on their way can take, it grows to
 * what that takes. It shrinks by one at a time, and only by one that has been idle for long: work that comes and goes, or is spread
 * thinly over members, makes nobody come and go.
 */
export const wishFor = ({ wanted, there, starting, idleMs }: Demand, pool: Bounds & Pick<PoolConfig, 'idleMs'>): number => {
  const needed = membersFor(wanted, pool);
  const here = there + starting;
  if (needed >= here) return needed;
  return idleMs !== null && idleMs >= pool.idleMs ? here - 1 : here;
};
