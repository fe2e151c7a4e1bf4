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
import { stageOfKey } from '../stages/part-keys.js';
import { type Submission } from '../stages/stages.repository.js';

/** Tables are immutable: this version is the only one until rows can be redriven. Until it is complete, it is read as far as it goes. */
const FIRST_VERSION = 1;

/** What `_row` of a map's result is: it is there for SQL and templates, and a manifest does not list it among the columns. */
export const ROW = '_row';

type MapWork = Extract<Submission['work'], { kind: 'map' }>;

export interface Assembled {
  manifest: TableManifest;
  /** What SQL and templates see. */
  columns: Column[];
}

/** What a `map` is over: how to read it, and the columns that it has. */
export interface Base {
  reference: TableReference;
  columns: Column[];
}

/** The columns that a `map` adds to those of its input. */
export const addedBy = ({ template }: MapWork): Column[] => columnsOfSchema(outputSchemaOf(template, builtinCapabilities));

/** The result of a `map`, of all its shards in order. */
export const assembleMap = (tableId: string, work: MapWork, base: Base, shards: CommittedShard[]): Assembled => {
  let row = 0;
  for (const { shardId, range } of shards) {
    if (range.first !== row) throw new InternalError('rows_missing', `Shard ${shardId} of table ${tableId} does not go on at row ${row}.`);
    row = range.last + 1;
  }
  if (row !== work.input.rows) {
    throw new InternalError('rows_missing', `Table ${tableId} has ${row} rows, and its input has ${work.input.rows}.`);
  }
  return assembleMapSoFar(tableId, work, base, shards);
};

/**
 * The result of a `map` as far as these shards go, which may leave out rows anywhere. The input's columns are read from the
 * input itself.
 */
export const assembleMapSoFar = (tableId: string, work: MapWork, base: Base, shards: CommittedShard[]): Assembled => {
  const parts = shards.map(({ shardId, range, content }) => {
    if (content.part.rows !== sizeOf(range)) {
      throw new InternalError('rows_missing', `The part of shard ${shardId} of table ${tableId} has ${content.part.rows} rows.`);
    }
    return { ...content.part, firstRow: range.first };
  });
  const added = addedBy(work);
  const columns = viewOfMap(base.columns, added);
  const manifest = {
    tableId,
    version: FIRST_VERSION,
    columns: columns.filter(({ name }) => name !== ROW),
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    base: base.reference,
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

/** What the parts that a manifest names take in storage. */
export const bytesOf = ({ parts }: Pick<TableManifest, 'parts'>): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** The stages whose parts a manifest names, as their keys say: `parts/<stage>/…`. */
export const stagesOf = ({ parts }: Pick<TableManifest, 'parts'>): string[] => [...new Set(parts.map(({ key }) => stageOfKey(key)))];

/** Columns of the rows that an import with `skipBadRows` left out. */
export const REJECTED_COLUMNS: Column[] = [
  { name: 'file', type: 'VARCHAR' },
  { name: 'line', type: 'BIGINT' },
  { name: 'error', type: 'VARCHAR' },
  { name: 'text', type: 'VARCHAR' },
];
