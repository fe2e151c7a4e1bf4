import { type JsonSchema, RefusedError } from '@apwa/contracts';
import { columnsOfSchema } from './index.js';

const typesOf = (properties: Record<string, unknown>, more: JsonSchema = {}) =>
  Object.fromEntries(columnsOfSchema({ type: 'object', properties, ...more }).map(({ name, type }) => [name, type]));

describe('columnsOfSchema', () => {
  it('should give scalars their types', () => {
    expect(
      typesOf({
        text: { type: 'string' },
        day: { type: 'string', format: 'date' },
        n: { type: 'integer' },
        x: { type: 'number' },
        ok: { type: 'boolean' },
        label: { enum: ['a', 'b', null] },
        level: { enum: [1, 2] },
        share: { enum: [1, 2.5] },
        kind: { const: 'k' },
        mixed: { enum: ['a', 1] },
        maybe: { type: ['string', 'null'] },
        open: { type: 'string', nullable: true },
        choice: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
        numbers: { type: ['integer', 'number'] },
        either: { oneOf: [{ type: 'integer' }, { type: 'number' }] },
        any: {},
        union: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
      }),
    ).toEqual({
      text: 'VARCHAR',
      day: 'VARCHAR',
      n: 'BIGINT',
      x: 'DOUBLE',
      ok: 'BOOLEAN',
      label: 'VARCHAR',
      level: 'BIGINT',
      share: 'DOUBLE',
      kind: 'VARCHAR',
      mixed: 'JSON',
      maybe: 'VARCHAR',
      open: 'VARCHAR',
      choice: 'BIGINT',
      numbers: 'DOUBLE',
      either: 'DOUBLE',
      any: 'JSON',
      union: 'JSON',
    });
  });

  it('should give objects and lists nested types, where their form is known', () => {
    const entity = { type: 'object', properties: { type: { type: 'string' }, 'a "b"': { type: 'integer' } } };
    expect(
      typesOf(
        {
          entities: { type: 'array', items: entity },
          entity: { $ref: '#/$defs/entity' },
          maybe: { anyOf: [{ $ref: '#/$defs/entity' }, { type: 'null' }] },
          merged: { allOf: [{ $ref: '#/$defs/entity' }, { properties: { more: { type: 'boolean' } } }] },
          matrix: { type: 'array', items: { type: 'array', items: { type: 'number' } } },
          list: { type: 'array' },
          tuple: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] },
          map: { type: 'object', additionalProperties: { type: 'integer' } },
          free: { type: 'object' },
          clash: { type: 'object', properties: { a: {}, A: {} } },
          tree: { $ref: '#/$defs/tree' },
        },
        {
          $defs: {
            entity,
            tree: {
              type: 'object',
              properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/tree' } } },
            },
          },
        },
      ),
    ).toEqual({
      entities: 'STRUCT("type" VARCHAR, "a ""b""" BIGINT)[]',
      entity: 'STRUCT("type" VARCHAR, "a ""b""" BIGINT)',
      maybe: 'STRUCT("type" VARCHAR, "a ""b""" BIGINT)',
      merged: 'STRUCT("type" VARCHAR, "a ""b""" BIGINT, "more" BOOLEAN)',
      matrix: 'DOUBLE[][]',
      list: 'JSON[]',
      tuple: 'JSON[]',
      map: 'JSON',
      free: 'JSON',
      clash: 'JSON',
      tree: 'STRUCT("name" VARCHAR, "children" JSON[])',
    });
  });

  it('should take the properties of every branch', () => {
    const branch = (properties: object) => ({ type: 'object', properties });
    expect(
      columnsOfSchema({
        oneOf: [branch({ a: { type: 'string' }, n: { type: 'integer' } }), branch({ b: { type: 'string' }, n: { type: 'string' } })],
      }),
    ).toEqual([
      { name: 'a', type: 'VARCHAR' },
      { name: 'n', type: 'JSON' },
      { name: 'b', type: 'VARCHAR' },
    ]);
    expect(typesOf({ a: { type: 'string' } }, { anyOf: [{ required: ['a'] }], required: ['extra'] })).toEqual({
      a: 'VARCHAR',
      extra: 'JSON',
    });
  });

  it.each<[string, JsonSchema, string]>([
    ['no object', { type: 'array' }, 'type'],
    ['an object without properties', { type: 'object' }, 'type'],
    ['a name of the machinery', { type: 'object', properties: { _row: {} } }, 'properties._row'],
    ['an empty name', { type: 'object', properties: { '': {} } }, 'properties.'],
    ['names that differ in their case', { type: 'object', properties: { a: {}, A: {} } }, 'properties.A'],
  ])('should refuse %s', (_, schema, field) => {
    expect(() => columnsOfSchema(schema)).toThrow(RefusedError);
    try {
      columnsOfSchema(schema);
    } catch (error) {
      expect((error as RefusedError).details.faults?.map((fault) => fault.field)).toEqual([field]);
    }
  });
});
