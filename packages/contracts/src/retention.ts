import { z } from 'zod';
import { Age } from './age.js';
import { ErrorPayload } from './errors.js';
import { Name, TableId } from './ids.js';

/** `POST /v1/tables/prune`: removes tables of that age, and with them their exports and the runs that are left without a table. */
export const PruneRequest = z.strictObject({
  /** Since the table was finished. */
  olderThan: Age,
  /** Says what would go, and removes nothing. */
  dryRun: z.boolean().default(false),
});
export type PruneRequest = z.infer<typeof PruneRequest>;

/**
 * Why a table stays though it is old enough: `unfinished` it is being made; `read_by_run` a run that has not ended reads or made it;
 * `exported` an export of it is being written; `made_into` a table that stays is made from it; `busy` something is just beginning
 * to use it.
 */
export const KeptBecause = z.enum(['unfinished', 'read_by_run', 'exported', 'made_into', 'busy']);
export type KeptBecause = z.infer<typeof KeptBecause>;

/** Tables that a report names at most; its counts are of all. */
export const REPORTED_TABLES = 1_000;

/** What a prune, or the deletion of one table, comes to. */
export const PruneReport = z.strictObject({
  /** Nothing was removed. */
  dryRun: z.boolean(),
  counts: z.strictObject({
    tables: z.number().int().nonnegative(),
    exports: z.number().int().nonnegative(),
    runs: z.number().int().nonnegative(),
  }),
  /** Of the tables' data and the exports' files. */
  bytes: z.number().int().nonnegative(),
  /** The newest ones first. */
  tables: z.array(
    z.strictObject({
      id: TableId,
      name: Name,
      rows: z.number().int().nonnegative().nullable(),
      bytes: z.number().int().nonnegative(),
      createdAt: z.iso.datetime(),
    }),
  ),
  /** Tables of that age that stay. `by`: the run, export or table that keeps it. */
  kept: z.array(z.strictObject({ id: TableId, name: Name, because: KeptBecause, by: z.string().nullable() })),
  /** Tables and exports of the catalogue whose data is still being removed; that goes on by itself. */
  removing: z.number().int().nonnegative(),
});
export type PruneReport = z.infer<typeof PruneReport>;

/** What is younger may be named soon by who has just written it, or by a database that is being restored (HAZARDS H4, H10). */
export const SAFE_AGE: Age = '1h';

/** `POST /v1/storage/check`: looks for objects that nothing names any more. */
export const StorageCheckRequest = z.strictObject({
  /** Objects that have been there for less are left alone. */
  olderThan: Age.default('1d'),
  /** Removes what is found. */
  remove: z.boolean().default(false),
});
export type StorageCheckRequest = z.infer<typeof StorageCheckRequest>;

const Amount = z.strictObject({ objects: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() });

/** What the answer to `POST /v1/storage/check` tells, as server-sent events: `done` or `failed` is the last one. */
export const StorageCheckEvent = z.discriminatedUnion('type', [
  /** What was looked at so far. */
  z.strictObject({ type: z.literal('progress'), looked: Amount }),
  z.strictObject({
    type: z.literal('orphan'),
    /** `orphan`: an object that nothing names; `unfinished`: what a write has left that never ended. */
    kind: z.enum(['orphan', 'unfinished']),
    key: z.string(),
    bytes: z.number().int().nonnegative(),
    modifiedAt: z.iso.datetime(),
  }),
  z.strictObject({
    type: z.literal('done'),
    looked: Amount,
    orphans: Amount,
    /** Objects under names that are none of ours: never removed. */
    foreign: Amount,
    removed: z.boolean(),
  }),
  z.strictObject({ type: z.literal('failed'), error: ErrorPayload }),
]);
export type StorageCheckEvent = z.infer<typeof StorageCheckEvent>;
