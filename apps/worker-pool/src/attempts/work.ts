import { type CommitContent, type RowResult } from '@apwa/contracts';
import { type CallControl } from '../rows/control.js';
import { type Conversations } from '../rows/conversations.js';
import { type Intents } from '../rows/intents.js';

/** How a map's attempt reaches its rows. */
export interface RowsInHand {
  /** The result that a row has already: of this attempt or an earlier one. */
  known(row: number): RowResult | undefined;
  /** The row has its outcome. */
  record(result: RowResult): void;
  /** Resolves when another row may begin as far as the journal is concerned; undefined if one may now. */
  room(): Promise<void> | undefined;
  /** Of rows that agents work on. */
  readonly conversations: Conversations;
  /** Of calls that must never be made twice. */
  readonly intents: Intents;
  /** This many slots are enough from now on. */
  needs(slots: number): void;
}

/** The rows of a map under way. */
export interface RunningRows {
  /** Resolves when none is under way any more: all are done, or none may begin. Rejects with what reading the input threw. */
  readonly ended: Promise<void>;
  /** Whether there are rows that have not begun, and may. */
  readonly hungry: boolean;
  /** From now on so many rows at a time: more begin at once, fewer as rows end. */
  resize(slots: number): void;
}

/** What an attempt's work is, apart from when each piece of it is due: that the state machine says. */
export interface AttemptWork {
  /** Runs the rows that have no result yet, until there are none or no more may begin. Not called for work without rows. */
  runRows(hand: RowsInHand, control: CallControl, slots: number): RunningRows;
  /** Writes the part for the `write`th time, under a name of its own. `results`: all rows in order; none for work without rows. */
  writePart(write: number, results: readonly RowResult[], signal: AbortSignal): Promise<CommitContent>;
}

export type AttemptEnd = 'committed' | 'dropped' | 'released';
