import { type Column, excerpt, type Fault, type JsonSchema, RefusedError } from '@apwa/contracts';
import { checkSchema } from './check.js';
import { flatten, typesOf } from './flatten.js';
import { isObject, type Node } from './nodes.js';
import { type References, referencesOf } from './references.js';

const JSON_TYPE = 'JSON';
const SCALARS: Record<string, string> = { string: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN' };
/** Types of columns are at most 10,000 characters long; a longer one is kept as JSON. */
const MAX_TYPE = 10_000;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One type for values of several. */
const common = (types: string[]): string => {
  const distinct = [...new Set(types)];
  if (distinct.length === 1 && distinct[0]) return distinct[0];
  return distinct.length > 0 && distinct.every((type) => type === 'BIGINT' || type === 'DOUBLE') ? 'DOUBLE' : JSON_TYPE;
};

const structOf = (node: JsonSchema, references: References, open: ReadonlySet<string>): string => {
  const properties = isObject(node.properties) ? Object.entries(node.properties).filter(([, child]) => child !== false) : [];
  const openKeys = node.additionalProperties === true || isObject(node.additionalProperties) || isObject(node.patternProperties);
  // DuckDB's names differ in more than their case.
  const clash = new Set(properties.map(([key]) => key.toLowerCase())).size < properties.length;
  if (properties.length === 0 || openKeys || clash || properties.some(([key]) => key === '')) return JSON_TYPE;
  return `STRUCT(${properties.map(([key, child]) => `${quote(key)} ${typeFor(child as Node, references, open) ?? JSON_TYPE}`).join(', ')})`;
};

/** The type of a schema's values; undefined if it allows null alone. */
const typeFor = (node: Node, references: References, open: ReadonlySet<string>): string | undefined => {
  if (!isObject(node)) return JSON_TYPE;
  const pointer = typeof node.$ref === 'string' ? references.pointerOf(node.$ref) : undefined;
  // Types of columns have no recursion.
  if (pointer !== undefined && open.has(pointer)) return JSON_TYPE;
  const { node: merged, inlined } = flatten(node, references, open);
  const branches = merged.anyOf ?? merged.oneOf;
  if (Array.isArray(branches) && typesOf(merged).length === 0) {
    const types = branches.map((branch) => typeFor(branch as Node, references, inlined)).filter((type) => type !== undefined);
    return types.length === 0 ? undefined : common(types);
  }
  const all = typesOf(merged);
  const types = all.filter((type) => type !== 'null');
  if (types.length === 0) return all.length > 0 ? undefined : JSON_TYPE;
  if (types.length > 1) return common(types.map((type) => SCALARS[type] ?? JSON_TYPE));
  const [type = ''] = types;
  if (type === 'object') return Array.isArray(branches) ? JSON_TYPE : structOf(merged, references, inlined);
  if (type !== 'array') return SCALARS[type] ?? JSON_TYPE;
  if (Array.isArray(merged.prefixItems) || !isObject(merged.items)) return `${JSON_TYPE}[]`;
  const items = typeFor(merged.items, references, inlined) ?? JSON_TYPE;
  return `${items}[]`;
};

/** The properties that answers may have at their top, with those of every branch of a choice. */
const topProperties = (node: JsonSchema, references: References, open: ReadonlySet<string>): Map<string, Node[]> => {
  const { node: merged, inlined } = flatten(node, references, open);
  const found = new Map<string, Node[]>();
  const add = (key: string, child: Node) => found.set(key, [...(found.get(key) ?? []), child]);
  if (isObject(merged.properties))
    for (const [key, child] of Object.entries(merged.properties)) if (child !== false) add(key, child as Node);
  if (Array.isArray(merged.required)) for (const key of merged.required as string[]) if (!found.has(key)) add(key, true);
  for (const branch of [merged.anyOf, merged.oneOf].flatMap((list) => (Array.isArray(list) ? (list as Node[]) : [])))
    if (isObject(branch)) {
      const isCondition = !isObject(branch.properties) && branch.$ref === undefined && branch.allOf === undefined;
      if (!isCondition)
        for (const [key, children] of topProperties(branch, references, inlined)) for (const child of children) add(key, child);
    }
  return found;
};

const nameFaults = (names: string[]): Fault[] =>
  names.flatMap((name, index) => {
    const fault = (message: string, allowed: string): Fault[] => [{ field: `properties.${name}`, message, value: excerpt(name), allowed }];
    if (name === '' || name.length > 255) return fault('cannot name a column', '1 to 255 characters');
    if (name.startsWith('_'))
      return fault('cannot name a column', 'a name that does not begin with "_": those are kept for the columns of the machinery');
    const same = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    return same < index ? fault(`is the same column as ${names[same]}`, 'names that differ in more than their case') : [];
  });

/**
 * The columns that a template's output schema makes: its top-level properties with their DuckDB types. Nested objects are
 * `STRUCT`, lists `T[]`; what may have several forms, keys of any name or recursion is `JSON`.
 * Throws RefusedError `invalid_schema` if answers would be no objects with properties, or a property cannot name a column.
 */
export const columnsOfSchema = (schema: JsonSchema): Column[] => {
  checkSchema(schema);
  const references = referencesOf(schema);
  const { node } = flatten(schema, references, new Set());
  const types = typesOf(node);
  const properties = topProperties(schema, references, new Set());
  if ((types.length > 0 && (types.length > 1 || types[0] !== 'object')) || properties.size === 0) {
    const message = 'must describe an object with properties: each of them becomes a column';
    throw new RefusedError('invalid_schema', `schema: ${message}`, {
      field: 'type',
      value: node.type,
      allowed: 'object',
      faults: [{ field: 'type', message, value: excerpt(node.type ?? 'no properties'), allowed: 'object' }],
    });
  }
  const faults = nameFaults([...properties.keys()]);
  if (faults.length > 0)
    throw new RefusedError('invalid_schema', `${faults[0]?.field}: ${faults[0]?.message}`, { field: faults[0]?.field, faults });
  return [...properties].map(([name, children]) => {
    const type = common(children.map((child) => typeFor(child, references, new Set()) ?? JSON_TYPE));
    return { name, type: type.length > MAX_TYPE ? JSON_TYPE : type };
  });
};
