import {
  type CommittedShard,
  comesFromStage,
  type MapInput,
  type RowValues,
  type ShardRange,
  type StageInput,
  type TableManifest,
  type TableReference,
  TransientError,
  sizeOf,
} from '@apwa/contracts';
import { readChainRows, readManifest, readManifestChain, readRows, type Storage } from '@apwa/tables';

/** The rows that a template is expanded over. */
export interface InputRows {
  /** Their columns by name, those of the machinery among them. */
  readonly columns: readonly string[];
  /** Rows with these columns, and what says whether a row has failed before, where the input has it. */
  read(range: ShardRange, columns: readonly string[]): Promise<RowValues[]>;
}

/** The committed shards of a stage that overlap a range. */
export type CommittedIn = (stageId: string, range: ShardRange) => Promise<CommittedShard[]>;

const STATUS_COLUMNS = ['_status', '_error_code'];

/** Errors: of the storage. */
export const openInput = async (input: MapInput, storage: Storage, committed: CommittedIn): Promise<InputRows> => {
  const columns = comesFromStage(input) ? input.columns : (await readManifest(storage, input)).columns;
  const names = columns.map(({ name }) => name);
  const status = STATUS_COLUMNS.filter((name) => names.includes(name));
  return {
    columns: names,
    read: async (range, wanted) => {
      const selection = { ...range, columns: [...new Set([...wanted, ...status])] };
      if (!comesFromStage(input)) return readRows(storage, input, selection);
      return readChainRows(storage, await chainOf(input, range, storage, committed), selection);
    },
  };
};

/** The tables that stages are making, as far as the range goes, and those that they are based on. */
const chainOf = async (input: MapInput, range: ShardRange, storage: Storage, committed: CommittedIn): Promise<TableManifest[]> => {
  if (!comesFromStage(input)) return readManifestChain(storage, input);
  const [shards, below] = await Promise.all([committed(input.stageId, range), chainOf(input.base, range, storage, committed)]);
  const { tableId, columns, ownColumns } = input;
  const parts = shards.map(({ range: { first }, content }) => ({ ...content.part, firstRow: first }));
  const rows = shards.reduce((sum, shard) => sum + overlapOf(shard.range, range), 0);
  if (rows !== sizeOf(range))
    throw new TransientError('rows_not_there', `Of rows ${range.first} to ${range.last} of table ${tableId} ${rows} are committed.`);
  return [{ tableId, version: 1, columns, rows, base: rootOf(input), ownColumns, parts }, ...below];
};

const overlapOf = (a: ShardRange, b: ShardRange): number => Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1;

const rootOf = ({ base }: StageInput): TableReference => (comesFromStage(base) ? rootOf(base) : base);
