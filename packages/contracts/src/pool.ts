import { z } from 'zod';
import { PoolName } from './ids.js';

/** Who keeps the members of a pool: the executor as its children, a Ray cluster at its word, or somebody else. */
export const PoolBackendKind = z.enum(['processes', 'ray', 'external']);
export type PoolBackendKind = z.infer<typeof PoolBackendKind>;

const count = z.number().int().nonnegative();

/** A pool as it is: who works in it, and what waits for it. */
export const PoolReport = z.strictObject({
  name: PoolName,
  backend: PoolBackendKind,
  /** Members that are always kept, members at most, and how many there shall be now; null where somebody else decides. */
  min: count.nullable(),
  max: count.nullable(),
  wanted: count.nullable(),
  /** `placing`: no node has room yet; `starting`: has not joined yet; `draining`: takes no more work; `restarting`: ended, and is started again after a wait. */
  members: z.strictObject({ placing: count, starting: count, running: count, draining: count, restarting: count }),
  /** Of running members: calls that they may have in flight, and how many of them attempts hold. */
  slots: z.strictObject({ total: count, used: count }),
  /** Slots that shards want which nobody holds, within the limits of their runs; of each stage as many shards count as would fill the pool. */
  backlog: count,
  /** Resident memory of the largest running member, in MiB; null without one. */
  largestMb: z.number().nonnegative().nullable(),
  /** What its work waits for while nobody works, or some of its members while others do; null if there is nothing to wait for, or to do. */
  waiting: z.string().nullable(),
  /** Members end again and again at their start: how often in a row, why, what they printed last, and when the next one is started. */
  crashLoop: z.strictObject({ ends: count, reason: z.string(), lastLines: z.array(z.string()), nextStartAt: z.iso.datetime() }).nullable(),
  /** The last end of a member that was not for want of work. */
  lastEnd: z.strictObject({ at: z.iso.datetime(), reason: z.string() }).nullable(),
});
export type PoolReport = z.infer<typeof PoolReport>;
