import { type JsonSchema } from '@apwa/contracts';

/** A schema or a part of one: an object, or `true` and `false`. */
export type Node = JsonSchema | boolean;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords whose values are schemas: by name, in a list, or one. What else holds `$ref` is data. */
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const SINGLE = [
  'items',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'propertyNames',
  'contentSchema',
];

/** The schemas right inside of a schema, each with its path from there. */
export const childrenOf = (node: JsonSchema): { path: string[]; node: Node }[] => {
  const children: { path: string[]; node: Node }[] = [];
  const add = (path: string[], child: unknown) => {
    if (isObject(child) || typeof child === 'boolean') children.push({ path, node: child });
  };
  for (const key of MAPS) {
    const map = node[key];
    if (isObject(map)) for (const [name, child] of Object.entries(map)) add([key, name], child);
  }
  for (const key of LISTS) {
    const list = node[key];
    if (Array.isArray(list)) list.forEach((child, index) => add([key, String(index)], child));
  }
  for (const key of SINGLE) add([key], node[key]);
  return children;
};

/** Every schema inside of a schema, itself first. Paths are lists of keys. */
export const walk = (root: Node, visit: (node: JsonSchema, path: string[]) => void): void => {
  const open: { node: Node; path: string[] }[] = [{ node: root, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, path } = next;
    if (typeof node === 'boolean') continue;
    visit(node, path);
    for (const child of childrenOf(node)) open.push({ node: child.node, path: [...path, ...child.path] });
  }
};

/** A path as people write it: `properties.tags.items`, `anyOf[1]`. */
export const fieldOf = (path: readonly string[], root = ''): string =>
  path.reduce((text, key) => (/^\d+$/.test(key) ? `${text}[${key}]` : text ? `${text}.${key}` : key), root);

/** The keys of a JSON pointer. */
export const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
