import { type JsonSchemaNode } from '../server/chat.js';

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null';

/** A node of a JSON Schema with its references followed. */
export interface Shape {
  node: JsonSchemaNode;
  type: JsonType | null;
  nullable: boolean;
}

/** A property to fill: its name, and what schema and instructions say of it. */
export interface Slot extends Shape {
  name: string;
  description: string;
}

/** References that lead into each other end here. */
const DEEPEST = 12;

const asNode = (value: unknown): JsonSchemaNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchemaNode) : {};
const asNodes = (value: unknown): JsonSchemaNode[] => (Array.isArray(value) ? value.map(asNode) : []);

const follow = (pointer: string, root: JsonSchemaNode): JsonSchemaNode => {
  let node: unknown = root;
  for (const part of pointer.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    node = asNode(node)[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return asNode(node);
};

const typesOf = (node: JsonSchemaNode): JsonType[] => {
  const { type } = node;
  if (Array.isArray(type)) return type as JsonType[];
  if (typeof type === 'string') return [type as JsonType];
  if (node.properties) return ['object'];
  if (node.items ?? node.prefixItems) return ['array'];
  const [sample] = Array.isArray(node.enum) ? (node.enum as unknown[]) : [node.const];
  if (typeof sample === 'string' || typeof sample === 'boolean') return [typeof sample as JsonType];
  if (typeof sample === 'number') return ['number'];
  if (node.pattern ?? node.format ?? node.minLength ?? node.maxLength) return ['string'];
  return [];
};

/** What a node asks for: references followed, `allOf` merged, the first branch of a choice that is not null. */
export const shapeOf = (given: JsonSchemaNode, root: JsonSchemaNode, depth = 0): Shape => {
  if (depth > DEEPEST) return { node: {}, type: null, nullable: true };
  let node = given;
  if (typeof node.$ref === 'string') {
    const { $ref, ...beside } = node;
    node = { ...follow($ref, root), ...beside };
    if (typeof node.$ref === 'string') return shapeOf(node, root, depth + 1);
  }
  if (Array.isArray(node.allOf)) {
    const { allOf, ...beside } = node;
    node = [...asNodes(allOf).map((part) => shapeOf(part, root, depth + 1).node), beside].reduce(merge, {});
  }
  const choice = asNodes(node.anyOf ?? node.oneOf);
  if (choice.length > 0) {
    const { anyOf: _any, oneOf: _one, ...beside } = node;
    const shapes = choice.map((branch) => shapeOf(branch, root, depth + 1));
    const branch = shapes.find(({ type }) => type !== 'null') ?? { node: {}, type: 'null' as const };
    const nullable = shapes.some((shape) => shape.type === 'null' || shape.nullable);
    return { node: merge(branch.node, beside), type: branch.type ?? typesOf(beside)[0] ?? null, nullable };
  }
  const types = typesOf(node);
  return { node, type: types.find((type) => type !== 'null') ?? types[0] ?? null, nullable: types.includes('null') };
};

const merge = (a: JsonSchemaNode, b: JsonSchemaNode): JsonSchemaNode => ({
  ...a,
  ...b,
  ...(a.properties || b.properties ? { properties: { ...asNode(a.properties), ...asNode(b.properties) } } : {}),
  ...(a.required || b.required
    ? { required: [...((a.required as string[] | undefined) ?? []), ...((b.required as string[] | undefined) ?? [])] }
    : {}),
});

export const slotOf = (name: string, node: JsonSchemaNode, root: JsonSchemaNode): Slot => {
  const shape = shapeOf(node, root);
  const own = typeof node.description === 'string' ? node.description : '';
  const title = typeof node.title === 'string' ? node.title : '';
  return { ...shape, name, description: own || (typeof shape.node.description === 'string' ? shape.node.description : '') || title };
};

export const propertiesOf = ({ node }: Shape): [string, JsonSchemaNode][] =>
  Object.entries(asNode(node.properties)).map(([name, value]) => [name, asNode(value)]);
export const requiredOf = ({ node }: Shape): ReadonlySet<string> =>
  new Set(Array.isArray(node.required) ? (node.required as string[]) : []);
export const itemOf = ({ node }: Shape): JsonSchemaNode => asNode(node.items);
export const enumOf = ({ node }: Shape): unknown[] | null =>
  Array.isArray(node.enum) ? (node.enum as unknown[]) : 'const' in node ? [node.const] : null;

const SAID = { minimum: /\bat least (-?\d+(?:\.\d+)?)(?=[;)]|$)/, maximum: /\bat most (-?\d+(?:\.\d+)?)(?=[;)]|$)/ } as const;

/** A limit of the schema; those of numbers are taken from the description, too: structured outputs have no keyword for them. */
export const limitOf = ({ node }: Shape, name: string): number | null => {
  const value = node[name];
  if (typeof value === 'number') return value;
  if ((name !== 'minimum' && name !== 'maximum') || typeof node.description !== 'string') return null;
  const said = SAID[name].exec(node.description)?.[1];
  return said === undefined ? null : Number(said);
};
