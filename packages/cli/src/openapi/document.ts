import { dereference } from '@apidevtools/json-schema-ref-parser';
import { excerpt, RefusedError } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseDocument } from '../inputs/plan-file.js';

const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const ALLOWED = 'an OpenAPI document of version 3.0 or 3.1, YAML or JSON';

const Parameter = z.looseObject({
  name: z.string(),
  in: z.string(),
  description: z.string().optional(),
  required: z.boolean().default(false),
  style: z.string().optional(),
  explode: z.boolean().optional(),
  schema: z.unknown().optional(),
});
export type Parameter = z.infer<typeof Parameter>;

const Content = z.record(z.string(), z.looseObject({ schema: z.unknown().optional() })).default({});
const Security = z.array(z.record(z.string(), z.array(z.string())));
const Servers = z.array(
  z.looseObject({ url: z.string(), variables: z.record(z.string(), z.looseObject({ default: z.string() })).default({}) }),
);

const Operation = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ required: z.boolean().default(false), content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content })).default({}),
  security: Security.optional(),
  servers: Servers.optional(),
});
export type Operation = z.infer<typeof Operation>;

const SecurityScheme = z.looseObject({
  type: z.string(),
  in: z.string().optional(),
  name: z.string().optional(),
  scheme: z.string().optional(),
});
export type SecurityScheme = z.infer<typeof SecurityScheme>;

/** Methods by which operations stand in a path, those among them that capabilities have not. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

const PathItem = z.looseObject({
  parameters: z.array(Parameter).default([]),
  servers: Servers.optional(),
  ...Object.fromEntries(METHODS.map((method) => [method, Operation.optional()])),
}) as unknown as z.ZodType<PathItem>;
type PathItem = { parameters: Parameter[]; servers?: z.infer<typeof Servers> } & { [method in (typeof METHODS)[number]]?: Operation };

/** What of a document is read. Its references are gone, but those of schemas to themselves. */
const OpenApi = z.looseObject({
  openapi: z.string().regex(/^3\.[01]\.\d+/, 'must be 3.0 or 3.1'),
  servers: Servers.default([]),
  security: Security.default([]),
  paths: z.record(z.string(), PathItem),
  components: z.looseObject({ securitySchemes: z.record(z.string(), SecurityScheme).default({}) }).prefault({}),
});
export type OpenApi = z.infer<typeof OpenApi>;

/** Reads an OpenAPI document from a file or a URL; nothing that it refers to elsewhere. RefusedError naming what is wrong with it. */
export const readOpenApi = async (place: string): Promise<OpenApi> => {
  const text = await textOf(place);
  const document: unknown = parseDocument('--openapi', text, place, ALLOWED);
  const refuse = (message: string, value: unknown): never => {
    throw new RefusedError('bad_input', `${place} is no OpenAPI document: ${message}`, {
      field: '--openapi',
      value: excerpt(value),
      allowed: ALLOWED,
    });
  };
  if (typeof document !== 'object' || document === null) return refuse('it holds no object.', document);
  if ('swagger' in document) return refuse('it is of version 2.', document.swagger);
  const whole = await dereference(structuredClone(document), {
    resolve: { external: false },
    dereference: { circular: 'ignore' },
  }).catch((error: Error) => refuse(error.message, place));
  const parsed = OpenApi.safeParse(whole);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is wrong'}.`, place);
};

const isUrl = (place: string): boolean => /^https?:\/\//.test(place);

/** Where servers that are named relative to it are; null of a file. */
export const baseOf = (place: string): URL | null => (isUrl(place) ? new URL(place) : null);

const textOf = async (place: string): Promise<string> => {
  try {
    const text = isUrl(place) ? await fetched(place) : await readFile(place, 'utf8');
    if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    return text;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RefusedError('bad_input', `${place} cannot be read: ${message}`, { field: '--openapi', value: place, allowed: ALLOWED });
  }
};

const fetched = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`it was answered ${response.status}`);
  return response.text();
};
