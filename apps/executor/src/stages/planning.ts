import { type ShardRange } from '@apwa/contracts';

/** The most rows of a shard: what a death may have to read again, and a part's size. */
export const MAX_SHARD_ROWS = 1_000;
/** The fewest, as a share of a member's slots: rows that begin at once end at once, and a shard costs a claim and a commit. */
const MIN_SLOTS_SHARE = 1 / 2;
/** A stage has no more shards than this: with an attempt each, a million rows stay below ten thousand ledger rows. */
const MAX_SHARDS = 4_000;
/** Each shard is this share of what is left per member: the last ones are small, so that members finish together. */
const TURNS = 2;

/** Who will work on a stage: how many members, each with how many calls in flight. */
export interface Workforce {
  members: number;
  slots: number;
}

/** Shards that cover subtasks 0 to `subtasks` − 1 without gap or overlap, getting smaller towards the end. None for none. */
export const planShards = (subtasks: number, { members, slots }: Workforce): ShardRange[] => {
  const worthwhile = Math.min(MAX_SHARD_ROWS, Math.ceil(slots * MIN_SLOTS_SHARE), Math.ceil(subtasks / Math.max(1, members)));
  const fewest = Math.max(1, worthwhile, Math.ceil(subtasks / MAX_SHARDS));
  const ranges: ShardRange[] = [];
  for (let first = 0; first < subtasks;) {
    const left = subtasks - first;
    const guided = Math.ceil(left / (TURNS * Math.max(1, members)));
    const most = Math.max(MAX_SHARD_ROWS, fewest);
    const size = Math.min(left, Math.max(fewest, Math.min(most, guided)));
    ranges.push({ first, last: first + size - 1 });
    first += size;
  }
  return ranges;
};
