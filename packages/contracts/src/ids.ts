import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const prefixes = {
  run: 'run',
  stage: 'stg',
  shard: 'shd',
  table: 'tbl',
  member: 'mbr',
  upload: 'upl',
  export: 'exp',
  key: 'key',
} as const;
export type IdKind = keyof typeof prefixes;

/**
 * A new id: a prefix that says what it names, milliseconds in base 36 (so that ids sort by time) and 80 random bits.
 * Ids hold nothing but `[a-z0-9_]`: they stand in paths and NATS subjects.
 */
export const newId = (kind: IdKind): string =>
  `${prefixes[kind]}_${Date.now().toString(36).padStart(9, '0')}${BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString(36)
    .padStart(16, '0')}`;

const idOf = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${prefixes[kind]}_[a-z0-9_]{1,60}$`), `must be an id such as ${prefixes[kind]}_…`);

/** A Ray cluster's name: part of a NATS subject and of the ids of its jobs. */
export const ClusterName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and -, 31 characters at most');
export type ClusterName = z.infer<typeof ClusterName>;

export const RunId = idOf('run');
export const StageId = idOf('stage');
export const ShardId = idOf('shard');
export const TableId = idOf('table');
export const MemberId = idOf('member');
export const UploadId = idOf('upload');
export const ExportId = idOf('export');
/** Of a key of the HTTP API: its name, not the key itself. */
export const KeyId = idOf('key');

/** Whose work a stage is, for fairness and control: a run, or a table that was imported or exported by itself. */
export const OwnerId = z.union([RunId, TableId, ExportId]);

/** A lease token: random, given with each claim, carried by everything that the attempt does (HAZARDS H2, H5). */
export const LeaseToken = z.string().regex(/^[0-9a-f]{32}$/);
export type LeaseToken = z.infer<typeof LeaseToken>;
export const newLeaseToken = (): LeaseToken => randomBytes(16).toString('hex');

/** Of a turn of an agent: random. */
export const TurnId = z.string().regex(/^[0-9a-f]{16}$/);
export type TurnId = z.infer<typeof TurnId>;
export const newTurnId = (): TurnId => randomBytes(8).toString('hex');

/** The name of a table or a step: it must stand in SQL as it is. */
export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a name of lower-case letters, digits and _, starting with a letter, 63 characters at most');
export type Name = z.infer<typeof Name>;

/** A pool's name: part of a NATS subject. */
export const PoolName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and -, 31 characters at most');
export type PoolName = z.infer<typeof PoolName>;
