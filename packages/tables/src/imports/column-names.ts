import { badInput } from './bad-input.js';

/** Columns of a table at most: more come of data whose keys are values. */
const MOST_COLUMNS = 5_000;
const LONGEST_NAME = 200;

/**
 * Names of a table's columns, made of those that files give: without blanks around them; `_` at the beginning is left out, as such names
 * belong to the machinery (`_id` becomes `id`); an empty one becomes `column_<place>`; one that is there already, letters'
 * case aside, gets a number (`name_2`).
 */
export class ColumnNames {
  readonly names: string[] = [];
  private readonly taken = new Set<string>();

  /** Adds a column; gives its index. */
  add(raw: string, file: string): number {
    if (this.names.length >= MOST_COLUMNS)
      throw badInput(file, null, `it has more than ${MOST_COLUMNS} columns`, { value: raw, allowed: `${MOST_COLUMNS} columns at most` });
    const wanted = cleanName(raw) || `column_${this.names.length + 1}`;
    let name = wanted;
    for (let number = 2; this.taken.has(name.toLowerCase()); number++) name = `${wanted}_${number}`;
    this.taken.add(name.toLowerCase());
    this.names.push(name);
    return this.names.length - 1;
  }
}

const cleanName = (raw: string): string =>
  [
    ...raw
      .replace(/\p{Cc}+/gu, ' ')
      .trim()
      .replace(/^[_\s]+/, ''),
  ]
    .slice(0, LONGEST_NAME)
    .join('');

/**
 * Columns of a file's header. The same column of two files is one: so within a file the second of a name is told from the first
 * by its count.
 */
export const headerKeys = (header: readonly (string | null)[]): string[] => {
  const seen = new Map<string, number>();
  return header.map((name, index) => {
    const key = name?.trim() ?? '';
    if (key === '') return `\u0000${index}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count === 1 ? key : `${key}\u0000${count}`;
  });
};

/** What stands before the mark that `headerKeys` sets. */
export const nameOfKey = (key: string): string => key.split('\u0000')[0] ?? '';
