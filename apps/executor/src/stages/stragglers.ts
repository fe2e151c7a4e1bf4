import { type ShardRange, sizeOf } from '@apwa/contracts';

/** An open shard of a stage in its last stretch. */
export interface OpenShard {
  readonly shardId: string;
  readonly range: ShardRange;
  /** Attempts at it that are active. */
  readonly attempts: number;
  /** Calls in flight of the oldest of them at most. */
  readonly slots: number;
  /** Milliseconds since that one was claimed. */
  readonly ageMs: number;
  /** Members have crashed at it: it is slow on purpose. */
  readonly suspect: boolean;
  /** A second attempt is wanted already. */
  readonly wanted: boolean;
}

/** What is known of a stage that may have stragglers. */
export interface StageTail {
  readonly shards: number;
  /** Shards that their first attempt has committed. */
  readonly committed: number;
  /** Of nine tenths of these, milliseconds per round of calls at most: from claim to commit, by rows for each slot. */
  readonly paceMs: number;
  /** Second attempts that were ever made. */
  readonly copies: number;
  readonly open: readonly OpenShard[];
}

/** Fewer are no distribution. */
const MIN_COMMITTED = 3;
/** How many times slower than nine tenths of the others a shard must be. */
const FACTOR = 2;
/** Shards of a stage that two members run at once. */
const AT_ONCE = 4;
/** Of a stage's shards this share is run twice at most, but `AT_ONCE` of them in any case: a member that stands still holds several. */
const SHARE = 0.1;

/** Rounds of calls that a shard takes with its slots. Shards get smaller towards a stage's end, so time per row alone misleads. */
const roundsOf = (range: ShardRange, slots: number): number => Math.ceil(sizeOf(range) / slots);

/**
 * Shards that get a second attempt, the latest first: those that lag behind their stage's own pace when nothing of it is left to give
 * out. Pure. `minAgeMs`: nothing younger is late.
 */
export const stragglersOf = ({ shards, committed, paceMs, copies, open }: StageTail, minAgeMs: number): string[] => {
  if (committed < MIN_COMMITTED || open.some(({ attempts }) => attempts === 0)) return [];
  const waiting = open.filter(({ wanted }) => wanted).length;
  const now = waiting + open.filter(({ attempts }) => attempts > 1).length;
  const room = Math.min(AT_ONCE - now, Math.max(AT_ONCE, Math.ceil(shards * SHARE)) - copies - waiting);
  const lateness = ({ range, slots, ageMs }: OpenShard): number => ageMs / (paceMs * roundsOf(range, slots));
  return open
    .filter((shard) => shard.attempts === 1 && !shard.wanted && !shard.suspect)
    .filter((shard) => shard.ageMs >= minAgeMs && lateness(shard) > FACTOR)
    .sort((a, b) => lateness(b) - lateness(a))
    .slice(0, Math.max(0, room))
    .map(({ shardId }) => shardId);
};
