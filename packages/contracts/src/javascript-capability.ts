import { z } from 'zod';
import { definitionParts } from './capability-parts.js';
import { JsonObject } from './json.js';

/**
 * A function in JavaScript, run in a sandbox within a member: no imports, network, files or timers, and nothing stays from one call to the
 * next. It gets the arguments as one object and returns an object, or a promise of one, that is JSON.
 */
export const JavascriptCapability = z.strictObject({
  kind: z.literal('javascript'),
  ...definitionParts,
  /** It can reach nothing that a call could change. */
  effects: z.literal('none', { error: 'must be none: in its sandbox it can change nothing' }).default('none'),
  /** The text of a module. */
  source: z.string().min(1).max(200_000),
  /** A function at its top level. */
  function: z
    .string()
    .regex(/^[A-Za-z_$][\w$]{0,99}$/, 'must be the name of a function')
    .default('run'),
  /** What it may take; a call that takes more fails its row. */
  memoryMb: z.number().int().min(1).max(512).default(64),
  /** Of a call. */
  timeoutMs: z.number().int().min(10).max(60_000).default(1_000),
});
export type JavascriptCapability = z.infer<typeof JavascriptCapability>;

/** A call by which a capability is tried before others make any. */
export const CapabilityExample = z.strictObject({
  input: JsonObject,
  /** What it must give. Left out: anything that fits its schema. */
  output: JsonObject.optional(),
});
export type CapabilityExample = z.infer<typeof CapabilityExample>;

/** Calls by which a capability is tried, at most. */
export const MAX_EXAMPLES = 20;
