import { z } from 'zod';
import { LeaseToken } from './ids.js';
import { RowResult } from './stage.js';

/**
 * One message of the journal: finished rows of an attempt. Its id is `<token>.<sequence>`: JetStream removes doubles by id
 * over the whole stream, so an id must never be used by anything else (HAZARDS H5).
 */
export const JournalBatch = z.strictObject({
  token: LeaseToken,
  /** 0, 1, 2 … within the attempt. */
  sequence: z.number().int().nonnegative(),
  /** Rows themselves, or the storage key of a JSON array of them where they are larger than `INLINE_BYTES`. */
  rows: z.union([z.array(RowResult), z.strictObject({ key: z.string() })]),
});
export type JournalBatch = z.infer<typeof JournalBatch>;

/** A batch is published when it has this many rows … */
export const BATCH_ROWS = 64;
/** … or its first row is this old, in milliseconds: what a kill can cost. */
export const BATCH_MS = 50;
/** NATS refuses messages above 1 MiB; a quarter of it leaves room for everybody's buffers. */
export const INLINE_BYTES = 256 * 1024;

/** The stream of an incarnation. A NATS that comes back empty gets the next one, so that the loss is noticed (H9). */
export const journalStream = (incarnation: number) => `APWA_JOURNAL_g${incarnation}`;
/** All subjects of the stream. They carry the incarnation too, so that two streams never overlap. */
export const journalSubjects = (incarnation: number) => `apwa.journal.g${incarnation}.>`;
/** A subject per attempt: one writer (H6). */
export const journalSubject = (incarnation: number, stageId: string, shardId: string, token: string) =>
  `apwa.journal.g${incarnation}.${stageId}.${shardId}.${token}`;
