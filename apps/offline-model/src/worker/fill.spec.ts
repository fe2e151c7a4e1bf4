import { type JsonSchema } from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { fillSchema } from './fill.js';
import { type Task } from './task.js';

const TEXT =
  'Anna Berg ordered 3 lamps for $120.50 on 2024-05-02. The parcel arrived broken, this is terrible! Mail anna.berg@example.org.';
const taskOf = (text: string, instructions = 'Fill in the record.'): Task => ({
  instructions,
  fields: [{ name: 'text', text }],
  text,
  schema: null,
});
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const fill = (properties: Record<string, JsonSchema>, text = TEXT, instructions?: string) =>
  fillSchema(object(properties), taskOf(text, instructions)) as Record<string, unknown>;

describe('an answer', () => {
  it.each<[string, JsonSchema, unknown]>([
    ['customer_name', { type: 'string' }, 'Anna Berg'],
    ['email', { type: 'string', format: 'email' }, 'anna.berg@example.org'],
    ['order_date', { type: 'string', format: 'date' }, '2024-05-02'],
    ['total_amount', { type: 'number' }, 120.5],
    ['sentiment', { type: 'string', enum: ['positive', 'negative', 'neutral'] }, 'negative'],
    ['is_urgent', { type: 'boolean' }, false],
    ['contains_email', { type: 'boolean' }, true],
    ['phone', { type: ['string', 'null'] }, null],
    ['emails', { type: 'array', items: { type: 'string' } }, ['anna.berg@example.org']],
    ['language', { type: 'string' }, 'English'],
  ])('should hold %s as the text has it', (name, schema, value) => expect(fill({ [name]: schema })).toEqual({ [name]: value }));

  it('should keep limits of numbers that only a description tells, as that of structured outputs does', () => {
    const bounded = (description: string) => fill({ total_amount: { type: 'integer', description } });
    expect(bounded('How bad it is (at least 0; at most 4)')).toEqual({ total_amount: 4 });
    expect(bounded('How bad it is (at least 500)')).toEqual({ total_amount: 500 });
    expect(bounded('Its price (at most 20 characters)')).toEqual({ total_amount: 121 });
  });

  it('should answer a question by the words it asks for', () => {
    const about = (description: string) => fill({ matches: { type: 'boolean', description } }).matches;
    expect([about('Whether the text mentions a lamp'), about('Whether the text mentions a refund')]).toEqual([true, false]);
  });

  it('should redact what is listed beside it, letter for letter', () => {
    const item = object({ type: { type: 'string', enum: ['PERSON', 'EMAIL_ADDRESS'] }, value: { type: 'string' } });
    const instructions = 'List the values. Types: PERSON, EMAIL_ADDRESS. Then write the text with each value replaced by its type.';
    const { entities, redacted } = fill({ entities: { type: 'array', items: item }, redacted: { type: 'string' } }, TEXT, instructions);
    expect(entities).toEqual([
      { type: 'PERSON', value: 'Anna Berg' },
      { type: 'EMAIL_ADDRESS', value: 'anna.berg@example.org' },
    ]);
    expect(redacted).toBe(TEXT.replace('Anna Berg', '<PERSON>').replace('anna.berg@example.org', '<EMAIL_ADDRESS>'));
  });

  it.each<[string, JsonSchema]>([
    ['limits of texts', object({ a: { type: 'string', minLength: 5, maxLength: 7 }, b: { type: 'string', pattern: '^[A-Z]{3}-\\d{4}$' } })],
    [
      'limits of numbers',
      object({ a: { type: 'integer', minimum: 10, maximum: 12 }, b: { type: 'number', multipleOf: 0.5, exclusiveMinimum: 1 } }),
    ],
    ['limits of lists', object({ a: { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } } })],
    [
      'formats',
      object({
        a: { type: 'string', format: 'uuid' },
        b: { type: 'string', format: 'date-time' },
        c: { type: 'string', format: 'ipv4' },
        d: { type: 'string', format: 'uri' },
      }),
    ],
    [
      'references',
      {
        ...object({ a: { $ref: '#/$defs/person' } }),
        $defs: { person: object({ name: { type: 'string' }, age: { type: ['integer', 'null'] } }) },
      },
    ],
    [
      'schemas that hold themselves',
      {
        $ref: '#/$defs/node',
        $defs: {
          node: {
            type: 'object',
            required: ['name', 'children'],
            properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
          },
        },
      },
    ],
    [
      'choices',
      object({
        a: { anyOf: [{ type: 'null' }, { type: 'string', enum: ['x', 'y'] }] },
        b: { const: 7 },
        c: { oneOf: [{ type: 'integer' }, { type: 'boolean' }] },
      }),
    ],
    [
      'merged parts',
      {
        allOf: [object({ a: { type: 'string' } }), { type: 'object', required: ['b'], properties: { b: { type: 'boolean' } } }].map(
          ({ additionalProperties: _, ...part }: JsonSchema) => part,
        ),
      },
    ],
  ])('should keep %s, whatever the text', (_, schema) => {
    const { validate } = compileSchema(schema);
    for (const text of [TEXT, '', '\u{1F600}'.repeat(30), '12 34', '(no value)'])
      expect(validate(fillSchema(schema, taskOf(text)))).toEqual([]);
  });
});
