import { type CommitContent, type RowResult } from '@apwa/contracts';
import { type CallControl } from '../rows/control.js';

/** How a map's attempt reaches its rows. */
export interface RowsInHand {
  /** The result that a row has already: of this attempt or an earlier one. */
  known(row: number): RowResult | undefined;
  /** The row has its outcome. */
  record(result: RowResult): void;
  /** Resolves when another row may begin as far as the journal is concerned; undefined if one may now. */
  room(): Promise<void> | undefined;
  /** This many slots are enough from now on. */
  needs(slots: number): void;
}

/** What an attempt's work is, apart from when each piece of it is due: that the state machine says. */
export interface AttemptWork {
  /** Runs the rows that have no result yet, until there are none or no more may begin. Not called for work without rows. */
  runRows(hand: RowsInHand, control: CallControl, slots: number): Promise<void>;
  /** Writes the part for the `write`th time, under a name of its own. `results`: all rows in order; none for work without rows. */
  writePart(write: number, results: readonly RowResult[], signal: AbortSignal): Promise<CommitContent>;
}

export type AttemptEnd = 'committed' | 'dropped' | 'released';
