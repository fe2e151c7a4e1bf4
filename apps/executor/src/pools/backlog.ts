/** What a run wants of a pool. */
export interface RunBacklog {
  readonly ownerId: string;
  readonly pool: string;
  /** Slots that its shards want which nobody holds: of each as many as it has rows, one member's at most. */
  readonly wanted: number;
  /** Calls that the run may have in flight in all pools; null for no limit. */
  readonly limit: number | null;
  /** Slots that its attempts hold, in all pools. */
  readonly inFlight: number;
}

/** Slots wanted of each pool. What a run has left of its limit is counted once: a pool that comes later gets what is left of it. */
export const backlogOf = (runs: readonly RunBacklog[]): Map<string, number> => {
  const room = new Map<string, number>();
  const backlog = new Map<string, number>();
  for (const { ownerId, pool, wanted, limit, inFlight } of runs) {
    const left = room.get(ownerId) ?? (limit === null ? Infinity : Math.max(0, limit - inFlight));
    const counted = Math.min(wanted, left);
    room.set(ownerId, left - counted);
    backlog.set(pool, (backlog.get(pool) ?? 0) + counted);
  }
  return backlog;
};
