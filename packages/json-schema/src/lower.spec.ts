import { type JsonSchema } from '@apwa/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Dialect, compileSchema, lowerSchema } from './index.js';
import { isObject, walk } from './nodes.js';
import { CASES } from './lower-cases.spec-data.js';

const STRICT_KEYWORDS = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  '$ref',
  '$defs',
  'description',
];
const TOOL_KEYWORDS = [
  ...STRICT_KEYWORDS,
  ...['minLength', 'maxLength', 'pattern', 'format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
];

/** What breaks the rules of a dialect. */
const brokenRules = (schema: JsonSchema, dialect: Dialect): string[] => {
  if (dialect === 'plain') return [];
  const broken: string[] = [];
  const allowed = dialect === 'strict' ? STRICT_KEYWORDS : TOOL_KEYWORDS;
  const definitions = isObject(schema.$defs) ? schema.$defs : {};
  if (schema.type !== 'object') broken.push('the root is no object');
  for (const key of ['anyOf', 'enum', '$ref']) if (key in schema) broken.push(`${key} at the root`);
  walk(schema, (node, path) => {
    const at = path.join('/');
    for (const key of Object.keys(node)) if (!allowed.includes(key)) broken.push(`${key} at ${at}`);
    if (path.length > 0 && '$defs' in node) broken.push(`$defs at ${at}`);
    if (typeof node.$ref === 'string') {
      if (!Object.hasOwn(definitions, node.$ref.replace('#/$defs/', ''))) broken.push(`${node.$ref} leads nowhere`);
      if (Object.keys(node).length > 1) broken.push(`neighbours of $ref at ${at}`);
    }
    if (dialect === 'tool') return;
    if (!['type', 'anyOf', '$ref'].some((key) => key in node)) broken.push(`no form at ${at}`);
    if (node.type !== 'object') return;
    if (node.additionalProperties !== false) broken.push(`open object at ${at}`);
    if (!isObject(node.properties)) broken.push(`object without properties at ${at}`);
    else if (JSON.stringify(Object.keys(node.properties)) !== JSON.stringify(node.required)) broken.push(`optional property at ${at}`);
  });
  return broken;
};

/** What an endpoint that follows the lowered schema would give for a value. */
const answerFor = (lowered: JsonSchema, dialect: Dialect, value: unknown): unknown => {
  const definitions = (lowered.$defs ?? {}) as Record<string, JsonSchema>;
  const ajv = new Ajv2020({ strict: false, logger: false });
  const fits = (schema: JsonSchema, encoded: unknown) => ajv.validate({ ...schema, $defs: definitions, $id: undefined }, encoded);
  const encode = (schema: JsonSchema, given: unknown): unknown => {
    if (typeof schema.$ref === 'string') return encode(definitions[schema.$ref.replace('#/$defs/', '')] as JsonSchema, given);
    if (Array.isArray(schema.anyOf)) {
      const all = (schema.anyOf as JsonSchema[]).map((branch) => ({ branch, encoded: encode(branch, given) }));
      return all.find(({ branch, encoded }) => fits(branch, encoded))?.encoded ?? all[0]?.encoded;
    }
    const properties = isObject(schema.properties) ? (schema.properties as Record<string, JsonSchema>) : {};
    if (isObject(given) && (schema.type === 'object' || schema.type === undefined)) {
      const rest = Object.entries(given).filter(([key]) => !Object.hasOwn(properties, key));
      const named = Object.entries(properties).flatMap(([key, child]): [string, unknown][] => {
        if (Object.hasOwn(given, key)) return [[key, encode(child, given[key])]];
        if (key === 'other_entries') return [[key, rest.map(([name, inner]) => entry(child, name, inner))]];
        return dialect === 'strict' ? [[key, null]] : [];
      });
      return Object.fromEntries('other_entries' in properties ? named : [...named, ...(dialect === 'strict' ? [] : rest)]);
    }
    const items = schema.items as JsonSchema | undefined;
    if (schema.type === 'array' && isObject(given) && isObject(items?.properties))
      return Object.entries(given).map(([name, inner]) => entry(schema, name, inner));
    if (Array.isArray(given) && schema.type === 'array') return given.map((item) => encode(schema.items as JsonSchema, item));
    const isText =
      dialect === 'strict' && String(schema.type).includes('string') && /written as JSON|JSON as text/.test(String(schema.description));
    return isText ? JSON.stringify(given) : given;
  };
  const entry = (list: JsonSchema, key: string, inner: unknown) => {
    const { value: child } = (list.items as { properties: Record<string, JsonSchema> }).properties;
    return { key, value: encode(child as JsonSchema, inner) };
  };
  return encode(lowered, value);
};

const isWrapped = (lowered: JsonSchema, original: JsonSchema): boolean =>
  isObject(lowered.properties) &&
  JSON.stringify(Object.keys(lowered.properties)) === '["value"]' &&
  !JSON.stringify(original.properties ?? {}).includes('"value"');

describe.each(['strict', 'tool', 'plain'] as const)('a schema lowered to %s', (dialect) => {
  it.each(CASES)('should obey the dialect and give its values back: $name', ({ schema, values }) => {
    const compiled = compileSchema(schema);
    const { schema: lowered, restore } = lowerSchema(schema, dialect);
    expect(brokenRules(lowered, dialect)).toEqual([]);
    for (const value of values) {
      expect(compiled.validate(value)).toEqual([]);
      const wrapped = dialect !== 'plain' && isWrapped(lowered, schema);
      const answer = dialect === 'plain' ? value : answerFor(lowered, dialect, wrapped ? { value } : value);
      if (dialect !== 'plain') {
        const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false, ownProperties: true });
        ajv.validate(lowered, answer);
        expect(ajv.errors).toBeNull();
      }
      const restored = restore(JSON.parse(JSON.stringify(answer)));
      expect(compiled.validate(restored)).toEqual([]);
      expect(restored).toEqual(value);
    }
  });

  it('should take nulls for what is left out', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' }, b: { type: ['string', 'null'] } }, required: [] };
    expect(lowerSchema(schema, dialect).restore({ a: null, b: null })).toEqual({ b: null });
  });

  it('should hand on what does not follow the schema', () => {
    const { restore } = lowerSchema(
      { type: 'object', properties: { a: { type: 'object', additionalProperties: { type: 'number' } } } },
      dialect,
    );
    for (const value of ['text', null, 3, [1], { a: 'x' }, { a: [1, 2] }, { other: { b: null } }]) expect(restore(value)).toEqual(value);
  });
});

it('should tell in words what the strict dialect cannot say', () => {
  const { schema } = lowerSchema(
    {
      type: 'object',
      properties: {
        a: { type: 'string', description: 'A code.', pattern: '^[A-Z]+$', maxLength: 5 },
        b: { type: 'array', items: { type: 'integer', minimum: 1 }, maxItems: 3 },
      },
    },
    'strict',
  );
  expect(schema.properties).toMatchObject({
    a: { description: 'A code. (at most 5 characters; matches the pattern ^[A-Z]+$)' },
    b: {
      anyOf: [{ type: 'array', items: { type: 'integer', description: '(at least 1)' } }, { type: 'null' }],
      description: '(at most 3 items)',
    },
  });
});
