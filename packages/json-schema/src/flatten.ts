import { type JsonSchema } from '@apwa/contracts';
import { isObject, type Node } from './nodes.js';
import { type References } from './references.js';

/** Keywords that tell a reader something and check nothing. */
const ANNOTATIONS = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$comment'];
const NOT_CHECKED = new Set([...ANNOTATIONS, '$schema', '$id', '$anchor', '$defs', 'definitions']);

/** The pointer of a schema that is a reference and nothing else. */
export const pureReference = (node: JsonSchema, references: References): string | undefined => {
  if (typeof node.$ref !== 'string') return undefined;
  return Object.keys(node).every((key) => key === '$ref' || NOT_CHECKED.has(key)) ? references.pointerOf(node.$ref) : undefined;
};

export interface Flat {
  /** Without `$ref` and `allOf` at its top. */
  node: JsonSchema;
  /** What was put in place of references. */
  inlined: ReadonlySet<string>;
}

/** One schema in place of a reference with neighbours, and of the branches of `allOf`. References in `open` are left out: they lead back. */
export const flatten = (node: JsonSchema, references: References, open: ReadonlySet<string>): Flat => {
  const { $ref, allOf, $schema: _s, $id: _i, $anchor: _a, $defs: _d, definitions: _f, ...rest } = node;
  let merged: JsonSchema = rest;
  let inlined = open;
  const add = (branch: Node) => {
    if (!isObject(branch)) return;
    const flat = flatten(branch, references, inlined);
    inlined = flat.inlined;
    merged = merge(merged, flat.node);
  };
  if (typeof $ref === 'string') {
    const pointer = references.pointerOf($ref);
    if (pointer !== undefined && !open.has(pointer)) {
      inlined = new Set([...inlined, pointer]);
      add(references.at(pointer) ?? true);
    }
  }
  if (Array.isArray(allOf)) for (const branch of allOf as Node[]) add(branch);
  return { node: merged, inlined };
};

const listOf = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value]);

const mergeTypes = (a: unknown, b: unknown): unknown => {
  const right = listOf(b);
  const both = listOf(a).flatMap((type) => {
    if (right.includes(type)) return [type];
    if (type === 'number' && right.includes('integer')) return ['integer'];
    if (type === 'integer' && right.includes('number')) return ['integer'];
    return [];
  });
  // Nothing satisfies both: the first is as wrong as the second.
  return both.length === 0 ? a : both.length === 1 ? both[0] : both;
};

const mergeEnums = (a: unknown[], b: unknown[]): unknown[] => {
  const allowed = new Set(b.map((value) => JSON.stringify(value)));
  const both = a.filter((value) => allowed.has(JSON.stringify(value)));
  return both.length > 0 ? both : a;
};

const mergeProperties = (a: JsonSchema, b: JsonSchema): Record<string, unknown> => {
  const entries = (node: JsonSchema) => (isObject(node.properties) ? Object.entries(node.properties) : []);
  const result = new Map(entries(a));
  for (const [key, schema] of entries(b)) result.set(key, result.has(key) ? both(result.get(key), schema) : schema);
  // A closed branch forbids what only the other one knows.
  for (const closed of [a, b])
    if (closed.additionalProperties === false && !isObject(closed.patternProperties))
      for (const key of result.keys()) if (!isObject(closed.properties) || !Object.hasOwn(closed.properties, key)) result.delete(key);
  return Object.fromEntries(result);
};

/** A schema that both hold for, to be flattened when it is reached. */
const both = (a: unknown, b: unknown): unknown => {
  if (a === false || b === false) return false;
  if (!isObject(a)) return b;
  return isObject(b) ? { allOf: [a, b] } : a;
};

/** Choices of both sides, each of the one with each of the other. */
const mergeChoices = (a: unknown[], b: unknown[]): unknown[] => a.flatMap((left) => b.map((right) => both(left, right)));
const MAX_CHOICES = 64;

/** A schema that holds for what both hold for, as far as it can be written as one; the validator checks the rest. */
const merge = (a: JsonSchema, b: JsonSchema): JsonSchema => {
  const result: JsonSchema = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = a[key];
    if (other === undefined) {
      result[key] = value;
      continue;
    }
    switch (key) {
      case 'type':
        result.type = mergeTypes(other, value);
        break;
      case 'enum':
        result.enum = mergeEnums(other as unknown[], value as unknown[]);
        break;
      case 'required':
        result.required = [...new Set([...(other as unknown[]), ...(value as unknown[])])];
        break;
      case 'items':
      case 'additionalProperties':
      case 'unevaluatedProperties':
      case 'propertyNames':
        result[key] = both(other, value);
        break;
      case 'patternProperties':
        result[key] = { ...(value as object), ...(other as object) };
        break;
      case 'minimum':
      case 'exclusiveMinimum':
      case 'minLength':
      case 'minItems':
      case 'minProperties':
        result[key] = Math.max(other as number, value as number);
        break;
      case 'maximum':
      case 'exclusiveMaximum':
      case 'maxLength':
      case 'maxItems':
      case 'maxProperties':
        result[key] = Math.min(other as number, value as number);
        break;
      case 'anyOf':
      case 'oneOf': {
        const choices = mergeChoices(other as unknown[], value as unknown[]);
        if (choices.length <= MAX_CHOICES) result[key] = choices;
        break;
      }
      case 'description':
        if (other !== value) result[key] = `${other as string} ${value as string}`;
        break;
      default:
        break;
    }
  }
  if (a.properties !== undefined || b.properties !== undefined) result.properties = mergeProperties(a, b);
  return result;
};

/** The types that a schema allows, told by its other keywords where it does not say; empty if it allows any. */
export const typesOf = (node: JsonSchema): string[] => {
  const types = listOf(node.type) as string[];
  const known = types.length > 0 ? types : guessTypes(node);
  return node.nullable === true && known.length > 0 && !known.includes('null') ? [...known, 'null'] : known;
};

const jsonType = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

const guessTypes = (node: JsonSchema): string[] => {
  if ('const' in node) return [jsonType(node.const)];
  if (Array.isArray(node.enum)) {
    const types = [...new Set(node.enum.map(jsonType))];
    return types.includes('number') ? types.filter((type) => type !== 'integer') : types;
  }
  const has = (...keys: string[]) => keys.some((key) => key in node);
  if (has('properties', 'patternProperties', 'additionalProperties', 'required', 'propertyNames', 'minProperties', 'maxProperties'))
    return ['object'];
  if (has('items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems')) return ['array'];
  if (has('pattern', 'minLength', 'maxLength', 'format')) return ['string'];
  if (has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return ['number'];
  return [];
};
