import { type ApwaError, type JsonSchema, RefusedError } from '@apwa/contracts';
import { compileSchema } from './index.js';

const refusal = (schema: JsonSchema): ApwaError => {
  try {
    compileSchema(schema);
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: 'invalid_schema' });
    return error as ApwaError;
  }
  throw new Error('the schema was taken');
};
const deep = (levels: number): JsonSchema =>
  Array.from({ length: levels }).reduce<JsonSchema>((inner) => ({ type: 'object', properties: { a: inner } }), { type: 'string' });

describe('compileSchema', () => {
  it.each<[string, JsonSchema, string]>([
    ['a type that is none', { type: 'object', properties: { a: { type: 'strnig' } } }, 'properties.a.type'],
    ['properties that are a list', { type: 'object', properties: [] }, 'properties'],
    ['a bound that is text', { properties: { n: { minimum: '3' } } }, 'properties.n.minimum'],
    ['items by position in the old way', { properties: { t: { type: 'array', items: [{ type: 'string' }] } } }, 'properties.t.items'],
    ['a reference to elsewhere', { properties: { a: { $ref: 'https://example.com/other.json' } } }, 'properties.a.$ref'],
    ['a reference to a file', { $ref: 'file:///etc/passwd' }, '$ref'],
    ['a reference to nothing', { items: { $ref: '#/$defs/none' } }, 'items.$ref'],
    ['a dynamic reference', { $defs: { a: { $dynamicAnchor: 'x' } } }, '$defs.a.$dynamicAnchor'],
    ['another identity inside', { $defs: { a: { $id: 'https://example.com/a' } } }, '$defs.a.$id'],
    ['a pattern that is none', { properties: { a: { pattern: '(' } } }, 'properties.a.pattern'],
    ['a pattern that needs backtracking', { properties: { a: { pattern: '(a)\\1' } } }, 'properties.a.pattern'],
    ['look-ahead in the name of a key', { patternProperties: { '(?=x)': {} } }, 'patternProperties.(?=x)'],
    ['an unknown dialect', { $schema: 'https://example.com/schema' }, '$schema'],
    ['a very deep one', deep(40), 'schema'],
    ['a very large one', { enum: Array.from({ length: 20_000 }, (_, n) => `value ${n}`) }, 'schema'],
  ])('should refuse %s, naming the place and what is allowed', (_, schema, field) => {
    const { faults = [] } = refusal(schema).details;
    expect(faults.map((fault) => fault.field)).toContain(field);
    for (const { allowed } of faults) expect(allowed).toMatch(/./);
  });

  it('should take a schema of twenty levels', () => {
    expect(compileSchema(deep(20)).validate({ a: { a: {} } })).toEqual([]);
  });

  it('should tell faults in words that help to repair them', () => {
    const { validate } = compileSchema({
      type: 'object',
      properties: {
        label: { enum: ['a', 'b'] },
        entities: {
          type: 'array',
          maxItems: 2,
          items: {
            type: 'object',
            properties: { type: { enum: ['X'] }, at: { type: 'integer', minimum: 0 } },
            required: ['type'],
            additionalProperties: false,
          },
        },
        day: { type: 'string', format: 'date' },
        code: { type: 'string', pattern: '^[A-Z]{2}$', maxLength: 2 },
      },
      required: ['label', 'day'],
    });
    expect(validate({ label: 'c', entities: [{ type: 'X' }, { at: -1, extra: 1 }, {}], code: 'abc' })).toEqual([
      { field: 'day', message: 'is missing', allowed: 'text' },
      { field: 'label', message: 'is not one of the allowed values', value: 'c', allowed: '"a", "b"' },
      { field: 'entities', message: 'must have at most 2 items, but has 3', allowed: 'at most 2 items' },
      { field: 'entities[1].type', message: 'is missing', allowed: '"X"' },
      { field: 'entities[1].extra', message: 'is not allowed here', allowed: '"type", "at"' },
      { field: 'entities[1].at', message: 'must be >= 0', value: '-1', allowed: '>= 0' },
      { field: 'entities[2].type', message: 'is missing', allowed: '"X"' },
      { field: 'code', message: 'must have at most 2 characters, but has 3', value: 'abc', allowed: 'at most 2 characters' },
      { field: 'code', message: 'must match the pattern ^[A-Z]{2}$', value: 'abc', allowed: 'text that matches ^[A-Z]{2}$' },
    ]);
    expect(validate({ label: 'a', day: '31.1.2026' })).toEqual([
      { field: 'day', message: 'is no valid date', value: '31.1.2026', allowed: 'date, for example 2026-01-31' },
    ]);
    expect(validate('text')).toEqual([{ field: 'answer', message: 'must be an object, but is text', value: 'text', allowed: 'an object' }]);
  });

  it('should tell of a choice the branch that was meant', () => {
    const { validate } = compileSchema({
      type: 'object',
      properties: {
        event: { oneOf: [{ $ref: '#/$defs/call' }, { $ref: '#/$defs/mail' }] },
        id: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      },
      $defs: {
        call: { type: 'object', properties: { kind: { const: 'call' }, minutes: { type: 'integer' } }, required: ['kind', 'minutes'] },
        mail: { type: 'object', properties: { kind: { const: 'mail' }, to: { type: 'string' } }, required: ['kind', 'to'] },
      },
    });
    expect(validate({ event: { kind: 'mail' } })).toEqual([{ field: 'event.to', message: 'is missing', allowed: 'text' }]);
    expect(validate({ event: { kind: 'call', minutes: 'x' }, id: 'y' })).toEqual([
      { field: 'event.minutes', message: 'must be an integer, but is text', value: 'x', allowed: 'an integer' },
      { field: 'id', message: 'fits none of the allowed forms', value: 'y', allowed: 'an integer or null' },
    ]);
    expect(validate({ event: 3 })).toMatchObject([{ field: 'event', message: 'fits none of the allowed forms' }]);
  });

  it('should not tell more than a repair turn can read', () => {
    const { validate } = compileSchema({ type: 'array', items: { type: 'integer' } });
    expect(validate(Array.from({ length: 50_000 }, () => 'x'))).toHaveLength(20);
  });

  it('should know properties from those of prototypes', () => {
    const { validate } = compileSchema({ type: 'object', required: ['constructor', 'toString'] });
    expect(validate({}).map(({ field }) => field)).toEqual(['constructor', 'toString']);
  });

  describe('with schemas and answers that are made to hang it', () => {
    /** Milliseconds of this process's own processor time: what else runs on the machine does not count. */
    const within = (ms: number, act: () => void) => {
      const begun = process.cpuUsage();
      act();
      const { user, system } = process.cpuUsage(begun);
      expect((user + system) / 1_000).toBeLessThan(ms);
    };

    it.each(['(a+)+$', '^(a|a)*$', '(.*a){12}', '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*$'])(
      'should match %s in linear time',
      (pattern) => {
        const { validate } = compileSchema({ type: 'string', pattern });
        within(3_000, () => validate(`${'a'.repeat(20_000)}!`));
      },
    );

    it('should stop a schema that doubles its work at each definition', () => {
      const $defs: Record<string, unknown> = { d60: { type: 'string' } };
      for (let n = 0; n < 60; n++) $defs[`d${n}`] = { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] };
      const { validate } = compileSchema({ $ref: '#/$defs/d0', $defs });
      within(5_000, () => expect(validate('x')).toMatchObject([{ field: 'answer', message: expect.stringContaining('too large') }]));
    });

    it('should stop a recursion that doubles with the depth of the answer', () => {
      const node = {
        anyOf: [
          { type: 'object', properties: { c: { $ref: '#/$defs/n' } }, required: ['x'] },
          { type: 'object', properties: { c: { $ref: '#/$defs/n' } }, required: ['y'] },
        ],
      };
      const { validate } = compileSchema({ $ref: '#/$defs/n', $defs: { n: node } });
      const answer = Array.from({ length: 60 }).reduce<unknown>((c) => ({ c }), {});
      within(5_000, () => expect(validate(answer)).not.toEqual([]));
    });

    it.each<[string, JsonSchema]>([
      ['itself', { $ref: '#' }],
      ['itself through allOf', { allOf: [{ $ref: '#' }] }],
      ['each other', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
    ])('should end where a schema is nothing but %s', (_, schema) => {
      within(3_000, () => expect(compileSchema(schema).validate({})).toMatchObject([{ field: 'answer' }]));
    });

    it('should compare many items in linear time', () => {
      const { validate } = compileSchema({ type: 'array', uniqueItems: true, items: { type: 'object' } });
      const items = Array.from({ length: 30_000 }, (_, n) => ({ n }));
      within(3_000, () => expect(validate(items)).toEqual([]));
      expect(
        validate([
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ]),
      ).toMatchObject([{ message: 'must not hold the same item twice' }]);
    });

    it('should refuse answers that are too deep or too large', () => {
      const { validate } = compileSchema({});
      expect(validate(JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`))).toHaveLength(1);
      expect(validate(Array.from({ length: 200_000 }, () => 0))).toHaveLength(1);
    });
  });
});
