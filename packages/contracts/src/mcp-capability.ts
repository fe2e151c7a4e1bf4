import { z } from 'zod';
import { definitionParts, Effects } from './capability-parts.js';

/** What a server of the Model Context Protocol is called in the configuration. */
export const McpServerName = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, _ and -');

/** A tool of a server of the Model Context Protocol. */
export const McpCapability = z.strictObject({
  kind: z.literal('mcp'),
  ...definitionParts,
  /** One of the configuration's. */
  server: McpServerName,
  /** As the server calls it. */
  tool: z.string().min(1).max(200),
  /**
   * SHA-256 of the tool as the server described it when the capability was made: its name, title, description, schemas and annotations,
   * keys in order. A tool that has changed since is not called.
   */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
  /** What a server says of its tools is not believed: somebody has to say that calls may be repeated. */
  effects: Effects.default('unsafe'),
  /** What is made of the answer: its structured content or, without one, a text that is an object of JSON; or its texts as one. */
  result: z.enum(['json', 'text']).default('json'),
  /** The property of `output` that the answer becomes. Default: an object is the output itself, and a text becomes `text`. */
  into: z.string().min(1).max(255).optional(),
  /** Of a call. */
  timeoutMs: z.number().int().min(100).max(3_600_000).default(30_000),
});
export type McpCapability = z.infer<typeof McpCapability>;
