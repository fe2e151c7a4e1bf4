import {
  type AttemptState,
  type CommitAnswer,
  type Handling,
  type RunControl,
  type ShardRange,
  type ShardState,
  type StageState,
} from '@apwa/contracts';

/** Why an attempt ended without winning. `crashed`: its member died by a fault of its own; `member_died`: in any other way. */
export type EndReason = 'expired' | 'crashed' | 'member_died' | 'released' | 'superseded' | 'stage_failed' | 'stage_cancelled';

export interface LedgerAttempt {
  readonly token: string;
  /** Id of the member's boot: a member that starts again is another one. */
  readonly member: string;
  /** 1 for the shard's first attempt. */
  readonly number: number;
  readonly state: AttemptState;
  /** The lease still runs, on the ledger's clock, at the moment of the decision. Of no weight once the attempt is not active. */
  readonly leased: boolean;
  readonly ended: EndReason | null;
  /** Its member held nothing else beside it, from the claim to the end. */
  readonly alone: boolean;
}

/**
 * What members that crashed at a shard have made of it: a `suspect` runs alone in a member that holds nothing else; one at which
 * members crashed even so is to be split (`divide`) or, if it is a single row, `condemned`: nobody runs it any more, and whoever claims
 * it commits it as failed.
 */
export type Suspicion = 'none' | 'suspect' | 'divide' | 'condemned';

/** A shard to be made of a part of another one. */
export interface ChildRange extends ShardRange {
  readonly suspicion: Suspicion;
}

/** A part as a commit names it. */
export interface LedgerPart {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One shard with everything that its transitions depend on. */
export interface LedgerShard {
  readonly state: ShardState;
  readonly range: ShardRange;
  /** 0 for a stage's first shards, one more with each redrive. */
  readonly generation: number;
  /** Of the stage that the shard belongs to. */
  readonly stage: StageState;
  /** What the stage's owner wants. */
  readonly control: RunControl['state'];
  /** All attempts ever made, in the order of their numbers. */
  readonly attempts: readonly LedgerAttempt[];
  /** Token of the attempt whose commit counted. */
  readonly winner: string | null;
  readonly part: LedgerPart | null;
  /** The journal was purged at least once since the shard was finished. */
  readonly purged: boolean;
  readonly suspicion: Suspicion;
}

export type LedgerEvent =
  /**
   * A member asks for the shard. `second`: beside an attempt that lags behind, by another member. `alone`: it holds nothing else, and
   * is given nothing else as long as it has this one, should it be a suspect.
   */
  | { readonly kind: 'claim'; readonly token: string; readonly member: string; readonly second: boolean; readonly alone: boolean }
  | { readonly kind: 'renew'; readonly token: string }
  /**
   * The sweeper found the lease to have run out; whether it still has is decided here. `crashed`: nobody saw it, but another process has
   * taken the place of the holder's, which is gone without a word.
   */
  | { readonly kind: 'expire'; readonly token: string; readonly crashed: boolean }
  /**
   * Somebody who would know saw the member die. `crashed`: by a fault of its own, or a signal that nobody of ours sent; not because it
   * was asked to end.
   */
  | { readonly kind: 'member_died'; readonly member: string; readonly crashed: boolean }
  | { readonly kind: 'release'; readonly token: string }
  /** `found`: the store holds the part with its size and checksum; looked up before the transition. */
  | { readonly kind: 'commit'; readonly token: string; readonly part: LedgerPart; readonly found: boolean }
  /** The collector wants to delete parts that the attempt wrote. */
  | { readonly kind: 'collect_due'; readonly token: string }
  /** The sweeper wants to purge the shard's journal. `openRelatives`: shards of the same origin by splits that are not finished. */
  | { readonly kind: 'purge_due'; readonly openRelatives: number }
  | { readonly kind: 'journal_purged' }
  /** Replace the shard by others that cover it. */
  | { readonly kind: 'split'; readonly ranges: readonly ChildRange[] }
  | { readonly kind: 'control'; readonly control: RunControl['state'] }
  | { readonly kind: 'stage_ended'; readonly stage: Exclude<StageState, 'running'> };

export type ClaimRefusal = 'stage_ended' | 'paused' | 'shard_finished' | 'held' | 'suspect' | 'token_used';
export type SplitRefusal = 'stage_ended' | 'shard_finished' | 'held' | 'ranges';

/**
 * What follows of an event: changes of the ledger, to be written in one transaction with each other, what to do outside of it
 * afterwards (`schedule_…`, `delete_parts`, `purge_journal`), and what to tell the asker.
 */
export type LedgerEffect =
  /** A new attempt stands in the ledger, and the member has it. */
  | { readonly kind: 'assigned'; readonly token: string; readonly number: number; readonly handling: Handling }
  | { readonly kind: 'claim_refused'; readonly reason: ClaimRefusal }
  | { readonly kind: 'renewed'; readonly token: string }
  /** The asker no longer holds the shard. */
  | { readonly kind: 'lost'; readonly token: string }
  | { readonly kind: 'revoked'; readonly token: string; readonly reason: EndReason }
  /** Members crashed at the shard so often that more care is due. */
  | { readonly kind: 'suspected'; readonly suspicion: Suspicion }
  /** The shard is finished: this attempt won with this part. */
  | { readonly kind: 'committed'; readonly token: string; readonly part: LedgerPart }
  | { readonly kind: 'commit_answer'; readonly answer: CommitAnswer }
  | { readonly kind: 'released'; readonly token: string }
  /** Some time from now, look for parts of the attempt that nothing names. */
  | { readonly kind: 'schedule_collect'; readonly token: string }
  /** Some time from now, purge the shard's journal. */
  | { readonly kind: 'schedule_purge' }
  /** Delete all parts that carry the token, but `keep`. */
  | { readonly kind: 'delete_parts'; readonly token: string; readonly keep: string | null }
  | { readonly kind: 'purge_journal' }
  | { readonly kind: 'purge_noted' }
  /** The shard is retired, and these stand for it. */
  | { readonly kind: 'create_children'; readonly ranges: readonly ChildRange[] }
  | { readonly kind: 'split_refused'; readonly reason: SplitRefusal };

export interface LedgerDecision {
  readonly state: LedgerShard;
  readonly effects: readonly LedgerEffect[];
}
