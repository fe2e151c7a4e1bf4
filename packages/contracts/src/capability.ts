import { z } from 'zod';
import { JsonSchema } from './json.js';

/** What a capability is carried out by. `http`, `mcp`, `python` and `javascript` are to come. */
export const CapabilityKind = z.enum(['builtin']);
export type CapabilityKind = z.infer<typeof CapabilityKind>;

/** A capability by kind and name: `builtin:text_length`. */
export const CapabilityId = z
  .string()
  .regex(/^builtin:[a-z][a-z0-9_]{0,62}$/, 'must be builtin: and a name of lower-case letters, digits and _, such as builtin:text_length');
export type CapabilityId = z.infer<typeof CapabilityId>;

/** What whoever plans, checks or calls has to know of a capability; not how it is carried out. */
export const Capability = z.strictObject({
  id: CapabilityId,
  kind: CapabilityKind,
  /** One line: what it gives. */
  description: z.string().min(1).max(500),
  /** `none`: it may be called any number of times. `unsafe`: never a second time by the machinery. */
  effects: z.enum(['none', 'idempotent', 'unsafe']),
  /** JSON Schema 2020-12 of the arguments: an object, each property of which is a parameter. */
  input: JsonSchema,
  /** JSON Schema 2020-12 of what it gives: an object, each property of which becomes a column. */
  output: JsonSchema,
});
export type Capability = z.infer<typeof Capability>;
