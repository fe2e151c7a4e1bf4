import { type JsonSchema } from '@apwa/contracts';
import { describeWith } from './hints.js';
import { acceptsNull, type Context, type Lowered, type Place } from './lowering.js';
import { isObject, type Node } from './nodes.js';

type Lower = (node: Node, place: Place) => Lowered;

/** Schemas of the keys that are not named: one, or a choice of several; undefined if there are none, or none with a form. */
const otherKeysOf = (node: JsonSchema): Node | undefined => {
  const patterns = isObject(node.patternProperties) ? (Object.values(node.patternProperties) as Node[]) : [];
  const additional = (node.additionalProperties ?? node.unevaluatedProperties) as Node | undefined;
  const forms = [...patterns, ...(isObject(additional) || (additional === true && patterns.length > 0) ? [additional] : [])].filter(
    (form) => form !== false,
  );
  return forms.length > 1 ? { anyOf: forms } : forms[0];
};

const hintOnKeys = (node: JsonSchema): string | undefined =>
  isObject(node.patternProperties) ? `keys match ${Object.keys(node.patternProperties).join(' or ')}` : undefined;

/** `null` beside what a schema allows. */
const nullable = (schema: JsonSchema): JsonSchema => {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...(schema.anyOf as unknown[]), { type: 'null' }] };
  const { description, ...rest } = schema;
  const told = description === undefined ? {} : { description };
  if (schema.$ref !== undefined || schema.type === 'object' || schema.type === 'array') return { anyOf: [rest, { type: 'null' }], ...told };
  if (schema.type === undefined) return schema;
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [schema.type];
  if (types.includes('null')) return schema;
  return { ...schema, type: [...types, 'null'], ...(Array.isArray(schema.enum) ? { enum: [...(schema.enum as unknown[]), null] } : {}) };
};

/** Objects with keys of any name become lists of keys and values where only named keys are taken. */
const entriesOf = (values: Lowered, description: { description?: string }): Lowered => ({
  schema: {
    type: 'array',
    ...description,
    items: {
      type: 'object',
      properties: { key: { type: 'string' }, value: values.schema },
      required: ['key', 'value'],
      additionalProperties: false,
    },
  },
  restore: (list) => {
    if (!Array.isArray(list) || !list.every((entry) => isObject(entry) && typeof entry.key === 'string')) return list;
    return Object.fromEntries((list as { key: string; value: unknown }[]).map(({ key, value }) => [key, values.restore(value)]));
  },
});

interface Property {
  lowered: Lowered;
  /** A null means that it is left out. */
  dropsNull: boolean;
}

/** The name under which a strict object carries entries with keys of any name. */
const freeName = (properties: Record<string, unknown>): string => {
  let name = 'other_entries';
  while (Object.hasOwn(properties, name)) name = `_${name}`;
  return name;
};

export const lowerObject = (node: JsonSchema, context: Context, place: Place, lower: Lower): Lowered => {
  const named: Record<string, unknown> = isObject(node.properties) ? node.properties : {};
  const required = Array.isArray(node.required) ? (node.required as string[]) : [];
  const keys = [...new Set([...Object.keys(named).filter((key) => named[key] !== false), ...required])];
  const inside = { ...place, depth: place.depth + 1 };
  const others = otherKeysOf(node);

  if (context.strict && keys.length === 0 && others !== undefined)
    return entriesOf(lower(others, { ...inside, depth: inside.depth + 1 }), describeWith(node, [], hintOnKeys(node)));

  const properties = new Map<string, Property>();
  for (const key of keys) {
    const property = (Object.hasOwn(named, key) ? named[key] : true) as Node;
    const lowered = lower(property, inside);
    const optional = !required.includes(key);
    // Of a value written as text, null is the text `null`.
    const isText = context.strict && lowered.schema.type === 'string';
    const dropsNull = optional && (isText || !acceptsNull(property, context.references));
    properties.set(key, { lowered: context.strict && optional ? { ...lowered, schema: nullable(lowered.schema) } : lowered, dropsNull });
  }
  const otherValues = others === undefined ? undefined : lower(others, inside);
  const entriesName = context.strict && otherValues ? freeName(named) : undefined;
  const entries = entriesName && otherValues ? entriesOf(otherValues, { description: 'Further keys with their values.' }) : undefined;

  const schemas = [...properties].map(([key, { lowered }]): [string, JsonSchema] => [key, lowered.schema]);
  if (entries && entriesName) schemas.push([entriesName, entries.schema]);
  const bounds = context.strict ? [] : ['minProperties', 'maxProperties'];
  const open = otherValues ? otherValues.schema : (node.additionalProperties ?? node.unevaluatedProperties);
  const schema: JsonSchema = {
    type: 'object',
    ...describeWith(node, bounds, hintOnKeys(node)),
    properties: Object.fromEntries(schemas),
    required: context.strict ? schemas.map(([key]) => key) : required,
    ...(context.strict ? { additionalProperties: false } : open === undefined ? {} : { additionalProperties: open }),
    ...(context.strict ? {} : Object.fromEntries(bounds.filter((key) => node[key] !== undefined).map((key) => [key, node[key]]))),
  };
  return { schema, restore: (value) => restoreObject(value, properties, entriesName, entries, otherValues) };
};

const restoreObject = (
  value: unknown,
  properties: Map<string, Property>,
  entriesName: string | undefined,
  entries: Lowered | undefined,
  otherValues: Lowered | undefined,
): unknown => {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (key === entriesName && entries) {
        const restored = entries.restore(inner);
        return isObject(restored) ? Object.entries(restored) : [];
      }
      const property = properties.get(key);
      if (!property) return [[key, otherValues && !entries ? otherValues.restore(inner) : inner]];
      return inner === null && property.dropsNull ? [] : [[key, property.lowered.restore(inner)]];
    }),
  );
};
