import { type Column, type ErrorPayload, type RowValues, type ShardRange } from '@apwa/contracts';
import { type AttemptBudget } from '../budgets/run-account.js';
import { type CallControl } from '../rows/control.js';
import { type Pipeline } from '../rows/pipeline.js';

/** Whose calls an attempt makes. */
export interface Caller {
  readonly ownerId: string;
  /** Null: its run has none. */
  readonly budget: AttemptBudget | null;
}

/** A map stage, made ready once in this member: what its shards share, whatever its template's mode. */
export interface MapStage {
  readonly kind: 'map';
  /** Columns of the input that rows are told apart by: those with the same values are done once. */
  readonly columns: readonly string[];
  /** Columns of the parts, those of the machinery not counted. */
  readonly outputColumns: Column[];
  readonly read: (range: ShardRange) => Promise<RowValues[]>;
  /** Why the stage was stopped by this member; null while it goes on. */
  readonly fault: ErrorPayload | null;
  /** For the rows of an attempt. */
  pipeline(control: CallControl, caller: Caller): Pipeline;
  /** Rows of the stage were answered elsewhere. */
  assumeWorking(): void;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}
