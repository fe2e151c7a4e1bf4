import { type JsonSchema } from '@apwa/contracts';

interface Case {
  name: string;
  schema: JsonSchema;
  /** Valid ones. */
  values: unknown[];
}

const object = (properties: Record<string, unknown>, more: JsonSchema = {}): JsonSchema => ({ type: 'object', properties, ...more });
const text = { type: 'string' };
const integer = { type: 'integer' };

/** Schemas as users and planning models write them, and some that nobody should. */
export const CASES: Case[] = [
  { name: 'one required property', schema: object({ label: text }, { required: ['label'] }), values: [{ label: 'x' }, { label: '' }] },
  {
    name: 'labels of an enum, with an optional note',
    schema: object({ label: { enum: ['spam', 'ham'] }, note: text }, { required: ['label'], additionalProperties: false }),
    values: [{ label: 'spam' }, { label: 'ham', note: 'n' }],
  },
  {
    name: 'a list of entities',
    schema: object(
      {
        entities: {
          type: 'array',
          items: object({ type: { enum: ['MAIL', 'PHONE'] }, value: text, start: integer }, { required: ['type', 'value'] }),
        },
      },
      { required: ['entities'] },
    ),
    values: [
      { entities: [] },
      {
        entities: [
          { type: 'MAIL', value: 'a@b.c' },
          { type: 'PHONE', value: '1', start: 4 },
        ],
      },
    ],
  },
  {
    name: 'nulls that mean something',
    schema: object({ a: { type: ['string', 'null'] }, b: { anyOf: [integer, { type: 'null' }] }, c: { type: 'string', nullable: true } }),
    values: [
      { a: null, b: null, c: null },
      { a: 'x', b: 1, c: 'y' },
    ],
  },
  {
    name: 'a const',
    schema: object({ kind: { const: 'fixed' }, n: { const: 3 } }, { required: ['kind'] }),
    values: [{ kind: 'fixed', n: 3 }, { kind: 'fixed' }],
  },
  {
    name: 'an enum of several types',
    schema: object({ x: { enum: ['a', 1, null, true, 2.5] } }),
    values: [{ x: 'a' }, { x: 1 }, { x: null }, { x: 2.5 }],
  },
  {
    name: 'an enum of objects',
    schema: object(
      {
        point: {
          enum: [
            { x: 0, y: 1 },
            { x: 2, y: 3 },
          ],
        },
      },
      { required: ['point'] },
    ),
    values: [{ point: { x: 2, y: 3 } }],
  },
  {
    name: 'a discriminated union by oneOf',
    schema: object(
      {
        event: {
          oneOf: [
            object({ kind: { const: 'call' }, minutes: integer, note: text }, { required: ['kind', 'minutes'] }),
            object({ kind: { const: 'mail' }, subject: text, note: text }, { required: ['kind'] }),
          ],
        },
      },
      { required: ['event'] },
    ),
    values: [{ event: { kind: 'call', minutes: 3 } }, { event: { kind: 'mail' } }, { event: { kind: 'mail', subject: 's', note: 'n' } }],
  },
  {
    name: 'a union with neighbours',
    schema: object(
      { a: text },
      { required: ['id'], anyOf: [object({ b: integer }, { required: ['b'] }), object({ c: text }, { required: ['c'] })] },
    ),
    values: [
      { id: 7, a: 'x', b: 1 },
      { id: 'i', c: 'y' },
    ],
  },
  {
    name: 'conditions on which property is there',
    schema: object({ mail: text, phone: text }, { anyOf: [{ required: ['mail'] }, { required: ['phone'] }] }),
    values: [{ mail: 'm' }, { phone: 'p' }, { mail: 'm', phone: 'p' }],
  },
  {
    name: 'allOf of objects',
    schema: { allOf: [object({ a: text }, { required: ['a'] }), object({ b: integer, a: { minLength: 1 } })] },
    values: [{ a: 'x' }, { a: 'y', b: 2 }],
  },
  {
    name: 'allOf of a reference and more',
    schema: object(
      { who: { allOf: [{ $ref: '#/$defs/person' }, object({ role: text }, { required: ['role'] })] } },
      { $defs: { person: object({ name: text, age: integer }, { required: ['name'] }) } },
    ),
    values: [{ who: { name: 'n', role: 'r' } }, {}, { who: { name: 'n', age: 4, role: 'r' } }],
  },
  {
    name: 'a definition that is used twice',
    schema: object(
      { from: { $ref: '#/$defs/place' }, to: { $ref: '#/$defs/place', description: 'Where it goes.' } },
      {
        required: ['from'],
        $defs: { place: object({ city: text, zip: { type: 'string', pattern: '^\\d{5}$' } }, { required: ['city'] }) },
      },
    ),
    values: [{ from: { city: 'A' } }, { from: { city: 'A', zip: '12345' }, to: { city: 'B' } }],
  },
  {
    name: 'a tree',
    schema: object(
      { tree: { $ref: '#/$defs/node' } },
      {
        required: ['tree'],
        $defs: { node: object({ name: text, children: { type: 'array', items: { $ref: '#/$defs/node' } } }, { required: ['name'] }) },
      },
    ),
    values: [{ tree: { name: 'a' } }, { tree: { name: 'a', children: [{ name: 'b', children: [] }, { name: 'c' }] } }],
  },
  {
    name: 'a root that holds itself',
    schema: object({ name: text, next: { $ref: '#' } }, { required: ['name'] }),
    values: [{ name: 'a' }, { name: 'a', next: { name: 'b', next: { name: 'c' } } }],
  },
  {
    name: 'recursion through a reference with neighbours',
    schema: object(
      { e: { $ref: '#/$defs/e' } },
      { $defs: { e: object({ op: text, inner: { type: 'object', $ref: '#/$defs/e', description: 'One more.' } }, { required: ['op'] }) } },
    ),
    values: [{ e: { op: '+' } }, { e: { op: '+', inner: { op: '-', inner: { op: '*' } } } }, {}],
  },
  {
    name: 'a root that is a reference',
    schema: { $ref: '#/definitions/a', definitions: { a: object({ x: integer, y: text }, { required: ['x'] }) } },
    values: [{ x: 1 }, { x: 1, y: 'b' }],
  },
  {
    name: 'an anchor, and names with slashes',
    schema: object(
      { a: { $ref: '#thing' }, b: { $ref: '#/$defs/x~1y%20z' } },
      { $defs: { t: { $anchor: 'thing', type: 'number' }, 'x/y z': { type: 'boolean' } } },
    ),
    values: [{ a: 1.5, b: true }, { b: false }],
  },
  {
    name: 'a map',
    schema: object({ counts: { type: 'object', additionalProperties: integer } }, { required: ['counts'] }),
    values: [{ counts: {} }, { counts: { a: 1, 'b c': 2 } }],
  },
  {
    name: 'a map of objects with optional keys',
    schema: object({ people: { type: 'object', additionalProperties: object({ age: integer, mail: text }) } }),
    values: [{ people: { ann: { age: 3 }, bob: {} } }, {}],
  },
  {
    name: 'named keys beside keys of a pattern',
    schema: object(
      {
        scores: object(
          { total: integer, best: text },
          { required: ['total'], patternProperties: { '^q[0-9]+$': integer }, additionalProperties: false },
        ),
      },
      { required: ['scores'] },
    ),
    values: [{ scores: { total: 3, q1: 1, q22: 2 } }, { scores: { total: 0, best: 'b' } }],
  },
  {
    name: 'an object of any form',
    schema: object({ data: { type: 'object' }, more: { type: 'object', additionalProperties: true } }, { required: ['data'] }),
    values: [{ data: { a: [1, { b: null }] } }, { data: {}, more: { x: 'y' } }],
  },
  {
    name: 'anything',
    schema: object({ x: {}, y: true, list: { type: 'array' } }, { required: ['x'] }),
    values: [{ x: 'text' }, { x: 4, y: [null], list: [1, 'a', {}] }, { x: { a: 1 } }],
  },
  {
    name: 'a tuple',
    schema: object(
      { at: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }, object({ unit: text })], items: false, minItems: 2 } },
      { required: ['at'] },
    ),
    values: [{ at: [1, 2] }, { at: [1.5, 2, { unit: 'm' }] }],
  },
  {
    name: 'formats and bounds',
    schema: object({
      day: { type: 'string', format: 'date' },
      mail: { type: 'string', format: 'email', maxLength: 40 },
      share: { type: 'number', minimum: 0, exclusiveMaximum: 1, multipleOf: 0.25 },
      tags: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1, maxItems: 3, uniqueItems: true },
    }),
    values: [{ day: '2026-02-28', mail: 'a@b.cd', share: 0.75, tags: ['a', 'b'] }, {}],
  },
  {
    name: 'if, then, else, not and dependencies',
    schema: object(
      { kind: text, size: integer, colour: { not: { const: 'red' }, type: 'string' } },
      {
        if: { properties: { kind: { const: 'big' } }, required: ['kind'] },
        then: { required: ['size'] },
        else: {},
        dependentRequired: { colour: ['kind'] },
      },
    ),
    values: [{ kind: 'big', size: 3 }, { kind: 'small', colour: 'blue' }, {}],
  },
  {
    name: 'several types at once',
    schema: object({ v: { type: ['string', 'number', 'array', 'object'], items: integer, properties: { a: text, b: integer } } }),
    values: [{ v: 'x' }, { v: 2 }, { v: [1, 2] }, { v: { a: 'y' } }],
  },
  { name: 'a list at the root', schema: { type: 'array', items: object({ a: integer, b: text }) }, values: [[], [{ a: 1 }, { b: 'x' }]] },
  { name: 'a scalar at the root', schema: { type: 'string', enum: ['yes', 'no'] }, values: ['yes', 'no'] },
  {
    name: 'a union at the root',
    schema: {
      oneOf: [
        object({ ok: { const: true }, result: text }, { required: ['ok'] }),
        object({ ok: { const: false }, error: text }, { required: ['ok', 'error'] }),
      ],
    },
    values: [{ ok: true }, { ok: false, error: 'e' }],
  },
  {
    name: 'a map at the root',
    schema: { type: 'object', additionalProperties: { type: 'array', items: text } },
    values: [{}, { a: ['x'], b: [] }],
  },
  {
    name: 'nesting beyond what strict schemas take',
    schema: Array.from({ length: 14 }).reduce<JsonSchema>(
      (inner) => object({ in: inner, n: integer }, { required: ['n'] }),
      object({ leaf: text }),
    ),
    values: [
      {
        n: 1,
        in: {
          n: 2,
          in: { n: 3, in: { n: 4, in: { n: 5, in: { n: 6, in: { n: 7, in: { n: 8, in: { n: 9, in: { n: 10, in: { n: 11 } } } } } } } } },
        },
      },
    ],
  },
  {
    name: 'properties with the names of prototypes',
    schema: object({ constructor: integer, toString: text }),
    values: [{ constructor: 1 }, {}],
  },
  {
    name: 'a draft of old habit, with titles and examples',
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://example.com/s.json',
      title: 'S',
      ...object({ a: { $ref: 'https://example.com/s.json#/definitions/x' } }),
      definitions: { x: { title: 'X', type: 'string', examples: ['e'], default: 'd' } },
    },
    values: [{ a: 'q' }, {}],
  },
  { name: 'an empty object alone', schema: object({}, { additionalProperties: false }), values: [{}] },
];
