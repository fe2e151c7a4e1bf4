import { type Fault, type JsonSchema, RefusedError, excerpt } from '@apwa/contracts';
import formats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fieldOf, isObject, keysOf, walk } from './nodes.js';
import { compilePattern } from './patterns.js';
import { referencesOf } from './references.js';

/** The largest schema, in bytes of JSON. */
const MAX_BYTES = 64 * 1024;
/** How deep a schema may be nested, in objects and lists. */
const MAX_DEPTH = 20;
/** A level of the schema's own nesting takes two of JSON's: `properties`, and the property. */
const MAX_JSON_DEPTH = MAX_DEPTH * 2 + 2;

/** Drafts that people name out of habit; what they write is nearly always valid in 2020-12 too. */
const DRAFTS = /^https?:\/\/json-schema\.org\/(draft\/(2019-09|2020-12)\/schema|draft-0[4-7]\/schema|schema)#?$/;

const refuse = (faults: Fault[]): RefusedError => {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new RefusedError('invalid_schema', `${first?.field}: ${first?.message}${more}`, { field: first?.field, faults });
};

const depthOf = (value: unknown): number => {
  let deepest = 0;
  const open: [unknown, number][] = [[value, 1]];
  for (let next = open.pop(); next && deepest <= MAX_JSON_DEPTH; next = open.pop()) {
    const [inner, depth] = next;
    if (typeof inner !== 'object' || inner === null) continue;
    deepest = Math.max(deepest, depth);
    for (const child of Object.values(inner)) open.push([child, depth + 1]);
  }
  return deepest;
};

const checkSize = (schema: JsonSchema): void => {
  if (depthOf(schema) > MAX_JSON_DEPTH)
    throw refuse([{ field: 'schema', message: `is nested too deeply`, allowed: `${MAX_DEPTH} levels` }]);
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_BYTES)
    throw refuse([{ field: 'schema', message: `is too large (${bytes} bytes)`, allowed: `${MAX_BYTES} bytes of JSON` }]);
};

/** Compiled once: it takes longer than everything that it is used for. */
const META = new Ajv2020({ strict: false, logger: false, allErrors: true, verbose: true });
formats.default(META);
// Patterns are compiled by the engine that runs them, which knows best.
META.addFormat('regex', true);

/** What ajv says of the keyword that a schema breaks; the meta-schema has few. */
interface Asked {
  allowedValues?: string[];
  type?: string | string[];
  limit?: number;
  comparison?: string;
}

const allowedBy = ({ allowedValues, type, limit, comparison = 'at least' }: Asked): string => {
  if (allowedValues) return allowedValues.join(', ');
  if (type !== undefined) return [type].flat().join(' or ');
  return limit === undefined ? 'what JSON Schema 2020-12 says of it' : `${comparison} ${limit}`;
};

/** What the meta-schema says. Of several faults at one place, the deepest one says most. */
const shapeFaults = (schema: JsonSchema): Fault[] => {
  const { $schema: _, ...rest } = schema;
  if (META.validateSchema(rest) === true) return [];
  const faults = (META.errors ?? [])
    .filter(({ keyword }) => !['allOf', 'anyOf', '$ref', '$dynamicRef'].includes(keyword))
    .map(({ instancePath, message, params, data }): Fault => {
      const field = fieldOf(keysOf(instancePath)) || 'schema';
      const hint = field.endsWith('items') ? ' (a list of schemas by position is written as prefixItems)' : '';
      return { field, message: `${message ?? 'is no schema'}${hint}`, value: excerpt(data), allowed: allowedBy(params as Asked) };
    });
  return faults.filter(({ field }, index) => faults.findIndex((other) => other.field === field) === index).slice(0, 20);
};

const contentFaults = (schema: JsonSchema): Fault[] => {
  const faults: Fault[] = [];
  const references = referencesOf(schema);
  const checkPattern = (source: string, field: string) => {
    try {
      compilePattern(source);
    } catch {
      const message = 'is no regular expression that can be used';
      faults.push({ field, message, value: excerpt(source), allowed: 'no look-around, no back-references, repeats up to 1000' });
    }
  };
  walk(schema, (node, path) => {
    const place = (key: string) => fieldOf([...path, key]);
    if (typeof node.$ref === 'string' && references.pointerOf(node.$ref) === undefined)
      faults.push({
        field: place('$ref'),
        message: 'names nothing in the schema',
        value: excerpt(node.$ref),
        allowed: 'a reference such as #/$defs/name',
      });
    for (const key of ['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$vocabulary'])
      if (key in node)
        faults.push({ field: place(key), message: 'is not supported', value: excerpt(node[key]), allowed: '$ref and $defs' });
    if (path.length > 0 && '$id' in node)
      faults.push({ field: place('$id'), message: 'is allowed at the top only', value: excerpt(node.$id), allowed: 'no $id' });
    if (typeof node.pattern === 'string') checkPattern(node.pattern, place('pattern'));
    if (isObject(node.patternProperties))
      for (const source of Object.keys(node.patternProperties)) checkPattern(source, `${place('patternProperties')}.${source}`);
  });
  return faults;
};

/** Throws RefusedError `invalid_schema`, naming the places, if a user's schema is none or cannot be used. */
export const checkSchema = (schema: JsonSchema): void => {
  if (!isObject(schema)) throw refuse([{ field: 'schema', message: 'must be an object', value: excerpt(schema), allowed: 'an object' }]);
  checkSize(schema);
  if (schema.$schema !== undefined && !(typeof schema.$schema === 'string' && DRAFTS.test(schema.$schema)))
    throw refuse([
      {
        field: '$schema',
        message: 'is not known',
        value: excerpt(schema.$schema),
        allowed: 'https://json-schema.org/draft/2020-12/schema',
      },
    ]);
  const shape = shapeFaults(schema);
  if (shape.length > 0) throw refuse(shape);
  const content = contentFaults(schema);
  if (content.length > 0) throw refuse(content);
};
