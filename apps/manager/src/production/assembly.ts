import { builtinCapabilities, outputSchemaOf } from '@apwa/capabilities';
import {
  type Column,
  type CommittedShard,
  InternalError,
  type Part,
  type TableManifest,
  type TableReference,
  sizeOf,
} from '@apwa/contracts';
import { columnsOfSchema } from '@apwa/json-schema';
import { ownColumnsOfMap, viewOfMap } from '../plans/columns.js';
import { type Submission } from '../stages/stages.repository.js';

/** Tables are immutable: this version is the only one until rows can be redriven. */
const FIRST_VERSION = 1;

/** What `_row` of a map's result is: it is there for SQL and templates, and a manifest does not list it among the columns. */
const ROW = '_row';

type MapWork = Extract<Submission['work'], { kind: 'map' }>;

export interface Assembled {
  manifest: TableManifest;
  /** What SQL and templates see. */
  columns: Column[];
}

/** The result of a `map`, of its committed shards in order. The input's columns are read from the input itself. */
export const assembleMap = (tableId: string, work: MapWork, input: Column[], shards: CommittedShard[]): Assembled => {
  let row = 0;
  const parts = shards.map(({ shardId, range, content }) => {
    if (range.first !== row || content.part.rows !== sizeOf(range)) {
      throw new InternalError('rows_missing', `Shard ${shardId} of table ${tableId} does not go on at row ${row}.`);
    }
    row = range.last + 1;
    return { ...content.part, firstRow: range.first };
  });
  if (row !== work.input.rows) {
    throw new InternalError('rows_missing', `Table ${tableId} has ${row} rows, and its input has ${work.input.rows}.`);
  }
  const added = columnsOfSchema(outputSchemaOf(work.template, builtinCapabilities));
  const columns = viewOfMap(input, added);
  const manifest = {
    tableId,
    version: FIRST_VERSION,
    columns: columns.filter(({ name }) => name !== ROW),
    rows: row,
    base: work.input satisfies TableReference,
    ownColumns: ownColumnsOfMap(added),
    parts,
  };
  return { manifest, columns };
};

/** A table that stands in one part. */
export const assembleSingle = (tableId: string, part: Part, columns: Column[]): Assembled => {
  const parts = part.rows > 0 ? [{ ...part, firstRow: 0 }] : [];
  return { manifest: { tableId, version: FIRST_VERSION, columns, rows: part.rows, ownColumns: columns, parts }, columns };
};

/** Columns of the rows that an import with `skipBadRows` left out. */
export const REJECTED_COLUMNS: Column[] = [
  { name: 'file', type: 'VARCHAR' },
  { name: 'line', type: 'BIGINT' },
  { name: 'error', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
];
