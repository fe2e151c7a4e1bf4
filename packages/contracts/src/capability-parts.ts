import { z } from 'zod';
import { JsonSchema } from './json.js';

/** What a capability is called within its kind. */
export const CapabilityName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and _');

/** `none`: it may be called any number of times. `unsafe`: never a second time by the machinery. */
export const Effects = z.enum(['none', 'idempotent', 'unsafe']);
export type Effects = z.infer<typeof Effects>;

/** What definitions of all kinds say. */
export const definitionParts = {
  /** After its kind and `:` this is its id. */
  name: CapabilityName,
  /** One line: what it gives. */
  description: z.string().min(1).max(500),
  /** JSON Schema 2020-12 of the arguments: an object, each property of which is a parameter. */
  input: JsonSchema,
  /** JSON Schema 2020-12 of what it gives: an object, each property of which becomes a column. */
  output: JsonSchema,
};
