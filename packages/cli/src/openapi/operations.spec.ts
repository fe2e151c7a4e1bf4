import { HttpCapability, RefusedError } from '@apwa/contracts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { convertOpenApi, type OpenApiOptions } from './operations.js';

const json = (schema: object) => ({ 'application/json': { schema } });
const ok = (schema: object) => ({ responses: { 200: { description: 'x', content: json(schema) } } });
const text = { type: 'string' };
const pet = {
  type: 'object',
  required: ['id', 'name', 'password'],
  properties: {
    id: { type: 'integer', readOnly: true },
    name: text,
    tag: { type: 'string', nullable: true, example: 'x' },
    age: { type: 'number', minimum: 0, exclusiveMinimum: true },
    password: { type: 'string', writeOnly: true },
  },
};
const document = (paths: object, more: object = {}) => ({
  openapi: '3.0.3',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: 'https://{region}.pets.test/v1/', variables: { region: { default: 'eu' } } }],
  paths,
  components: {
    schemas: { Pet: pet, Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } } },
    parameters: { limit: { name: 'limit', in: 'query', schema: { type: 'integer' }, description: 'How many' } },
    securitySchemes: {
      api_key: { type: 'apiKey', in: 'header', name: 'x-key' },
      inQuery: { type: 'apiKey', in: 'query', name: 'key' },
      inCookie: { type: 'apiKey', in: 'cookie', name: 'session' },
      token: { type: 'http', scheme: 'bearer' },
      password: { type: 'http', scheme: 'basic' },
      digest: { type: 'http', scheme: 'digest' },
    },
  },
  ...more,
});

describe('capabilities of an OpenAPI document', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-openapi-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const convert = async (content: object | string, more: Partial<OpenApiOptions> = {}) => {
    const openapi = join(folder, 'openapi.yaml');
    await writeFile(openapi, typeof content === 'string' ? content : stringify(content));
    return convertOpenApi({ openapi, operation: [], secret: [], ...more });
  };
  const one = async (
    operation: object,
    { method = 'get', path = '/pets', ...more }: { method?: string; path?: string } & Partial<OpenApiOptions> = {},
  ) => {
    const { capabilities } = await convert(document({ [path]: { [method]: { operationId: 'listPets', ...operation } } }), more);
    return HttpCapability.parse(capabilities[0]?.definition);
  };
  const refusal = async (given: Promise<unknown>) => {
    const error = await given.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof RefusedError)) throw new Error(`it was not refused: ${String(error)}`);
    return error;
  };

  it('should have parameters where the operation has them, and what it answers', async () => {
    const operation = {
      summary: 'Pets of an owner',
      parameters: [
        { name: 'owner', in: 'path', required: true, schema: text },
        { $ref: '#/components/parameters/limit' },
        { name: 'tags', in: 'query', schema: { type: 'array', items: text } },
        { name: 'X-Trace', in: 'header', schema: text },
        { name: 'Authorization', in: 'header', required: true, schema: text },
        { name: 'session', in: 'cookie', schema: text },
      ],
      ...ok({ $ref: '#/components/schemas/Pet' }),
    };
    expect(await one(operation, { path: '/owners/{owner}/pets' })).toMatchObject({
      name: 'list_pets',
      description: 'Pets of an owner',
      method: 'GET',
      url: 'https://eu.pets.test/v1/owners/{{owner}}/pets',
      query: { limit: '{{limit}}', tags: '{{tags}}' },
      headers: { 'X-Trace': '{{X-Trace}}' },
      secrets: [],
      input: {
        type: 'object',
        required: ['owner'],
        additionalProperties: false,
        properties: {
          owner: text,
          limit: { type: 'integer', description: 'How many' },
          tags: { type: 'array', items: text },
          'X-Trace': text,
        },
      },
      output: {
        type: 'object',
        required: ['id', 'name'],
        properties: {
          id: { type: 'integer' },
          name: text,
          tag: { type: ['string', 'null'] },
          age: { type: 'number', exclusiveMinimum: 0 },
        },
      },
    });
  });

  it.each([
    ['get', undefined],
    ['post', undefined],
    ['put', undefined],
    ['patch', undefined],
    ['delete', undefined],
  ])('should leave the effects of %s to what they are by HTTP', async (method, effects) => {
    const made = await one({ responses: { 204: { description: 'x' } } }, { method });
    expect([made.method, made.effects, made.into]).toEqual([method.toUpperCase(), effects, 'result']);
  });

  it('should send a body as it is, without what is read only', async () => {
    const requestBody = { required: true, content: json({ $ref: '#/components/schemas/Pet' }) };
    const made = await one({ requestBody, ...ok({ type: 'array', items: text }) }, { method: 'post' });
    expect(made).toMatchObject({
      body: '{{body}}',
      input: { required: ['body'], properties: { body: { required: ['name', 'password'] } } },
      into: 'result',
      output: { required: ['result'], properties: { result: { type: 'array', items: text } } },
    });
    expect(Object.keys((made.input.properties as { body: { properties: object } }).body.properties)).toEqual([
      'name',
      'tag',
      'age',
      'password',
    ]);
  });

  it('should take the answer of success, objects of several parts as one, and texts', async () => {
    const parts = {
      allOf: [{ $ref: '#/components/schemas/Pet' }, { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }],
    };
    const responses = { 404: { description: 'x', content: json(text) }, 201: { description: 'x', content: json(parts) } };
    expect((await one({ responses })).output).toMatchObject({ required: ['id', 'name', 'n'], properties: { n: { type: 'integer' } } });
    const plain = { responses: { 200: { description: 'x', content: { 'text/plain': { schema: text } } } } };
    expect(await one(plain)).toMatchObject({ result: 'text', output: { properties: { text } } });
  });

  it.each<[string, object[], object[]]>([
    ['a key in a header', [{ api_key: [] }], [{ name: 'API_KEY', in: 'header', as: 'x-key', prefix: '' }]],
    ['a key in the query', [{ inQuery: [] }], [{ name: 'IN_QUERY', in: 'query', as: 'key' }]],
    ['a token', [{ token: [] }], [{ name: 'TOKEN', as: 'Authorization', prefix: 'Bearer ' }]],
    ['a password', [{ password: [] }], [{ name: 'PASSWORD', as: 'Authorization', prefix: 'Basic ' }]],
    ['two at once', [{ api_key: [], token: [] }], [{ name: 'API_KEY' }, { name: 'TOKEN' }]],
    ['the first way that can be gone', [{ inCookie: [] }, { token: [] }], [{ name: 'TOKEN' }]],
    ['nothing, where that is a way', [{ token: [] }, {}], []],
  ])('should name the secrets of %s', async (_, security, secrets) => {
    expect((await one({ security, ...ok(text) })).secrets).toMatchObject(secrets);
  });

  it('should give secrets and the server the names that it is told', async () => {
    const told = { secret: ['token=CRM_KEY'], server: 'http://localhost:8080/api' };
    const made = await one({ security: [{ token: [] }], ...ok(text) }, told);
    expect([made.secrets[0]?.name, made.url]).toEqual(['CRM_KEY', 'http://localhost:8080/api/pets']);
    expect((await refusal(one(ok(text), { secret: ['tokn=CRM_KEY'] }))).details).toMatchObject({
      field: '--secret',
      value: 'tokn=CRM_KEY',
      allowed: expect.stringContaining('token') as string,
    });
  });

  it.each<[string, object, string, string]>([
    [
      'a parameter in a cookie',
      { parameters: [{ name: 'a', in: 'cookie', required: true, schema: text }] },
      'parameters[0]',
      'a in cookie',
    ],
    [
      'a parameter that is an object',
      { parameters: [{ name: 'a', in: 'query', required: true, schema: { type: 'object' } }] },
      'parameters[0]',
      'a as an object',
    ],
    [
      'a list in one value',
      { parameters: [{ name: 'a', in: 'query', required: true, explode: false, schema: { type: 'array' } }] },
      'parameters[0]',
      'a as a list in one value',
    ],
    [
      'another style',
      { parameters: [{ name: 'a', in: 'query', required: true, style: 'deepObject', schema: text }] },
      'parameters[0]',
      'in the style deepObject',
    ],
    [
      'two of one name',
      {
        parameters: [
          { name: 'a', in: 'query', schema: text },
          { name: 'a', in: 'header', schema: text },
        ],
      },
      'parameters[1]',
      'two parameters that are called a',
    ],
    ['a form', { requestBody: { required: true, content: { 'multipart/form-data': {} } } }, 'requestBody', 'a body of multipart/form-data'],
    ['a picture', { responses: { 200: { content: { 'image/png': {} } } } }, 'responses.200', 'an answer of image/png'],
    ['a schema without end', ok({ $ref: '#/components/schemas/Node' }), 'responses.200', 'refers to itself'],
    ['a schema elsewhere', ok({ $ref: 'other.yaml#/Pet' }), 'responses.200', 'another document (other.yaml#/Pet)'],
    ['a key in a cookie', { security: [{ inCookie: [] }] }, 'security', 'inCookie, a key in cookie'],
    ['digest', { security: [{ digest: [] }] }, 'security', 'digest, which is HTTP digest'],
    ['a scheme that is not there', { security: [{ other: [] }] }, 'security', 'other, which is not there'],
  ])('should refuse an operation that is asked for and has %s, by its name', async (_, operation, place, message) => {
    const error = await refusal(one({ ...ok(text), ...operation }, { operation: ['listPets'] }));
    expect(error.message).toContain('listPets');
    expect(error.details).toMatchObject({ value: 'listPets', field: `paths./pets.get.${place}` });
    expect(error.details.faults?.[0]?.message).toContain(message);
  });

  it('should leave out what it cannot have of all, and tell', async () => {
    const pets = { get: { operationId: 'list', ...ok(text) }, head: ok(text), post: { operationId: 'list!', ...ok(text) } };
    const { capabilities, leftOut } = await convert(document({ '/pets': pets }));
    expect(capabilities.map(({ operation }) => operation)).toEqual(['list']);
    expect(leftOut.map(({ value, message }) => [value, message])).toEqual([
      ['list!', 'not supported: the name list, which list has too'],
      ['HEAD /pets', 'not supported: the method HEAD'],
    ]);
  });

  it('should find an operation by its id, or by method and path', async () => {
    const pets = { get: { operationId: 'list', ...ok(text) }, delete: ok(text) };
    const named = await convert(document({ '/pets': pets }), { operation: ['list', 'DELETE /pets'] });
    expect(named.capabilities.map(({ definition: { name } }) => name)).toEqual(['list', 'delete_pets']);
    const error = await refusal(convert(document({ '/pets': pets }), { operation: ['lst'] }));
    expect(error.details).toMatchObject({ field: '--operation', value: 'lst', allowed: 'list, DELETE /pets' });
  });

  it.each<[string, object | string, string]>([
    ['version 2', { swagger: '2.0', paths: {} }, 'of version 2'],
    ['a later version', { openapi: '4.0.0', paths: {} }, 'must be 3.0 or 3.1'],
    ['no version', { paths: {} }, 'openapi'],
    ['no paths', { openapi: '3.1.0' }, 'paths'],
    ['a reference to nothing', document({ '/x': { get: ok({ $ref: '#/components/schemas/None' }) } }), 'None'],
    ['a list', [], 'openapi'],
    ['a text', 'hello', 'it holds no object'],
    ['no YAML', '{"a": ', 'neither YAML nor JSON'],
    ['no operations', document({}), 'has no operations'],
  ])('should refuse %s', async (_, content, message) => {
    const error = await refusal(convert(content));
    expect(error.message).toContain(message);
    expect(error.details.field).toBe('--openapi');
  });

  it('should need to be told where it is, if the document says it relative to itself', async () => {
    const relative = document({ '/x': { get: { operationId: 'x', ...ok(text) } } }, { servers: [{ url: '/api' }] });
    expect((await refusal(convert(relative))).message).toContain('say where it is with --server');
  });
});
