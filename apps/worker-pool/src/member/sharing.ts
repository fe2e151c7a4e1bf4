/** An attempt whose rows run or are about to, as far as the sharing of slots looks at it. */
export interface Sharer {
  readonly token: string;
  readonly ownerId: string;
  /** Slots that it holds. */
  readonly held: number;
  /** Further slots that it could use now: it has rows that have not begun, and its run's limit leaves room. */
  readonly room: number;
}

/** What the last answer without a shard was an answer to: nobody else has any, or there is none at all. */
export type Emptiness = 'unknown' | 'for_others' | 'for_all';

export type Move =
  /** Ask for shards; not for those of owners whose rows at hand fill the member. */
  | { kind: 'claim'; saturated: string[] }
  /** Give free slots to rows at hand. */
  | { kind: 'spread' }
  | { kind: 'wait' };

/** The owner whose rows at hand could use every free slot, if nobody else has any here. */
const soleOwner = (sharers: readonly Sharer[]): string | undefined => {
  const [first] = sharers;
  return first && sharers.every(({ ownerId }) => ownerId === first.ownerId) && sharers.some(({ room }) => room > 0)
    ? first.ownerId
    : undefined;
};

/**
 * What is done with free slots. Rows at hand of the only run here take them, once it is known that no other run waits: shards are
 * then claimed one after the other as they are needed, and not many side by side with few slots each, of which one would lag behind.
 * With several runs here, whose turn it is only the executor can say.
 */
export const nextMove = (free: number, worthClaiming: boolean, sharers: readonly Sharer[], emptiness: Emptiness): Move => {
  if (free === 0) return { kind: 'wait' };
  const sole = soleOwner(sharers);
  // However little is free: what the others would begin with grows as the run that is here gives back.
  if (sole !== undefined && emptiness === 'unknown') return { kind: 'claim', saturated: [sole] };
  const hungry = sharers.some(({ room }) => room > 0);
  // Where no rows are at hand the next shard is claimed for the first slot that is free, and gets the others as they become so.
  if (sole === undefined && emptiness !== 'for_all' && (worthClaiming || !hungry)) return { kind: 'claim', saturated: [] };
  return hungry ? { kind: 'spread' } : { kind: 'wait' };
};

/** Free slots one by one to the run that has the fewest, and there to the attempt that has the fewest. By token, what is added. */
export const spread = (free: number, sharers: readonly Sharer[]): Map<string, number> => {
  const added = new Map<string, number>();
  const of = ({ token }: Sharer) => added.get(token) ?? 0;
  const owners = new Map<string, number>();
  for (const { ownerId, held } of sharers) owners.set(ownerId, (owners.get(ownerId) ?? 0) + held);
  const ownedBy = ({ ownerId }: Sharer) => owners.get(ownerId) ?? 0;
  for (let left = free; left > 0; left--) {
    const [first, ...others] = sharers.filter((one) => one.room > of(one));
    if (!first) break;
    const next = others.reduce((best, one) => {
      const difference = ownedBy(one) - ownedBy(best);
      return difference < 0 || (difference === 0 && one.held + of(one) < best.held + of(best)) ? one : best;
    }, first);
    added.set(next.token, of(next) + 1);
    owners.set(next.ownerId, ownedBy(next) + 1);
  }
  return added;
};

/**
 * The slots that attempts may keep when another run may have come: together they leave it an equal share. By token, only of those
 * that have to give some up, which they do as their rows end; each keeps one.
 */
export const makeRoom = (total: number, free: number, sharers: readonly Sharer[]): Map<string, number> => {
  const held = sharers.reduce((sum, one) => sum + one.held, 0);
  const owners = new Set(sharers.map(({ ownerId }) => ownerId)).size;
  const wanted = Math.floor(total / (owners + 1)) - free;
  if (held === 0 || wanted <= 0) return new Map();
  const share = Math.max(0, 1 - wanted / held);
  const kept = new Map<string, number>();
  for (const { token, held: has } of sharers) {
    const keeps = Math.max(1, Math.floor(has * share));
    if (keeps < has) kept.set(token, keeps);
  }
  return kept;
};
