import { z } from 'zod';
import { Name } from './ids.js';

/** Amendments that a run may be given at most; how many it has where nothing is said is the configuration's (`planner.amendments`). */
export const MAX_AMENDMENTS = 20;

/**
 * Why the planner is asked while a run is running: a step that asks for it (`review`) is done, a step failed, by its failure bound or as a whole,
 * or agents found rows of it too large for one subtask (`needs_split`).
 */
export const AmendmentCause = z.enum(['review', 'failed', 'needs_split']);
export type AmendmentCause = z.infer<typeof AmendmentCause>;

/**
 * `amended`: there is a new version of the plan; `kept`: the run goes on as it would have; `ended`: the planner ended the run; `failed`: nothing came of it, and the run
 * goes on, or fails, as it would have.
 */
export const AmendmentOutcome = z.enum(['amended', 'kept', 'ended', 'failed']);
export type AmendmentOutcome = z.infer<typeof AmendmentOutcome>;

/** One time that the planner was asked about a run under way. */
export const RunAmendment = z.strictObject({
  /** From 1. */
  number: z.number().int().positive(),
  /** The step that it is about. */
  step: Name,
  cause: AmendmentCause,
  /** Of the plan that was looked at. */
  planVersion: z.number().int().positive(),
  /** Null while it is under way, and where the run was ended meanwhile. */
  outcome: AmendmentOutcome.nullable(),
  /** In the planner's words, or what prevented it; null while there is no outcome. */
  reason: z.string().nullable(),
  /** The version that came of it. */
  newVersion: z.number().int().positive().nullable(),
  /** Steps that were done, and whose failed rows it has done again. */
  redo: z.array(Name),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type RunAmendment = z.infer<typeof RunAmendment>;
