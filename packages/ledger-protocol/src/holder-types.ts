import { type CommitAnswer } from '@apwa/contracts';

/**
 * Where a holder stands with its attempt:
 * `reading` the journals of earlier attempts, `working` on the rows that are missing, `writing` the part, `committing` it;
 * `done` after a commit that counted, `dropped` when the shard is no longer its own.
 */
export type HolderPhase = 'reading' | 'working' | 'writing' | 'committing' | 'done' | 'dropped';

/** One attempt as its member holds it. Small and immutable: rows are in `HolderRows`. */
export interface HolderState {
  readonly phase: HolderPhase;
  /** Milliseconds of the member's monotonic clock: up to here, not included, the lease is known to hold. */
  readonly confirmedUntil: number;
  readonly leaseMs: number;
  /** The journal's incarnation that the member knows of. */
  readonly incarnation: number;
  /** No new calls: the run is paused, or the member drains. */
  readonly held: boolean;
  /** How often the part was written, 0 before the first time. */
  readonly writes: number;
}

/** What the decisions ask of an attempt's rows. The caller owns them and changes them as the effects say; each question is O(1). */
export interface HolderRows {
  /** Rows of the shard that have no answer yet. */
  readonly missing: number;
  /** Rows whose call is under way. */
  readonly flying: number;
  /** Answers that the journal of the present incarnation has not acknowledged. */
  readonly unsaid: number;
  /** The row is of this shard and has no answer yet. */
  lacks(row: number): boolean;
  inFlight(row: number): boolean;
}

export type HolderEvent =
  /** The journals of the shard were read to their end, in the stream of `incarnation`. `rows`: those they answer, each once. */
  | { readonly kind: 'journal_read'; readonly incarnation: number; readonly rows: readonly number[] }
  /** May a call of `row` begin? `now`: monotonic milliseconds. The effect `call` says yes; no effect says no. */
  | { readonly kind: 'begin'; readonly row: number; readonly now: number }
  /** The row's outcome is known, by its call or without one: an answer, or an error that is its result. */
  | { readonly kind: 'answered'; readonly row: number }
  /** The row's call ended without an outcome, and may be begun again: aborted by a pause, waiting for another try. */
  | { readonly kind: 'given_up'; readonly row: number }
  /** A publish of these rows to the stream of `incarnation` was acknowledged. */
  | { readonly kind: 'journaled'; readonly incarnation: number; readonly rows: readonly number[] }
  /** The executor told its journal's incarnation: in the reply to a join or a heartbeat. */
  | { readonly kind: 'incarnation'; readonly incarnation: number }
  /** A heartbeat that was sent at `sentAt` and named this attempt was answered, and the attempt is not lost. */
  | { readonly kind: 'renewed'; readonly sentAt: number }
  /** The attempt was revoked, its run cancelled or its stage failed. */
  | { readonly kind: 'lost' }
  /** Begin nothing new (`held`), or go on: pause and resume of the run. */
  | { readonly kind: 'hold'; readonly held: boolean }
  /** The member drains and has waited long enough: give the shard back. What is journaled is not lost. */
  | { readonly kind: 'hand_on' }
  /** The part is in the store. `write`: the number from the effect. */
  | { readonly kind: 'part_written'; readonly write: number }
  | { readonly kind: 'commit_answered'; readonly answer: CommitAnswer }
  /** No answer came to a commit: it may have counted or not. */
  | { readonly kind: 'commit_unanswered' };

export type HolderEffect =
  /** Read the journals of the shard, in the stream of `incarnation`, from the start. */
  | { readonly kind: 'read_journal'; readonly incarnation: number }
  /** These rows are answered by the journal: keep the answers, make no calls for them. */
  | { readonly kind: 'take'; readonly rows: readonly number[] }
  | { readonly kind: 'call'; readonly row: number }
  /** The row is not in flight any more. */
  | { readonly kind: 'land'; readonly row: number }
  /** Keep the answer until the attempt is over, and journal it with the next batch. */
  | { readonly kind: 'keep'; readonly row: number }
  /** These rows are safe in the journal. */
  | { readonly kind: 'said'; readonly rows: readonly number[] }
  /** The journal was lost: all answers that are kept are to be journaled once more, in the stream of `incarnation`. */
  | { readonly kind: 'journal_again'; readonly incarnation: number }
  /**
   * Write the part, all rows in it. `write` counts from 1 and should stand in the part's name: a part that was written again
   * must not replace bytes that a commit may just be naming.
   */
  | { readonly kind: 'write_part'; readonly write: number }
  | { readonly kind: 'commit'; readonly write: number }
  /** Tell the executor that the shard is given back. */
  | { readonly kind: 'release' }
  /** Abort what is in flight, forget the attempt, write and publish nothing more. Its parts and journals stay: they are the sweeper's. */
  | { readonly kind: 'drop' }
  /** The shard is committed by this attempt: forget it. */
  | { readonly kind: 'finish' }
  /** Only without the rule `workers-delete-nothing`. */
  | { readonly kind: 'delete_part' };

export interface HolderDecision {
  readonly state: HolderState;
  readonly effects: readonly HolderEffect[];
}
