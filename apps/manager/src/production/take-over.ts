import { type ShardRange, type Step, type StageCounts, type TableManifest, type TablePart, noCounts } from '@apwa/contracts';

/**
 * How what a step reads is related to what it read in the run before: `same` rows, the `next_version` of them, in which some rows
 * were done again and each is in its place, or something `other`.
 */
export type InputRelation = 'same' | 'next_version' | 'other';

/** A step's table in the run before. */
export interface VersionBefore {
  manifest: TableManifest;
  /** No row is missing. */
  complete: boolean;
}

export interface TakeOverFacts {
  kind: Step['kind'];
  inputs: readonly InputRelation[];
  /** Rows that a map reads; any for other steps. */
  rows: number;
  /** Its failed rows are wanted again: of a map or a reduce. */
  again: boolean;
  before: VersionBefore | null;
}

export type TakeOver =
  /** The table is made anew. */
  | { take: 'nothing' }
  /** It is the version before. `unchanged`: what it reads is the same too. */
  | { take: 'all'; unchanged: boolean }
  /** These rows of a map are done again, the rest stays. */
  | { take: 'rest'; redo: ShardRange[] };

/**
 * What of a step's table in the run before can stay. Parts stay as a whole: one of which a row is to be done again is written anew,
 * with its other rows as they were, so that no reader has to know which rows of a part count.
 */
export const takeOver = ({ kind, inputs, rows, again, before }: TakeOverFacts): TakeOver => {
  const unchanged = inputs.every((input) => input === 'same');
  if (!before || inputs.includes('other')) return { take: 'nothing' };
  if (kind !== 'map') {
    const failed = before.manifest.parts.some((part) => part.failed !== 0);
    return unchanged && before.complete && !(again && failed) ? { take: 'all', unchanged } : { take: 'nothing' };
  }
  // What reads a next version has failed where that had failed.
  const redo = rangesToDo(before.manifest.parts, rows, again || !unchanged);
  return redo.length === 0 ? { take: 'all', unchanged } : { take: 'rest', redo };
};

/** Rows that no part holds, and with `again` those of parts in which rows failed or may have. Ranges that touch are one. */
const rangesToDo = (parts: readonly TablePart[], rows: number, again: boolean): ShardRange[] => {
  const ranges: ShardRange[] = [];
  const add = (first: number, last: number): void => {
    const before = ranges.at(-1);
    if (last < first) return;
    if (before && before.last + 1 === first) before.last = last;
    else ranges.push({ first, last });
  };
  let next = 0;
  for (const { firstRow, rows: size, failed } of [...parts].sort((a, b) => a.firstRow - b.firstRow)) {
    add(next, firstRow - 1);
    if (again && failed !== 0) add(firstRow, firstRow + size - 1);
    next = firstRow + size;
  }
  add(next, rows - 1);
  return ranges;
};

/** The parts of a version that none of these rows stand in. */
export const partsBeside = (parts: readonly TablePart[], redo: readonly ShardRange[]): TablePart[] => {
  const sorted = [...parts].sort((a, b) => a.firstRow - b.firstRow);
  let at = 0;
  return sorted.filter(({ firstRow, rows }) => {
    while (at < redo.length && (redo[at] as ShardRange).last < firstRow) at++;
    const next = redo[at];
    return !next || next.first >= firstRow + rows;
  });
};

/** What is counted of kept parts. Why rows of them failed is told by the version before. */
export const countsOfParts = (parts: readonly TablePart[]): StageCounts => {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const failed = parts.reduce((sum, part) => sum + (part.failed ?? 0), 0);
  return asKept({ ...noCounts(), ok: rows - failed, failed });
};

/** Counts of rows for which nothing is done. */
export const asKept = ({ ok, failed, errors, examples }: StageCounts): StageCounts => ({
  ...noCounts(),
  ok,
  failed,
  errors,
  examples,
  ...(ok > 0 ? { reused: ok } : {}),
});
