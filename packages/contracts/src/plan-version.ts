import { z } from 'zod';
import { JsonObject } from './json.js';
import { Plan } from './plan.js';
import { Quote } from './quote.js';

/** Who wrote a version of a plan. */
export const PlanAuthor = z.enum(['planner', 'person']);
export type PlanAuthor = z.infer<typeof PlanAuthor>;

/** Of versions, from 1 on. */
export const PlanVersionNumber = z.coerce.number().int().min(1).max(1_000_000);

const version = z.number().int().min(1).max(1_000_000);
const reason = z.string().trim().min(1).max(1_000);

/** A version of a run's plan, without the plan. */
export const PlanVersionEntry = z.strictObject({
  /** 1 for the first; the newest is the run's plan. */
  version,
  by: PlanAuthor,
  /** Why there is this version, for a person. */
  reason,
  /** Hex SHA-256 of the document as JSON: two versions with the same hash are the same plan. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
});
export type PlanVersionEntry = z.infer<typeof PlanVersionEntry>;

export const PlanVersion = z.strictObject({
  ...PlanVersionEntry.shape,
  plan: Plan,
  /** Null while there is none. */ quote: Quote.nullable(),
});
export type PlanVersion = z.infer<typeof PlanVersion>;

/** Oldest first. */
export const PlanVersionList = z.strictObject({ versions: z.array(PlanVersionEntry) });
export type PlanVersionList = z.infer<typeof PlanVersionList>;

/** `PUT /v1/runs/:id/plan`: another plan for a run that waits for approval. It waits on, with a new version. */
export const EditPlanRequest = z.strictObject({
  plan: Plan,
  /** Kept with the version. */
  reason: reason.optional(),
  /** The version that was edited: refused (`plan_changed`) if there is a newer one. Left out: whatever is there is replaced. */
  version: version.optional(),
});
export type EditPlanRequest = z.infer<typeof EditPlanRequest>;

/** The same before its plan was looked at: all that is wrong with that is told at once. */
export const UncheckedEdit = EditPlanRequest.extend({ plan: JsonObject });
export type UncheckedEdit = z.infer<typeof UncheckedEdit>;

/** `POST /v1/runs/:id/approve`: goes on with this version of the plan; refused (`plan_changed`) if there is a newer one. */
export const ApproveRequest = z.strictObject({ version });
export type ApproveRequest = z.infer<typeof ApproveRequest>;

/** `POST /v1/runs/:id/cancel` */
export const CancelRequest = z.strictObject({ /** Kept with the run. */ reason: reason.optional() });
export type CancelRequest = z.infer<typeof CancelRequest>;

/** What plan documents look like, for editors and whoever writes them: draft-07, which editors of YAML know best. */
export const planSchema = (): Record<string, unknown> => ({
  title: 'A plan of APWA',
  ...z.toJSONSchema(Plan, { io: 'input', target: 'draft-7', unrepresentable: 'any' }),
});
