import { type z } from 'zod';
import { Config, EndpointConfig } from './schema.js';
import { kindOf, shapeOf, unwrap } from './schema-tree.js';
import { metaOf } from './setting.js';

const HIDDEN = '***';

/** A URL without its user and password. */
const hideInUrl = (value: unknown): string => {
  if (typeof value !== 'string' || !URL.canParse(value)) return HIDDEN;
  const url = new URL(value);
  return `${url.protocol}//${url.username || url.password ? `${HIDDEN}@` : ''}${url.host}${url.pathname}`;
};

const describe = (schema: z.ZodType, value: unknown): unknown => {
  if (value === undefined) return undefined;
  const secret = metaOf(schema)?.secret;
  if (secret) return secret === 'url' ? hideInUrl(value) : HIDDEN;
  if (schema === EndpointConfig.shape.parameters) return Object.keys(value as object);
  const inner = unwrap(schema) as unknown as { element: z.ZodType; valueType: z.ZodType };
  switch (kindOf(schema)) {
    case 'array':
      return (value as unknown[]).map((element) => describe(inner.element, element));
    case 'record':
      return Object.fromEntries(Object.entries(value as object).map(([key, element]) => [key, describe(inner.valueType, element)]));
    case 'object':
      return Object.fromEntries(
        Object.entries(shapeOf(schema)).map(([key, child]) => [key, describe(child, (value as Record<string, unknown>)[key])]),
      );
    default:
      return value;
  }
};

/** The configuration for logs: no key, password or passed-on parameter's value is in it. */
export const describeConfig = (config: Config): Record<string, unknown> => describe(Config, config) as Record<string, unknown>;
