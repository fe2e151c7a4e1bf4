import { type Column, type ErrorPayload, type MapWork, type RowResult, type RowValues, type ShardRange } from '@apwa/contracts';
import { readResults, type Storage } from '@apwa/tables';
import { type AttemptBudget } from '../budgets/run-account.js';
import { type Conversations } from '../rows/conversations.js';
import { type Intents } from '../rows/intents.js';
import { type CallControl } from '../rows/control.js';
import { type Pipeline } from '../rows/pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';

/** Whose calls an attempt makes. */
export interface Caller {
  readonly ownerId: string;
  /** Null: its run has none. */
  readonly budget: AttemptBudget | null;
}

/** An attempt, whose rows are worked on. */
export interface RowsCaller extends Caller {
  /** What was said in its rows so far. */
  readonly conversations: Conversations;
  /** Calls of them that must never be made twice. */
  readonly intents: Intents;
}

/** A map stage, made ready once in this member: what its shards share, whatever its template's mode. */
export interface MapStage {
  readonly kind: 'map';
  /** Columns of the input that rows are told apart by: those with the same values are done once. Null: each row is one of its own. */
  readonly columns: readonly string[] | null;
  /** Columns of the parts, those of the machinery not counted. */
  readonly outputColumns: Column[];
  readonly read: (range: ShardRange) => Promise<RowValues[]>;
  /** Results of a range that need no call: those of the stage's earlier versions. */
  readonly earlier: (range: ShardRange) => Promise<RowResult[]>;
  /** Answers that its shards in this member share. */
  readonly answers: StageAnswers;
  /** Why the stage was stopped by this member; null while it goes on. */
  readonly fault: ErrorPayload | null;
  /** For the rows of an attempt. */
  pipeline(control: CallControl, caller: RowsCaller): Pipeline;
  /** Rows of the stage were answered elsewhere. */
  assumeWorking(): void;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}

/** Reads what was done before: of each row the newest result that is ok. */
export const earlierOf =
  ({ redo }: MapWork, outputColumns: readonly Column[], storage: Storage): MapStage['earlier'] =>
  async (range) => {
    const results = new Map<number, RowResult>();
    for (const table of redo?.from ?? [])
      for (const result of await readResults(storage, table, range, outputColumns))
        if (!results.has(result.row)) results.set(result.row, result);
    return [...results.values()];
  };
