import { MAX_CAPABILITIES, Plan, RegisteredCapability } from '@apwa/contracts';
import { z } from 'zod';
import { PlannedJavascript } from './capability-tool-definitions.js';

/** A plan as planners may submit it: of what a plan may bring that alone runs in a sandbox; what is registered people have agreed to. */
export const planArgument = Plan.extend({
  capabilities: z
    .array(z.discriminatedUnion('kind', [PlannedJavascript, RegisteredCapability]))
    .max(MAX_CAPABILITIES)
    .optional(),
});
