/** An attempt whose rows run or are about to, as far as the sharing of slots looks at it. */
export interface Sharer {
  readonly token: string;
  readonly ownerId: string;
  /** Of its run, beside others. */
  readonly weight: number;
  /** Slots that it holds. */
  readonly held: number;
  /** Further slots that it could use now: it has rows that have not begun, and its run's limit leaves room. */
  readonly room: number;
}

/** What the last answer without a shard was an answer to: there is none at all, or none of anybody besides these owners. */
export type Emptiness = 'unknown' | 'for_all' | { besides: readonly string[] };

export type Move =
  /** Ask for shards; not for those of owners whose rows at hand could use what is free. */
  | { kind: 'claim'; saturated: string[] }
  /** Give free slots to rows at hand. */
  | { kind: 'spread' }
  | { kind: 'wait' };

export interface FreeSlots {
  readonly free: number;
  readonly total: number;
  /** So much is free that asking for shards is worth a request. */
  readonly worthClaiming: boolean;
}

/** Of a run's share by its weight, what it has before others are given further shards: it may have come when a single slot was free. */
const LEAST_SHARE = 0.5;

/**
 * What is done with free slots. Runs that have nothing here come first. Rows at hand take what is left of it: shards of a run are
 * then claimed one after the other as they are needed, and not many side by side with few slots each, of which one would lag behind.
 * With several runs here, each of which has some slots, whose turn it is only the executor can say.
 */
export const nextMove = ({ free, total, worthClaiming }: FreeSlots, sharers: readonly Sharer[], emptiness: Emptiness): Move => {
  if (free === 0) return { kind: 'wait' };
  const hungry = new Set(sharers.filter(({ room }) => room > 0).map(({ ownerId }) => ownerId));
  // Where no rows are at hand the next shard is claimed for the first slot that is free, and gets the others as they become so.
  if (hungry.size === 0) return emptiness === 'for_all' ? { kind: 'wait' } : { kind: 'claim', saturated: [] };
  if (emptiness === 'for_all') return { kind: 'spread' };
  // However little is free: what the others would begin with grows as those that are here give back.
  const known = emptiness !== 'unknown' && emptiness.besides.every((owner) => hungry.has(owner));
  if (!known) return { kind: 'claim', saturated: [...hungry] };
  const shares = sharesOf(sharers);
  const weights = [...shares.values()].reduce((sum, { weight }) => sum + weight, 0);
  const least = Math.min(...[...hungry].map((owner) => perWeight(shares.get(owner))));
  if (shares.size === 1 || !worthClaiming || least < (LEAST_SHARE * total) / weights) return { kind: 'spread' };
  return { kind: 'claim', saturated: [] };
};

/** Free slots one by one to the run that has the fewest for its weight, and there to the attempt that has the fewest. By token, what is added. */
export const spread = (free: number, sharers: readonly Sharer[]): Map<string, number> => {
  const added = new Map<string, number>();
  const of = ({ token }: Sharer) => added.get(token) ?? 0;
  const shares = sharesOf(sharers);
  for (let left = free; left > 0; left--) {
    const [first, ...others] = sharers.filter((one) => one.room > of(one));
    if (!first) break;
    const next = others.reduce((best, one) => {
      const difference = perWeight(shares.get(one.ownerId)) - perWeight(shares.get(best.ownerId));
      return difference < 0 || (difference === 0 && one.held + of(one) < best.held + of(best)) ? one : best;
    }, first);
    added.set(next.token, of(next) + 1);
    const share = shares.get(next.ownerId);
    if (share) share.held++;
  }
  return added;
};

interface Share {
  readonly weight: number;
  held: number;
}

/** What the runs here hold. */
const sharesOf = (sharers: readonly Sharer[]): Map<string, Share> => {
  const shares = new Map<string, Share>();
  for (const { ownerId, weight, held } of sharers) shares.set(ownerId, { weight, held: held + (shares.get(ownerId)?.held ?? 0) });
  return shares;
};

const perWeight = (share: Share | undefined): number => (share ? share.held / share.weight : 0);

/**
 * The slots that attempts may keep when another run may have come, of which nothing is known: together they leave it the share of a run
 * of weight 1, and among themselves what is beyond a run's own share goes to the others. By token, only of those that have to give some
 * up, which they do as their rows end; each keeps one.
 */
export const makeRoom = (total: number, free: number, sharers: readonly Sharer[]): Map<string, number> => {
  const shares = sharesOf(sharers);
  const weights = [...shares.values()].reduce((sum, { weight }) => sum + weight, 1);
  const kept = new Map<string, number>();
  if (free >= Math.floor(total / weights)) return kept;
  for (const { token, ownerId, weight, held } of sharers) {
    const own = Math.floor((total * weight) / weights);
    const keeps = Math.max(1, Math.floor((held * own) / Math.max(own, shares.get(ownerId)?.held ?? 0)));
    if (keeps < held) kept.set(token, keeps);
  }
  return kept;
};
