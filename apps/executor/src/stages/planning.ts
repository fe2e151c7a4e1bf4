import { type ShardRange, sizeOf } from '@apwa/contracts';

/** The most rows of a shard: what a death may have to read again, and a part's size. */
export const MAX_SHARD_ROWS = 1_000;
/** The fewest where rows are many enough: a shard costs a claim and a commit … */
const MIN_SHARD_ROWS = 16;
/** … and where slots are many, this share of a member's: finer pieces would even out little. */
const MIN_SLOTS_SHARE = 1 / 8;
/** A stage has no more shards than this: with an attempt each, a million rows stay below ten thousand ledger rows. */
const MAX_SHARDS = 4_000;
/** Of a stage whose rows others take while it is under way, no shard has more than this share: a slow row holds back no more. */
const FOLLOWED_SHARE = 1 / 128;
const FOLLOWED_ROWS = 4;
/** Each shard is this share of what is left per member: the last ones are small, so that members finish together. */
const TURNS = 2;
/** Shards that fill slots without a rest may be this many times larger than they had to be. */
const COARSEST = 4;

/** Who will work on a stage: how many members, each with how many calls in flight. */
export interface Workforce {
  members: number;
  slots: number;
}

/** `followed`: others take its rows while it is under way. Shards that cover subtasks 0 to `subtasks` − 1 without gap or overlap, getting smaller towards the end. None for none. */
export const planShards = (subtasks: number, { members, slots }: Workforce, followed = false): ShardRange[] => {
  const each = Math.ceil(subtasks / Math.max(1, members));
  // What can begin at once is one piece for each member.
  const worthwhile = each <= slots ? each : Math.max(Math.min(MIN_SHARD_ROWS, slots), Math.ceil(slots * MIN_SLOTS_SHARE));
  const least = Math.ceil(subtasks / MAX_SHARDS);
  const fewest = Math.max(1, Math.min(MAX_SHARD_ROWS, worthwhile, each), least);
  const largest = followed ? Math.max(FOLLOWED_ROWS, Math.ceil(subtasks * FOLLOWED_SHARE)) : Infinity;
  const ranges: ShardRange[] = [];
  for (let first = 0; first < subtasks;) {
    const left = subtasks - first;
    const guided = Math.ceil(left / (TURNS * Math.max(1, members)));
    const most = Math.max(MAX_SHARD_ROWS, fewest);
    const wanted = Math.max(fewest, Math.min(most, guided));
    const size = Math.min(left, largest, each <= slots ? wanted : Math.max(least, filling(wanted, slots, fewest)));
    ranges.push({ first, last: first + size - 1 });
    first += size;
  }
  return ranges;
};

/**
 * A size like `size` that fills a member's slots without a rest: a multiple of them, or a part of them of which those that are smaller are
 * parts again, of `fewest` at least. With a model that takes as long for every row, a rest would wait for another whole call while others
 * are idle.
 */
const filling = (size: number, slots: number, fewest: number): number => {
  if (size >= slots) return Math.floor(size / slots) * slots;
  let part = slots;
  for (let smaller = part; smaller >= fewest && part > size; smaller = part / smallestFactorOf(part)) part = smaller;
  return part <= Math.min(MAX_SHARD_ROWS, COARSEST * size) ? part : size;
};

const smallestFactorOf = (number: number): number => {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return factor;
  return number;
};

/** The same for subtasks that are not all in one stretch: where one ends, so does a shard. */
export const planShardsOf = (stretches: readonly ShardRange[], workforce: Workforce, followed = false): ShardRange[] => {
  const subtasks = stretches.reduce((sum, stretch) => sum + sizeOf(stretch), 0);
  const planned = planShards(subtasks, workforce, followed).map(sizeOf);
  const ranges: ShardRange[] = [];
  let at = 0;
  let left = planned[0] ?? 0;
  for (const { first, last } of stretches) {
    for (let row = first; row <= last;) {
      const size = Math.min(left, last - row + 1);
      ranges.push({ first: row, last: row + size - 1 });
      row += size;
      left -= size;
      if (left === 0) left = planned[++at] ?? 0;
    }
  }
  return ranges;
};
