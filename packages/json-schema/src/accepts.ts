import { type JsonSchema } from '@apwa/contracts';
import { canonical } from './keywords.js';
import { isObject } from './nodes.js';

/** Deeper than any lowered schema follows a value. */
const MAX_DEPTH = 64;

const hasType = (value: unknown, type: unknown): boolean => {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
};

/** Whether a value has the form of a lowered schema: which branch of a choice an answer took. */
export const accepts = (schema: unknown, value: unknown, definitions: Record<string, unknown>, depth = 0): boolean => {
  if (!isObject(schema) || depth > MAX_DEPTH) return schema !== false;
  if (typeof schema.$ref === 'string') return accepts(definitions[schema.$ref.replace('#/$defs/', '')], value, definitions, depth + 1);
  if (Array.isArray(schema.anyOf)) return schema.anyOf.some((branch) => accepts(branch, value, definitions, depth + 1));
  if (Array.isArray(schema.enum)) {
    const found = canonical(value);
    return schema.enum.some((allowed) => canonical(allowed) === found);
  }
  const types: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (schema.type !== undefined && !types.some((type) => hasType(value, type))) return false;
  if (isObject(value) && isObject(schema.properties)) return acceptsObject(schema, schema.properties, value, definitions, depth);
  if (Array.isArray(value) && schema.items !== undefined) return value.every((item) => accepts(schema.items, item, definitions, depth + 1));
  return true;
};

const acceptsObject = (
  schema: JsonSchema,
  properties: Record<string, unknown>,
  value: Record<string, unknown>,
  definitions: Record<string, unknown>,
  depth: number,
): boolean => {
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  if (required.some((key) => !Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, inner]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties;
    return property === false ? false : accepts(property, inner, definitions, depth + 1);
  });
};
