import { type Column, type ErrorPayload, type MapWork, type RowValues, type ShardRange, type TableManifest } from '@apwa/contracts';
import { readRows, type Storage } from '@apwa/tables';
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

/** Columns of a stage's input that say whether a row has failed before. */
const STATUS_COLUMNS = ['_status', '_error_code'];

/** Reads these columns of a stage's input, and what says whether a row has failed before. */
export const readerOf = (
  { columns: present }: TableManifest,
  columns: readonly string[],
  { input }: MapWork,
  storage: Storage,
): MapStage['read'] => {
  const names = new Set(present.map(({ name }) => name));
  const read = [...new Set([...columns, ...STATUS_COLUMNS.filter((name) => names.has(name))])];
  return ({ first, last }) => readRows(storage, input, { first, last, columns: read });
};
