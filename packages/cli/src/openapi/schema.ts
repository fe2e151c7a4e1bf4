import { type JsonSchema, type JsonValue } from '@apwa/contracts';
import { isObject } from '@apwa/config';

/** Something of an operation that a capability cannot have. */
export class Unsupported extends Error {
  constructor(
    /** Where in the operation: `parameters[1]`. */
    readonly place: string,
    message: string,
  ) {
    super(message);
  }
}

/** What JSON Schema does not know, or says nothing by. */
const DROPPED = new Set([
  'nullable',
  'example',
  'examples',
  'xml',
  'discriminator',
  'externalDocs',
  'readOnly',
  'writeOnly',
  '$schema',
  '$id',
]);
/** Keywords whose values are schemas, lists of them, or schemas by name. */
const ONE = new Set(['items', 'additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else']);
const SEVERAL = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/** Which way values go: what is read only is no part of a request, what is written only none of an answer. */
export type Direction = 'request' | 'answer';

/** A schema of OpenAPI 3.0 or 3.1 as one of JSON Schema 2020-12. Unsupported if it refers to itself, or to another document. */
export const schemaOf = (schema: unknown, direction: Direction, place: string): JsonSchema => {
  if (!isObject(schema)) return {};
  if (typeof schema.$ref === 'string')
    throw new Unsupported(place, `a schema that refers to itself or to another document (${schema.$ref})`);
  const inner = (value: unknown) => (typeof value === 'boolean' ? value : schemaOf(value, direction, place));
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || key.startsWith('x-')) continue;
    if (ONE.has(key)) result[key] = inner(value);
    else if (SEVERAL.has(key)) result[key] = Array.isArray(value) ? value.map(inner) : value;
    else if (NAMED.has(key) && isObject(value)) result[key] = mapped(value, direction, inner);
    else result[key] = value;
  }
  const required =
    Array.isArray(schema.required) && isObject(schema.properties) ? without(schema.required, schema.properties, direction) : null;
  if (required) result.required = required;
  return nullable(exclusive(result), schema);
};

const hidden = (schema: unknown, direction: Direction): boolean =>
  isObject(schema) && (direction === 'request' ? schema.readOnly === true : schema.writeOnly === true);

const mapped = (schemas: Record<string, unknown>, direction: Direction, inner: (schema: unknown) => unknown) =>
  Object.fromEntries(Object.entries(schemas).flatMap(([name, one]) => (hidden(one, direction) ? [] : [[name, inner(one)]])));

const without = (required: unknown[], properties: Record<string, unknown>, direction: Direction): unknown[] =>
  required.filter((name) => typeof name !== 'string' || !hidden(properties[name], direction));

/** In OpenAPI 3.0 bounds that are excluded are a word beside the bound. */
const exclusive = (schema: Record<string, unknown>): Record<string, unknown> => {
  const { exclusiveMinimum, exclusiveMaximum, minimum, maximum, ...rest } = schema;
  return {
    ...rest,
    ...bound('minimum', minimum, 'exclusiveMinimum', exclusiveMinimum),
    ...bound('maximum', maximum, 'exclusiveMaximum', exclusiveMaximum),
  };
};

const bound = (name: string, value: unknown, excluded: string, is: unknown): Record<string, unknown> => {
  if (is === true) return { [excluded]: value };
  return { ...(value === undefined ? {} : { [name]: value }), ...(typeof is === 'number' ? { [excluded]: is } : {}) };
};

const nullable = (schema: Record<string, unknown>, { nullable: may }: Record<string, unknown>): Record<string, unknown> => {
  if (may !== true) return schema;
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [schema, { type: 'null' }] };
  const all = Array.isArray(values) && !values.includes(null) ? { enum: [...(values as JsonValue[]), null] } : {};
  return { ...schema, type: [...[type].flat(), 'null'], ...all };
};
