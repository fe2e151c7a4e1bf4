import { type AttemptState, type CommitContent, type Lane, type ShardState, type StageCounts, type StageState } from '@apwa/contracts';
import { type EndReason, type LedgerAttempt, type LedgerShard, type Suspicion } from '@apwa/ledger-protocol';

/** A stage's row, as far as transitions of its shards depend on it. */
export interface StageRow {
  id: string;
  ownerId: string;
  pool: string;
  lane: Lane;
  state: StageState;
  generation: number;
  place: bigint;
  shardsOpen: number;
  /** JSON of `StageCounts`. */
  counts: string;
  control: LedgerShard['control'];
}

export interface ShardRow {
  id: string;
  stageId: string;
  generation: number;
  place: bigint;
  first: number;
  last: number;
  state: ShardState;
  originId: string;
  winner: string | null;
  content: string | null;
  purged: boolean;
  suspicion: Suspicion;
}

export interface AttemptRow {
  token: string;
  shardId: string;
  memberId: string;
  number: number;
  state: AttemptState;
  /** On Postgres' clock, at the moment it was read. */
  leased: boolean;
  ended: EndReason | null;
  alone: boolean;
}

/** A shard as `decide` wants it, with what its rows need to be written back. */
export interface LedgerEntry {
  readonly stage: StageRow;
  readonly row: ShardRow;
  readonly shard: LedgerShard;
  readonly content: CommitContent | null;
}

export const entryOf = (stage: StageRow, row: ShardRow, attempts: readonly AttemptRow[]): LedgerEntry => {
  const content = row.content === null ? null : (JSON.parse(row.content) as CommitContent);
  return {
    stage,
    row,
    content,
    shard: {
      state: row.state,
      range: { first: row.first, last: row.last },
      generation: row.generation,
      stage: stage.state,
      control: stage.control,
      attempts: attempts.map(attemptOf),
      winner: row.winner,
      part: content && { key: content.part.key, bytes: content.part.bytes, sha256: content.part.sha256 },
      purged: row.purged,
      suspicion: row.suspicion,
    },
  };
};

const attemptOf = ({ token, memberId: member, number, state, leased, ended, alone }: AttemptRow): LedgerAttempt => ({
  token,
  member,
  number,
  state,
  leased,
  ended,
  alone,
});

export const countsOf = (stage: Pick<StageRow, 'counts'>): StageCounts => JSON.parse(stage.counts) as StageCounts;

/** Keys of storage that a committed shard names. */
export const keysOf = (content: CommitContent | null): string[] =>
  content ? [content.part, content.rejected].flatMap((part) => (part ? [part.key] : [])) : [];
