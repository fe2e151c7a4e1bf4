import { bitsOf, killerOf, partName, rowsOf, type Size, type World } from './world.js';

export type Invariant = (world: World, size: Size) => boolean;

const partOfWinner = (world: World, shard: number) => {
  const ledger = world.shards[shard]?.ledger;
  return ledger?.part ? world.parts[ledger.part.key] : undefined;
};

export const ONLY_KILLERS = 'nothing is condemned but the row that kills';
export const NO_HANG = 'from every state there is a way to the end';

/** What holds in every state, by its name. */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  'a committed part exists, is the one that won, and holds every row': (world) =>
    world.shards.every(({ ledger }, shard) => {
      if (ledger.state !== 'committed') return true;
      const part = partOfWinner(world, shard);
      const rows = bitsOf(rowsOf(ledger));
      return part !== undefined && part.token === ledger.winner && (part.rows & rows) === rows;
    }),
  'one attempt of a shard at most has won': (world) =>
    world.shards.every(({ ledger }) => {
      const winners = ledger.attempts.filter(({ state }) => state === 'won');
      return ledger.state === 'committed' ? winners.length === 1 && winners[0]?.token === ledger.winner : winners.length === 0;
    }),
  'committed ranges of a generation are disjoint': (world) => {
    const taken: Record<number, number> = {};
    return world.shards.every(({ ledger }) => {
      if (ledger.state !== 'committed') return true;
      const rows = bitsOf(rowsOf(ledger));
      const before = taken[ledger.generation] ?? 0;
      taken[ledger.generation] = before | rows;
      return (before & rows) === 0;
    });
  },
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
