import { type HolderState } from '../holder-types.js';
import { type LedgerAttempt, type LedgerShard } from '../ledger-types.js';
import { newShard } from '../ledger.js';
import { type RowBook } from '../row-book.js';
import { ALL_RULES, type Rules } from '../rules.js';

/** How large a world is explored. */
export interface Size {
  readonly rows: number;
  readonly members: number;
  /** Kills, stops, lost replies, leases that run out of the living, losses of the journal, changes of executor: so many at most. */
  readonly faults: number;
  /** Second attempts beside a first one. */
  readonly seconds: number;
  /** Splits of a shard into its rows, by halves. */
  readonly splits: number;
  /** Further generations over all rows, after the one before is committed. */
  readonly redrives: number;
  /** Commits take two steps, between which another executor may take over. */
  readonly executors: 1 | 2;
  /** The stage may be cancelled. */
  readonly cancels: boolean;
  /** Whoever calls the last row dies of it. Deaths are seen then; that one is not is a fault. */
  readonly poison: boolean;
  readonly rules: Rules;
}

export const SMALL: Size = {
  rows: 2,
  members: 2,
  faults: 2,
  seconds: 1,
  splits: 0,
  redrives: 0,
  executors: 1,
  cancels: false,
  poison: false,
  rules: ALL_RULES,
};

/** An attempt as its member holds it, with what the member's surroundings know of it. */
export interface Hold {
  readonly token: string;
  readonly shard: number;
  readonly state: HolderState;
  readonly rows: RowBook;
  /** The member's own clock has not passed the lease's end since the last renewal that it heard of. */
  readonly fresh: boolean;
  /** Rows that the journals held when this attempt read them, as bits. */
  readonly known: number;
  /** The rows are not to be called: they fail. */
  readonly condemned: boolean;
}

export interface MemberWorld {
  readonly life: 'up' | 'down' | 'stopped';
  readonly boot: number;
  readonly hold: Hold | null;
}

export interface PartWorld {
  readonly token: string;
  readonly write: number;
  /** Rows in it, as bits. */
  readonly rows: number;
}

/** A commit whose part was looked up, and whose transition is still to come. */
export interface CommitUnderWay {
  readonly token: string;
  readonly write: number;
  readonly found: boolean;
  readonly epoch: number;
}

export interface ShardWorld {
  readonly ledger: LedgerShard;
  /** The generation's first shard: shards that came of one by splits share their journals. */
  readonly origin: number;
}

export interface World {
  readonly shards: readonly ShardWorld[];
  readonly members: readonly MemberWorld[];
  readonly tokens: number;
  readonly boots: number;
  /** Rows in the journals of each origin, as bits. */
  readonly journals: Readonly<Record<number, number>>;
  readonly incarnation: number;
  readonly parts: Readonly<Record<string, PartWorld>>;
  readonly commits: readonly CommitUnderWay[];
  readonly epoch: number;
  /** Calls of each row, of all generations together. */
  readonly calls: readonly number[];
  readonly faults: number;
  readonly seconds: number;
  readonly splits: number;
  readonly redrives: number;
  /** Members that died of the row that kills. */
  readonly crashes: number;
  /** A call was made for a row that the attempt had read in a journal. */
  readonly wasted: boolean;
  /** A call was begun on a lease that the ledger had run out. */
  readonly late: boolean;
}

export const bitsOf = (rows: Iterable<number>): number => {
  let bits = 0;
  for (const row of rows) bits |= 1 << row;
  return bits;
};

export const rowsOf = (ledger: LedgerShard): number[] =>
  Array.from({ length: ledger.range.last - ledger.range.first + 1 }, (_, i) => ledger.range.first + i);

export const startWorld = (size: Size): World => ({
  shards: [{ ledger: newShard({ first: 0, last: size.rows - 1 }), origin: 0 }],
  members: Array.from({ length: size.members }, (_, boot) => ({ life: 'up', boot, hold: null })),
  tokens: 0,
  boots: size.members,
  journals: {},
  incarnation: 1,
  parts: {},
  commits: [],
  epoch: 1,
  calls: Array.from({ length: size.rows }, () => 0),
  faults: 0,
  seconds: 0,
  splits: 0,
  redrives: 0,
  crashes: 0,
  wasted: false,
  late: false,
});

/** The row that kills; -1 if none does. */
export const killerOf = (size: Size): number => (size.poison ? size.rows - 1 : -1);

export const attemptOf = (world: World, shard: number, token: string): LedgerAttempt | undefined =>
  world.shards[shard]?.ledger.attempts.find((attempt) => attempt.token === token);

/** The shard of a token: the last one, should a token have been given twice. */
export const shardOfToken = (world: World, token: string): number =>
  world.shards.findLastIndex(({ ledger }) => ledger.attempts.some((attempt) => attempt.token === token));

/** Where an attempt writes its part. */
export const partName = (token: string, write: number, rules: Rules): string =>
  rules.has('part-named-by-token') ? `${token}.${write}` : 'part';
