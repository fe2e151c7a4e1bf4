import { type ShardRange } from '@apwa/contracts';
import { type LedgerPart, type LedgerShard } from '../ledger-types.js';
import { killerOf, partName, rowsOf, type Size, type World } from './world.js';

export type Invariant = (world: World, size: Size) => boolean;

export const ONLY_KILLERS = 'nothing is condemned but the row that kills';
export const NO_HANG = 'from every state there is a way to the end';

/** What the ledger and the store show, of whatever world. */
export interface LedgerView {
  readonly shards: readonly { readonly ledger: LedgerShard }[];
  /** What the store has of a part that a commit names, if it is the one. */
  part(named: LedgerPart): PartView | undefined;
}

interface PartView {
  readonly token: string;
  holds(row: number): boolean;
}

const holdsAll = (part: PartView, { first, last }: ShardRange): boolean => {
  for (let row = first; row <= last; row++) if (!part.holds(row)) return false;
  return true;
};

const areApart = (a: LedgerShard, b: LedgerShard): boolean =>
  a.generation !== b.generation || a.range.last < b.range.first || b.range.last < a.range.first;

/** What holds at any time of the ledger and the store, by its name. */
export const LEDGER_INVARIANTS: Readonly<Record<string, (view: LedgerView) => boolean>> = {
  'a committed part exists, is the one that won, and holds every row': (view) =>
    view.shards.every(({ ledger }) => {
      if (ledger.state !== 'committed') return true;
      const part = ledger.part ? view.part(ledger.part) : undefined;
      return part !== undefined && part.token === ledger.winner && holdsAll(part, ledger.range);
    }),
  'one attempt of a shard at most has won': ({ shards }) =>
    shards.every(({ ledger }) => {
      const winners = ledger.attempts.filter(({ state }) => state === 'won');
      return ledger.state === 'committed' ? winners.length === 1 && winners[0]?.token === ledger.winner : winners.length === 0;
    }),
  'committed ranges of a generation are disjoint': ({ shards }) => {
    const committed = shards.map(({ ledger }) => ledger).filter(({ state }) => state === 'committed');
    return committed.every((one, i) => committed.every((other, j) => j >= i || areApart(one, other)));
  },
};

const viewOf = ({ shards, parts }: World): LedgerView => ({
  shards,
  part: ({ key }) => {
    const part = parts[key];
    return part && { token: part.token, holds: (row) => (part.rows & (1 << row)) !== 0 };
  },
});

/** What holds in every state, by its name. */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  ...Object.fromEntries(Object.entries(LEDGER_INVARIANTS).map(([name, holds]) => [name, (world: World) => holds(viewOf(world))])),
  'no attempt calls a row that the journal held when it read it': (world) => !world.wasted,
  'no call is begun on a lease that ran out': (world) => !world.late,
  'a row is called once in a generation, and once more for each fault, crash and second attempt at most': (world) =>
    world.calls.every((calls) => calls <= 1 + world.redrives + world.faults + world.crashes + world.seconds),
  [ONLY_KILLERS]: (world, size) =>
    world.shards.every(({ ledger }) => ledger.suspicion !== 'condemned' || rowsOf(ledger).every((row) => row === killerOf(size))),
};

/** Everything is over, and nothing is left that nobody needs. */
export const isEnd = (world: World, size: Size): boolean => {
  if (!world.members.every(({ life, hold }) => life === 'up' && !hold) || world.commits.length > 0) return false;
  if (Object.values(world.journals).some((rows) => rows > 0)) return false;
  const named = new Set<string>();
  for (const { ledger } of world.shards) {
    if (ledger.state === 'open' && ledger.stage === 'running') return false;
    if (ledger.part && ledger.winner) named.add(partName(ledger.winner, Number(ledger.part.key.split('.')[1] ?? 1), size.rules));
  }
  return Object.keys(world.parts).every((name) => named.has(name));
};
