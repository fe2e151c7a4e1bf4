import { capabilitiesWith, columnsAddedBy } from '@apwa/capabilities';
import {
  type Column,
  type CommitContent,
  type CommittedShard,
  InternalError,
  type MatchWork,
  type Part,
  type TableManifest,
  type TablePart,
  type TableReference,
  sizeOf,
} from '@apwa/contracts';
import { ownColumnsOfMap, viewOfMap } from '../plans/columns.js';
import { stageOfKey } from '../stages/part-keys.js';
import { type Submission } from '../stages/stages.repository.js';

/** What `_row` of a map's result is: it is there for SQL and templates, and a manifest does not list it among the columns. */
export const ROW = '_row';

type MapWork = Extract<Submission['work'], { kind: 'map' }>;

/** Which version of which table is put together. */
export interface Place {
  tableId: string;
  version: number;
}

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
export const addedBy = ({ template, capabilities }: Pick<MapWork, 'template' | 'capabilities'>): Column[] =>
  columnsAddedBy(template, capabilitiesWith(capabilities));

/** The result of a `map`: its shards and what it keeps of the version before, which together are all rows of its input, each once. */
export const assembleMap = (place: Place, work: MapWork, base: Base, shards: CommittedShard[], kept: TablePart[] = []): Assembled => {
  const assembled = assembleMapSoFar(place, work, base, shards, kept);
  let row = 0;
  for (const part of assembled.manifest.parts) {
    if (part.firstRow !== row)
      throw new InternalError('rows_missing', `Part ${part.key} of table ${place.tableId} does not go on at row ${row}.`);
    row += part.rows;
  }
  if (row !== work.input.rows) {
    throw new InternalError('rows_missing', `Table ${place.tableId} has ${row} rows, and its input has ${work.input.rows}.`);
  }
  return assembled;
};

/**
 * The result of a `map` as far as these shards and kept parts go, which may leave out rows anywhere. The input's columns are read
 * from the input itself.
 */
export const assembleMapSoFar = (
  place: Place,
  work: Pick<MapWork, 'template' | 'capabilities'>,
  base: Base,
  shards: CommittedShard[],
  kept: TablePart[] = [],
): Assembled => {
  const made = shards.map(({ shardId, range, content }): TablePart => {
    if (content.part.rows !== sizeOf(range)) {
      throw new InternalError('rows_missing', `The part of shard ${shardId} of table ${place.tableId} has ${content.part.rows} rows.`);
    }
    return { ...content.part, firstRow: range.first, failed: content.counts.failed };
  });
  const parts = [...made, ...kept].sort((a, b) => a.firstRow - b.firstRow);
  const added = addedBy(work);
  const columns = viewOfMap(base.columns, added);
  const manifest = {
    ...place,
    columns: columns.filter(({ name }) => name !== ROW),
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    base: base.reference,
    ownColumns: ownColumnsOfMap(added),
    parts,
  };
  return { manifest, columns };
};

/** What was found for the rows of a map's input, as a result of the map in which many rows have no outcome. */
export const assembleMatch = (place: Place, { input, output }: MatchWork, inputColumns: Column[], part: Part): Assembled => {
  if (part.rows !== input.rows)
    throw new InternalError('rows_missing', `The part ${part.key} has ${part.rows} rows, and what it was found for has ${input.rows}.`);
  const columns = viewOfMap(inputColumns, output);
  const manifest = {
    ...place,
    columns: columns.filter(({ name }) => name !== ROW),
    rows: part.rows,
    base: input,
    ownColumns: ownColumnsOfMap(output),
    parts: [{ ...part, firstRow: 0 }],
  };
  return { manifest, columns };
};

/** What stands in one part as the result of a map does, with all of its columns: `base` is what it was made from, and is not read. */
export const assembleGroups = (place: Place, base: TableReference, { part, columns: content, counts }: CommitContent): Assembled => {
  const columns = ownColumnsOfMap(content);
  const parts = part.rows > 0 ? [{ ...part, firstRow: 0, failed: counts.failed }] : [];
  const manifest = { ...place, columns: columns.filter(({ name }) => name !== ROW), rows: part.rows, base, ownColumns: columns, parts };
  return { manifest, columns };
};

/** A table that stands in one part. Of imported documents the machinery's columns are among its own. */
export const assembleSingle = (place: Place, part: Part, columns: Column[]): Assembled => {
  const parts = part.rows > 0 ? [{ ...part, firstRow: 0 }] : [];
  const shown = columns.filter(({ name }) => name !== ROW);
  return { manifest: { ...place, columns: shown, rows: part.rows, ownColumns: columns, parts }, columns };
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
