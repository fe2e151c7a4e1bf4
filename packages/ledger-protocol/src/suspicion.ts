import { type ShardRange } from '@apwa/contracts';
import { type ChildRange, type LedgerShard, type Suspicion } from './ledger-types.js';
import { ALL_RULES, type Rules } from './rules.js';

/** Members that crash at a shard, in whatever company, before it is held under suspicion: one may be a chance. */
export const SUSPECT_AFTER = 2;
/** Members that crash at a row which they ran alone, before it is condemned. */
export const CONDEMN_AFTER = 2;
/** Rows of a suspect shard that are under way at once: so many are under suspicion when its member crashes, and are tried one by one. */
export const ALONE_ROWS = 16;

/**
 * What is thought of a shard after a member crashed at it (HAZARDS H17). It is never thought better of. Who crashes while others' rows
 * are in flight beside a row says nothing of that row: only a row that was alone is condemned.
 */
export const suspicionOf = ({ suspicion, range, attempts }: LedgerShard, rules: Rules = ALL_RULES): Suspicion => {
  const crashed = attempts.filter(({ ended }) => ended === 'crashed');
  const alone = crashed.filter((attempt) => attempt.alone).length;
  if (suspicion === 'condemned') return suspicion;
  if (range.first === range.last && alone >= CONDEMN_AFTER && rules.has('condemn-killers')) return 'condemned';
  if (range.first < range.last && alone > 0 && rules.has('divide-suspects')) return 'divide';
  return crashed.length >= SUSPECT_AFTER ? 'suspect' : suspicion;
};

/**
 * Shards for a suspect one to be split into. Rows were begun in their order, `ALONE_ROWS` at a time, and a row was begun only when
 * the answer before it was journaled: so the first rows that the journals lack are those that were in flight, and each of them becomes
 * a suspect shard of its own. What stands between them is a shard like any other. `missing`: rows without an answer in the journals,
 * the lowest first; null if they could not be read. Where that tells nothing (all rows are answered, and the member crashed at its
 * part), both halves are suspects.
 */
export const divide = (range: ShardRange, missing: readonly number[] | null, rules: Rules = ALL_RULES): ChildRange[] => {
  const suspicion: Suspicion = rules.has('try-alone') ? 'suspect' : 'condemned';
  const rows = (missing ?? []).slice(0, ALONE_ROWS);
  if (rows.length === 0) {
    const middle = Math.floor((range.first + range.last) / 2);
    return [
      { first: range.first, last: middle, suspicion: 'suspect' },
      { first: middle + 1, last: range.last, suspicion: 'suspect' },
    ];
  }
  const children: ChildRange[] = [];
  let next = range.first;
  for (const row of rows) {
    if (row > next) children.push({ first: next, last: row - 1, suspicion: 'none' });
    children.push({ first: row, last: row, suspicion });
    next = row + 1;
  }
  if (next <= range.last) children.push({ first: next, last: range.last, suspicion: 'none' });
  return children;
};
