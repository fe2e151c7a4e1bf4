import { z } from 'zod';
import { JsonSchema } from './json.js';

/** What a capability is carried out by. */
export const CapabilityKind = z.enum(['builtin', 'python', 'javascript', 'http', 'mcp', 'template']);
export type CapabilityKind = z.infer<typeof CapabilityKind>;

/** A capability by kind and name: `builtin:text_length`, `python:language`. */
export const CapabilityId = z
  .string()
  .regex(
    new RegExp(`^(${CapabilityKind.options.join('|')}):[a-z][a-z0-9_]{0,62}$`),
    `must be ${CapabilityKind.options.map((kind) => `${kind}:`).join(' or ')} and a name of lower-case letters, digits and _, such as builtin:text_length`,
  );
export type CapabilityId = z.infer<typeof CapabilityId>;

/** What a capability is called within its kind. */
export const CapabilityName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and _');

/** `none`: it may be called any number of times. `unsafe`: never a second time by the machinery. */
export const Effects = z.enum(['none', 'idempotent', 'unsafe']);
export type Effects = z.infer<typeof Effects>;

/** Of a registered capability: 1 for the first. */
export const CapabilityVersion = z.number().int().min(1).max(1_000_000);

/** Capabilities of one template or plan. */
export const MAX_CAPABILITIES = 20;

/** SHA-256 of a row and of what is called for it, which makes a call the same one whoever makes it. */
export const CallKey = z.string().regex(/^[0-9a-f]{64}$/);
export type CallKey = z.infer<typeof CallKey>;

/** What calls of a capability are held to, by all members and runs of the cluster together. */
export const CallLimits = z
  .strictObject({
    /** Tries counted. */
    requestsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
    /** Calls under way at the same time. */
    inFlight: z.number().int().min(1).max(100_000).optional(),
  })
  .refine(({ requestsPerMinute, inFlight }) => requestsPerMinute !== undefined || inFlight !== undefined, {
    message: 'must have requestsPerMinute, inFlight or both',
  });
export type CallLimits = z.infer<typeof CallLimits>;

/** SHA-256 of a capability's content, in hexadecimal. */
const ContentHash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal');

/** Which version of a registered capability a definition is. */
export const RegisteredVersion = z.strictObject({ version: CapabilityVersion, /** Of the definition without this. */ hash: ContentHash });
export type RegisteredVersion = z.infer<typeof RegisteredVersion>;

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
  /** Written by the manager, where it takes a definition from its registry. Left out: it is the plan's own. */
  registered: RegisteredVersion.optional(),
};
