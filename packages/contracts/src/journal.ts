import { z } from 'zod';
import { CallKey } from './capability-parts.js';
import { LeaseToken, TurnId } from './ids.js';
import { JsonObject } from './json.js';
import { RowResult, TokenUsage } from './stage.js';

/** A result of a capability of which a conversation holds a part. */
export const LongResult = z.strictObject({
  /** By which it is asked for: the turn and the place in it, `4.0`. */
  id: z.string(),
  /** The tool that gave it, as models call it. */
  tool: z.string(),
  /** As JSON, from its beginning, as far as it can be read on. */
  text: z.string(),
  /** Of all of it. */
  characters: z.number().int().nonnegative(),
});
export type LongResult = z.infer<typeof LongResult>;

/** A turn of an agent that has ended: what the model answered, and what the capabilities gave that it called. */
export const AgentTurn = z.strictObject({
  row: z.number().int().nonnegative(),
  /** From 0. */
  replica: z.number().int().nonnegative(),
  id: TurnId,
  /** The turn that it follows; null of a row's first. Of a row that two attempts went on with, each has turns of its own behind it. */
  after: TurnId.nullable(),
  /** Of a template that was called as a capability: that call. Left out: it is of the row itself. */
  within: CallKey.optional(),
  /** As they go on in the conversation. */
  messages: z.array(JsonObject).min(1),
  /** Calls of it that had been written down, and came to an end. Left out: none. */
  intents: z.array(CallKey).optional(),
  /** What its capabilities gave that its messages hold a part of. Left out: nothing. */
  results: z.array(LongResult).optional(),
  /** Tokens that the conversation was held to for it, where its model took no more. Left out: what its context has. */
  room: z.number().int().positive().optional(),
  /** What its calls took, those that failed among them. */
  calls: z.number().int().nonnegative(),
  usage: TokenUsage,
  usageEstimated: z.boolean(),
  costUsd: z.number().nonnegative(),
  latencyMs: z.number().nonnegative(),
  model: z.string().nullable(),
  /** Turns of templates that it called: what they took stands in its figures. Left out: none. */
  inner: z.number().int().positive().optional(),
  /** Of the last turn of a template: what came of the call. Left out: it goes on. */
  outcome: z.strictObject({ output: JsonObject.nullable(), error: RowResult.shape.error }).optional(),
});
export type AgentTurn = z.infer<typeof AgentTurn>;

/**
 * One message of the journal: finished rows of an attempt, and turns of rows that are under way. Its id is `<token>.<sequence>`: JetStream removes doubles by id
 * over the whole stream, so an id must never be used by anything else (HAZARDS H5).
 */
export const JournalBatch = z.strictObject({
  token: LeaseToken,
  /** 0, 1, 2 … within the attempt. */
  sequence: z.number().int().nonnegative(),
  /** Rows themselves, or the storage key of `JournaledRows` where they and the turns are larger than `INLINE_BYTES`. */
  rows: z.union([z.array(RowResult), z.strictObject({ key: z.string() })]),
  /** Left out: none, or they stand with the rows. */
  turns: z.array(AgentTurn).optional(),
});
export type JournalBatch = z.infer<typeof JournalBatch>;

/** What stands in storage of a batch that is too large for a message. */
export const JournaledRows = z.union([
  z.strictObject({ rows: z.array(RowResult), turns: z.array(AgentTurn) }),
  // What members wrote before there were agents: an upgrade may find it in the middle of a run.
  z.array(RowResult).transform((rows) => ({ rows, turns: [] as AgentTurn[] })),
]);
export type JournaledRows = z.infer<typeof JournaledRows>;

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
