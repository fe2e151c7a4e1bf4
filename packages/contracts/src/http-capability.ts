import { z } from 'zod';
import { CallLimits, definitionParts, Effects } from './capability-parts.js';
import { JsonValue } from './json.js';

/** What a secret of the configuration is called: plans name it, and never hold it. */
export const SecretName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'must be letters, digits and _, beginning with a letter');

/** Headers that are ours to set, or the connection's. */
const RESERVED_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect', 'cookie'];
const HeaderName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header')
  .refine((name) => !RESERVED_HEADERS.includes(name.toLowerCase()), `must be none of ${RESERVED_HEADERS.join(', ')}`);

/** A secret of the configuration, where the request has it. */
export const UsedSecret = z.strictObject({
  name: SecretName,
  in: z.enum(['header', 'query']).default('header'),
  /** The header or the parameter. */
  as: HeaderName,
  /** What stands before it, such as `Bearer `. */
  prefix: z.string().max(50).default(''),
});
export type UsedSecret = z.infer<typeof UsedSecret>;

/** Calls that are repeated do no harm by HTTP's own rules, or are not known to do none. */
const EFFECTS = { GET: 'none', PUT: 'idempotent', DELETE: 'idempotent', POST: 'unsafe', PATCH: 'unsafe' } as const satisfies Record<
  string,
  Effects
>;

/**
 * A request of HTTP. `{{parameter}}` stands for an argument in path, query, headers and body: a text that is one placeholder is the argument
 * as it is, and one whose argument is not given is left out; in a longer text the arguments are written in.
 */
export const HttpCapability = z.strictObject({
  kind: z.literal('http'),
  ...definitionParts,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  /** Scheme and host as they are, then the path, in which placeholders may stand. */
  url: z
    .string()
    .max(2_000)
    .regex(
      /^https?:\/\/[^\s{}/?#@\\]+(\/[^\s?#\\]*)?$/,
      'must be http:// or https://, a host and a path: {{parameters}} in the path alone',
    ),
  query: z.record(z.string().min(1).max(200), JsonValue).default({}),
  headers: z.record(HeaderName, z.string().max(2_000)).default({}),
  /** Sent as JSON. */
  body: JsonValue.optional(),
  secrets: z.array(UsedSecret).max(10).default([]),
  /** Default: `none` of GET, `idempotent` of PUT and DELETE, `unsafe` of POST and PATCH, which may say that they are not: such a call is made once at most. */
  effects: Effects.optional(),
  /**
   * Of all calls to the host with the same secrets and the same limits, whatever capability makes them. Left out: learned from answers with status 429.
   */
  limits: CallLimits.optional(),
  /** What is made of the answer. */
  result: z.enum(['json', 'text']).default('json'),
  /** The property of `output` that the answer becomes. Default: an object of JSON is the output itself, and a text becomes `text`. */
  into: z.string().min(1).max(255).optional(),
  /** Of the answer, unpacked. */
  maxBytes: z
    .number()
    .int()
    .min(1)
    .max(8 * 1024 * 1024)
    .default(1024 * 1024),
  /** Of a try, its answer included. */
  timeoutMs: z.number().int().min(100).max(600_000).default(30_000),
});
export type HttpCapability = z.infer<typeof HttpCapability>;

export const effectsOfHttp = ({ method, effects }: { method: keyof typeof EFFECTS; effects?: Effects | undefined }): Effects =>
  effects ?? EFFECTS[method];
