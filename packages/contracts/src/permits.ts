import { z } from 'zod';
import { CallLimits } from './capability-parts.js';
import { OwnerId } from './ids.js';

const count = z.number().int().nonnegative();
/** Tokens by estimate: no integers. */
const tokens = z.number().nonnegative();

/** An endpoint by its place in the configuration: the model's name, and the number of the endpoint in its group, from 0. */
export const EndpointPlace = z.strictObject({ model: z.string().min(1).max(64), endpoint: z.number().int().min(0).max(1_000) });
export type EndpointPlace = z.infer<typeof EndpointPlace>;

/** Calls of capabilities that are counted together. The executor knows no definitions: the limits are told with each question. */
export const AccountPlace = z.strictObject({
  /** SHA-256 of what makes them the same account. */
  account: z.string().regex(/^[0-9a-f]{64}$/),
  /** Null: none are known. */
  limits: CallLimits.nullable(),
});
export type AccountPlace = z.infer<typeof AccountPlace>;

/** What permits are for. Both kinds are called endpoints here. */
export const PermitPlace = z.union([EndpointPlace, AccountPlace]);
export type PermitPlace = z.infer<typeof PermitPlace>;

export const isOfModel = (place: PermitPlace): place is EndpointPlace => 'model' in place;

/** What a run wants of an endpoint in one member, beyond the permits that the member holds for it. */
export const PermitWant = z.strictObject({
  ownerId: OwnerId,
  /** The run's calls under way. */
  inFlight: count,
  /** Calls that wait, and those that will begin before the next question. */
  toBegin: count,
  /** Of these the calls without a permit … */
  calls: count,
  /** … and the tokens without one. */
  tokens,
  /** Of these the tokens of the first call that waits, which none of the others overtakes. */
  next: tokens,
});
export type PermitWant = z.infer<typeof PermitWant>;

/** What the endpoint said of its limits in the headers of an answer; null where it said nothing. */
export const ToldLimits = z.strictObject({
  requestsPerMinute: z.number().positive().nullable(),
  tokensPerMinute: z.number().positive().nullable(),
});
export type ToldLimits = z.infer<typeof ToldLimits>;

/** What became of a member's calls to an endpoint since its last question. */
export const EndpointNews = z.strictObject({
  answered: count,
  /** Calls that began after the last one that ended without an answer were answered, or refused with 429. */
  answers: z.boolean(),
  /** With 429 … */
  refused: count,
  /** … and for how long nobody is to call, where the endpoint said so. */
  retryAfterMs: count.nullable(),
  /** The latest that its headers said, told with every question: an executor that just started knows nothing. */
  told: ToldLimits.nullable(),
  /** Call after call ends without an answer: is the endpoint down? */
  suspects: z.boolean(),
  /** The account has no quota or credit left; the endpoint's words. */
  exhausted: z.string().nullable(),
  /** What came of the probe that the executor had asked for. */
  probe: z.enum(['answered', 'failed']).nullable(),
  /** Why the latest call that was not answered was not. */
  reason: z.string().max(1_000).nullable(),
});
export type EndpointNews = z.infer<typeof EndpointNews>;

export const noNews = (): EndpointNews => ({
  answered: 0,
  answers: false,
  refused: 0,
  retryAfterMs: null,
  told: null,
  suspects: false,
  exhausted: null,
  probe: null,
  reason: null,
});

/** A member's question about one endpoint. */
export const PermitQuestion = z.strictObject({
  place: PermitPlace,
  wants: z.array(PermitWant).max(1_000),
  /** Permits that are not needed after all. */
  returns: z.strictObject({ calls: count, tokens }),
  /** Tokens that answered calls took beyond their estimates; negative if they took less. */
  correction: z.number(),
  news: EndpointNews,
});
export type PermitQuestion = z.infer<typeof PermitQuestion>;

/** Permits of a run at an endpoint: so many further calls of so many tokens may begin within the term. */
export const PermitGrant = z.strictObject({
  ownerId: OwnerId,
  calls: count,
  tokens,
  /** Calls that the run may have under way in this member; null: not limited. */
  inFlight: count.nullable(),
});
export type PermitGrant = z.infer<typeof PermitGrant>;

/**
 * `suspected`: it may be down, a probe will tell; `down`: it does not answer, and one call of the whole cluster at a time asks whether it
 * does again; `exhausted`: the account behind it has no quota left.
 */
export const EndpointHealth = z.enum(['well', 'suspected', 'down', 'exhausted']);
export type EndpointHealth = z.infer<typeof EndpointHealth>;

export const PermitAnswer = z.strictObject({
  /** What is limited here: where nothing is, calls begin freely. */
  counted: z.strictObject({ calls: z.boolean(), tokens: z.boolean(), inFlight: z.boolean() }),
  grants: z.array(PermitGrant),
  /** The endpoint is at its limit: not all that is wanted was granted. */
  full: z.boolean(),
  /** Nobody calls for so long. */
  closedMs: count,
  health: EndpointHealth,
  /** The asker makes the probe, and tells what came of it. */
  probe: z.boolean(),
  /** The endpoint has answered a call before, whoever made it. */
  known: z.boolean(),
});
export type PermitAnswer = z.infer<typeof PermitAnswer>;
