import { z } from 'zod';
import { CapabilityId, definitionParts, Effects, MAX_CAPABILITIES } from './capability-parts.js';
import { agentLimits, callRetry } from './template-parts.js';

/**
 * A subtask template as a capability of agents: a model is asked for each call, with instructions, answer and capabilities of its own. What
 * it takes counts as its caller's, and it goes no further than what is left of its caller's limits.
 */
export const TemplateCapability = z.strictObject({
  kind: z.literal('template'),
  ...definitionParts,
  /** What to do with the arguments: `{{parameter}}` stands for one. */
  instructions: z.string().min(1).max(100_000),
  /** A model of the configuration. Left out: that of the agent which calls. */
  model: z.string().min(1).optional(),
  /** What it may call in its turn, and nothing else. Left out: nothing. */
  capabilities: z.array(CapabilityId).min(1).max(MAX_CAPABILITIES).optional(),
  /** `unsafe` where one of its own capabilities is: then a call of it is made once at most. */
  effects: Effects.default('none'),
  /** For each call, beside what is left to its caller. */
  limits: agentLimits.optional(),
  retry: z.strictObject({ attempts: callRetry.attempts, repairs: callRetry.repairs }).optional(),
});
export type TemplateCapability = z.infer<typeof TemplateCapability>;
