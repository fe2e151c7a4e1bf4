import { type JsonSchema } from '@apwa/contracts';
import { accepts } from './accepts.js';
import { checkSchema } from './check.js';
import { flatten, pureReference, typesOf } from './flatten.js';
import { describeWith } from './hints.js';
import { lowerObject } from './lower-object.js';
import { type Context, type Lowered, type Place, lowerReference, unchanged } from './lowering.js';
import { isObject, type Node, walk } from './nodes.js';
import { referencesOf } from './references.js';

/**
 * What an endpoint takes:
 * - `strict`: OpenAI's structured outputs: closed objects, every property required, few keywords;
 * - `tool`: parameters of a tool call that is not strict: an object, without references to elsewhere or conditions;
 * - `plain`: shown to the model in the prompt, as the user wrote it.
 */
export type Dialect = 'strict' | 'tool' | 'plain';

export interface LoweredSchema {
  schema: JsonSchema;
  /**
   * An answer that follows the lowered schema, in the form of the original one: nulls that stand for what is left out are
   * removed, lists of entries become objects again. What does not follow the lowered schema comes back as it is, as far as it does not.
   */
  restore: (value: unknown) => unknown;
}

/** OpenAI's structured outputs take ten levels of nesting. */
const STRICT_DEPTH = 9;
/** … and 1,000 values of enums in the whole schema; an enum above this is left to the validator. */
const STRICT_ENUM = 250;
/** The property that carries an answer which is no object. */
const WRAPPER = 'value';

/** Keywords that stay, by type, where the dialect takes more than the form. */
const KEPT: Record<string, readonly string[]> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  array: ['minItems', 'maxItems', 'uniqueItems'],
};

const pick = (node: JsonSchema, keys: readonly string[]): JsonSchema =>
  Object.fromEntries(keys.filter((key) => node[key] !== undefined).map((key) => [key, node[key]]));

const parseText = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

/** A value of any form: strict schemas have none for it, so that it is written as JSON in text. */
const lowerAny = (node: JsonSchema, context: Context, what: string): Lowered =>
  context.strict
    ? { schema: { type: 'string', ...describeWith(node, [], `${what}, written as JSON`) }, restore: parseText }
    : { schema: { ...describeWith(node, []), ...(what === 'an object' ? { type: 'object' } : {}) }, restore: unchanged };

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

const lowerEnum = (node: JsonSchema, values: unknown[], context: Context): Lowered => {
  const all = node.nullable === true && !values.includes(null) ? [...values, null] : values;
  if (context.strict && !all.every(isScalar)) {
    const texts = all.map((value) => JSON.stringify(value));
    return { schema: { type: 'string', enum: texts, ...describeWith(node, [], 'JSON as text') }, restore: parseText };
  }
  const types = typesOf({ enum: all });
  const type = types.length === 1 ? types[0] : types;
  const tooMany = context.strict && all.length > STRICT_ENUM;
  return { schema: { type, ...(tooMany ? {} : { enum: all }), ...describeWith(node, []) }, restore: unchanged };
};

const lowerArray = (node: JsonSchema, context: Context, place: Place): Lowered => {
  const inside = { ...place, depth: place.depth + 1 };
  const kept = context.strict ? [] : (KEPT.array ?? []);
  const rest = node.items === undefined ? undefined : lowerNode(node.items as Node, context, inside);
  if (!Array.isArray(node.prefixItems)) {
    const items = rest ?? lowerNode(true, context, inside);
    const schema = { type: 'array', ...describeWith(node, kept), items: items.schema, ...pick(node, kept) };
    return { schema, restore: (value) => (Array.isArray(value) ? (value as unknown[]).map((item) => items.restore(item)) : value) };
  }
  const first = (node.prefixItems as Node[]).map((item) => lowerNode(item, context, inside));
  const forms = distinct([...first, ...(rest && node.items !== false ? [rest] : [])].map(({ schema }) => schema));
  const order = first.map(({ schema }, index) => `${index + 1}. ${JSON.stringify(schema.enum ?? schema.type ?? schema)}`).join(', ');
  const bounds = node.items === false && node.maxItems === undefined ? { ...node, maxItems: first.length } : node;
  return {
    schema: {
      type: 'array',
      ...describeWith(bounds, kept, `items by position: ${order}`),
      items: forms.length === 1 ? forms[0] : { anyOf: forms },
      ...pick(bounds, kept),
    },
    restore: (value) => (Array.isArray(value) ? (value as unknown[]).map((item, at) => (first[at] ?? rest)?.restore(item) ?? item) : value),
  };
};

const distinct = (schemas: JsonSchema[]): JsonSchema[] => [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];

/** A choice: whatever stands beside it holds in each branch. */
const lowerChoice = (node: JsonSchema, branches: Node[], context: Context, place: Place): Lowered => {
  const { anyOf, oneOf, description, title, ...base } = node;
  // With both, the second is a condition on each branch of the first.
  const rest = anyOf !== undefined && oneOf !== undefined ? { ...base, oneOf } : base;
  const lowered = branches
    .filter((branch) => branch !== false)
    .map((branch) => {
      const own = isObject(branch) ? branch : {};
      return lowerNode(Object.keys(rest).length > 0 ? { allOf: [rest, own] } : own, context, place);
    });
  const told = describeWith({ ...(description === undefined ? {} : { description }), ...(title === undefined ? {} : { title }) }, []);
  if (lowered.length === 1 && lowered[0])
    return { ...lowered[0], schema: { ...lowered[0].schema, ...(lowered[0].schema.$ref ? {} : told) } };
  const schemas = distinct(lowered.flatMap(({ schema }) => (Array.isArray(schema.anyOf) ? (schema.anyOf as JsonSchema[]) : [schema])));
  return {
    schema: { anyOf: schemas, ...told },
    restore: (value) => {
      const taken = lowered.find(({ schema }) => accepts(schema, value, context.definitions));
      return taken ? taken.restore(value) : value;
    },
  };
};

const lowerTyped = (node: JsonSchema, type: string, context: Context, place: Place): Lowered => {
  if (type === 'object') {
    const formless = !['properties', 'patternProperties', 'required'].some((key) => key in node) && !isObject(node.additionalProperties);
    if ((formless && node.additionalProperties !== false) || (context.strict && place.depth >= STRICT_DEPTH))
      return lowerAny(node, context, 'an object');
    return lowerObject(node, context, place, (inner, at) => lowerNode(inner, context, at));
  }
  if (type === 'array')
    return context.strict && place.depth >= STRICT_DEPTH ? lowerAny(node, context, 'a list') : lowerArray(node, context, place);
  const kept = context.strict ? [] : (KEPT[type] ?? []);
  return { schema: { type, ...describeWith(node, kept), ...pick(node, kept) }, restore: unchanged };
};

const lowerNode = (node: Node, context: Context, place: Place): Lowered => {
  if (!isObject(node)) return node ? lowerAny({}, context, 'any value') : { schema: { type: 'null' }, restore: unchanged };
  const reference = pureReference(node, context.references) ?? recursiveReference(node, context, place);
  if (reference !== undefined) return lowerReference(reference, context, (inner, at) => lowerNode(inner, context, at));

  const flat = flatten(node, context.references, place.open);
  const merged = flat.node;
  const here = { ...place, open: flat.inlined };
  if ('const' in merged) return lowerEnum(merged, [merged.const], context);
  if (Array.isArray(merged.enum)) return lowerEnum(merged, merged.enum, context);
  const branches = merged.anyOf ?? merged.oneOf;
  if (Array.isArray(branches) && branches.length > 0 && !onlyConditions(merged, branches))
    return lowerChoice(merged, branches as Node[], context, here);

  const types = typesOf(merged);
  const [only] = types;
  if (only === undefined) return lowerAny(merged, context, 'any value');
  if (types.length === 1) return lowerTyped(merged, only, context, here);
  if (types.every((type) => type !== 'object' && type !== 'array')) {
    const kept = context.strict ? [] : types.flatMap((type) => KEPT[type] ?? []);
    return { schema: { type: types, ...describeWith(merged, kept), ...pick(merged, kept) }, restore: unchanged };
  }
  const { nullable: _, ...typed } = merged;
  return lowerChoice(
    merged,
    types.map((type) => ({ ...typed, type })),
    context,
    here,
  );
};

/** A reference with neighbours that leads back to where it stands. */
const recursiveReference = (node: JsonSchema, context: Context, place: Place): string | undefined => {
  const pointer = typeof node.$ref === 'string' ? context.references.pointerOf(node.$ref) : undefined;
  return pointer !== undefined && place.open.has(pointer) ? pointer : undefined;
};

/** Branches that only say which of the properties must be there: a condition, which the validator checks. */
const onlyConditions = (node: JsonSchema, branches: unknown[]): boolean =>
  isObject(node.properties) &&
  branches.every((branch) => isObject(branch) && Object.keys(branch).every((key) => key === 'required' || key === 'not'));

const isObjectSchema = ({ type, properties }: JsonSchema): boolean => type === 'object' && isObject(properties);

const withoutIdentity = (schema: JsonSchema): JsonSchema => {
  const copy = structuredClone(schema);
  walk(copy, (node) => {
    delete node.$schema;
    delete node.$comment;
  });
  return copy;
};

/** The schema as an endpoint takes it. Throws RefusedError `invalid_schema` as `compileSchema` does. */
export const lowerSchema = (schema: JsonSchema, dialect: Dialect): LoweredSchema => {
  checkSchema(schema);
  const context: Context = {
    strict: dialect === 'strict',
    references: referencesOf(schema),
    names: new Map(),
    lowered: new Map(),
    definitions: {},
  };
  const top: JsonSchema = typeof schema.$ref === 'string' ? { allOf: [schema] } : schema;
  const root = lowerNode(top, context, { depth: 0, open: new Set() });
  if (dialect === 'plain') return { schema: withoutIdentity(schema), restore: root.restore };

  const wrapped = !isObjectSchema(root.schema);
  const outer = wrapped
    ? { type: 'object', properties: { [WRAPPER]: root.schema }, required: [WRAPPER], additionalProperties: false }
    : root.schema;
  const $defs = Object.keys(context.definitions).length > 0 ? { $defs: context.definitions } : {};
  return {
    schema: { ...outer, ...$defs },
    restore: (value) => {
      const isWrapped = wrapped && isObject(value) && Object.hasOwn(value, WRAPPER) && Object.keys(value).length === 1;
      return root.restore(isWrapped ? value[WRAPPER] : value);
    },
  };
};
