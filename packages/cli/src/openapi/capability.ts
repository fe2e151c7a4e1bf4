import { CapabilityName, type HttpCapability, type JsonSchema, type JsonValue } from '@apwa/contracts';
import { type z } from 'zod';
import { isObject } from '@apwa/config';
import { type OpenApi, type Operation, type Parameter } from './document.js';
import { schemaOf, Unsupported } from './schema.js';
import { secretsOf } from './security.js';

/** An operation with its place in the document. */
export interface PlacedOperation {
  /** As it is named: its `operationId`, or method and path. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  /** Its own, and those of its path that it does not replace. */
  readonly parameters: readonly Parameter[];
  readonly servers: OpenApi['servers'];
}

export interface ConversionSettings {
  document: OpenApi;
  /** Where the document is; null of a file. */
  base: URL | null;
  /** In place of the document's servers. */
  server: string | undefined;
  /** Names of secrets by the names of security schemes. */
  secrets: ReadonlyMap<string, string>;
}

type Definition = z.input<typeof HttpCapability>;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const JSON_TYPE = /^application\/(json|[\w.+-]+\+json)\b/;
/** Headers that the description of an operation does not set: by OpenAPI they are said elsewhere. */
const IGNORED_HEADERS = ['accept', 'content-type', 'authorization'];

/** A capability that makes an operation's request. Unsupported if it can't be made. */
export const capabilityOf = (placed: PlacedOperation, settings: ConversionSettings): Definition => {
  const { operation, parameters, path } = placed;
  const method = METHODS.find((one) => one === placed.method.toUpperCase());
  if (!method) throw new Unsupported('', `the method ${placed.method.toUpperCase()}`);
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const add = (name: string, schema: JsonSchema, needed: boolean, place: string) => {
    if (Object.hasOwn(properties, name)) throw new Unsupported(place, `two parameters that are called ${name}`);
    properties[name] = schema;
    if (needed) required.push(name);
  };
  const query: Record<string, JsonValue> = {};
  const headers: Record<string, string> = {};
  for (const [index, parameter] of parameters.entries()) {
    const { name } = parameter;
    const place = `parameters[${index}]`;
    const found = placeOf(parameter, place);
    if (!found) continue;
    if (found === 'query') query[name] = `{{${name}}}`;
    if (found === 'header') headers[name] = `{{${name}}}`;
    add(
      name,
      described(schemaOf(parameter.schema, 'request', place), parameter.description),
      found === 'path' || parameter.required,
      place,
    );
  }
  const body = bodyOf(operation);
  if (body) add('body', body.schema, body.required, 'requestBody');
  return {
    kind: 'http',
    name: nameOf(placed.id),
    description: descriptionOf(placed),
    method,
    url: serverOf(placed, settings) + path.replace(/\{([^{}]+)\}/g, '{{$1}}'),
    ...(Object.keys(query).length > 0 ? { query } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(body ? { body: '{{body}}' } : {}),
    secrets: secretsOf(operation, settings),
    input: { type: 'object', required, properties, additionalProperties: false },
    ...answerOf(operation),
  };
};

/** The name of a capability, of what an operation is called: `getPetById` becomes `get_pet_by_id`. */
const nameOf = (id: string): string => {
  const name = id
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 63);
  if (CapabilityName.safeParse(name).success) return name;
  throw new Unsupported('operationId', `a name of which none can be made: ${id}`);
};

const descriptionOf = ({ operation: { summary, description }, method, path }: PlacedOperation): string => {
  const said = (summary ?? description ?? '').trim().split('\n')[0]?.trim() ?? '';
  return (said === '' ? `${method.toUpperCase()} ${path}` : said).slice(0, 500);
};

const described = (schema: JsonSchema, description: string | undefined): JsonSchema =>
  description === undefined || 'description' in schema ? schema : { ...schema, description };

/** Where a parameter goes; null of one that is left out, since nothing needs it. Unsupported of one that is needed. */
const placeOf = (parameter: Parameter, place: string): 'path' | 'query' | 'header' | null => {
  const { in: where, name, required, schema } = parameter;
  if (where === 'header' && IGNORED_HEADERS.includes(name.toLowerCase())) return null;
  const problem = problemOf(parameter);
  if (problem && !required && where !== 'path') return null;
  if (problem) throw new Unsupported(place, `${name} ${problem}`);
  if (!isObject(schema)) throw new Unsupported(place, `${name}, which has no schema`);
  return where as 'path' | 'query' | 'header';
};

const problemOf = ({ in: where, style, explode, schema }: Parameter): string | null => {
  if (!['path', 'query', 'header'].includes(where)) return `in ${where}`;
  const usual = where === 'query' ? 'form' : 'simple';
  if (style !== undefined && style !== usual) return `in the style ${style}`;
  const types = isObject(schema) ? [schema.type].flat() : [];
  if (types.includes('object')) return 'as an object, which has no one form in a URL';
  if (types.includes('array') && (where !== 'query' || explode === false)) return `as a list in one value of ${where}`;
  return null;
};

const bodyOf = ({ requestBody }: Operation): { schema: JsonSchema; required: boolean } | null => {
  if (!requestBody) return null;
  const types = Object.keys(requestBody.content);
  const type = types.find((one) => JSON_TYPE.test(one));
  if (type === undefined) {
    if (!requestBody.required) return null;
    throw new Unsupported('requestBody', `a body of ${types.join(' or ') || 'no type'}: JSON alone is sent`);
  }
  return { schema: schemaOf(requestBody.content[type]?.schema, 'request', 'requestBody'), required: requestBody.required };
};

/** What becomes of the answer. Of several that tell of success the first counts. */
const answerOf = ({ responses }: Operation): Pick<Definition, 'output' | 'result' | 'into'> => {
  const status = ['200', '201', ...Object.keys(responses).filter((one) => one.startsWith('2')), 'default'].find((one) => one in responses);
  const content = (status === undefined ? undefined : responses[status]?.content) ?? {};
  const types = Object.keys(content);
  const type = types.find((one) => JSON_TYPE.test(one));
  if (type !== undefined) return jsonAnswer(schemaOf(content[type]?.schema, 'answer', `responses.${status}`));
  if (types.length === 0) return jsonAnswer({});
  if (types.some((one) => one.startsWith('text/')))
    return { result: 'text', output: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } } };
  throw new Unsupported(`responses.${status}`, `an answer of ${types.join(' or ')}: JSON and texts alone are read`);
};

const jsonAnswer = (schema: JsonSchema): Pick<Definition, 'output' | 'result' | 'into'> => {
  const { type, properties } = joined(schema);
  if (type === 'object' && isObject(properties) && Object.keys(properties).length > 0) return { output: joined(schema) };
  return { into: 'result', output: { type: 'object', required: ['result'], properties: { result: schema } } };
};

/** Objects that are one by `allOf` as that one. */
const joined = (schema: JsonSchema): JsonSchema => {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = [...allOf.map((one) => joined(one as JsonSchema)), ...('properties' in rest ? [rest] : [])];
  if (!parts.every((one) => isObject(one.properties))) return schema;
  return {
    ...rest,
    type: 'object',
    properties: Object.assign({}, ...parts.map((one) => one.properties as object)) as JsonValue,
    required: [...new Set(parts.flatMap((one) => (Array.isArray(one.required) ? (one.required as string[]) : [])))],
  };
};

const serverOf = ({ operation, servers }: PlacedOperation, { document, base, server }: ConversionSettings): string => {
  const [first] = operation.servers ?? (servers.length > 0 ? servers : document.servers);
  const said =
    server ?? (first ? first.url.replace(/\{([^{}]+)\}/g, (whole, name: string) => first.variables[name]?.default ?? whole) : '/');
  const url = URL.parse(said, base?.href);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Unsupported('servers', `a server at ${said}: say where it is with --server`);
  if (url.search !== '' || url.hash !== '') throw new Unsupported('servers', `a server at ${said}, which has more than a path`);
  return (url.origin + url.pathname).replace(/\/$/, '');
};
