import { type Fault, RefusedError } from '@apwa/contracts';
import { baseOf, METHODS, type OpenApi, type Parameter, readOpenApi } from './document.js';
import { capabilityOf, type PlacedOperation } from './capability.js';
import { Unsupported } from './schema.js';

export interface OpenApiOptions {
  /** A file or a URL. */
  openapi: string;
  /** Ids of operations, or method and path; none: all. */
  operation: readonly string[];
  server?: string | undefined;
  /** `SCHEME=NAME` */
  secret: readonly string[];
}

export type Definition = ReturnType<typeof capabilityOf>;

export interface Converted {
  /** With the operation that each is of. */
  capabilities: { operation: string; definition: Definition }[];
  /** Operations that nobody asked for by name, and that no capability can be made of. */
  leftOut: Fault[];
}

/** Capabilities of operations. RefusedError that names each operation which was asked for and cannot be had, with what is not supported. */
export const convertOpenApi = async ({ openapi, operation: named, server, secret }: OpenApiOptions): Promise<Converted> => {
  const document = await readOpenApi(openapi);
  const all = operationsOf(document);
  const wanted = named.length === 0 ? all : named.map((id) => find(id, all));
  const settings = { document, base: baseOf(openapi), server, secrets: secretsBy(secret, document) };
  const capabilities: Converted['capabilities'] = [];
  const faults: Fault[] = [];
  for (const one of wanted) {
    try {
      const definition = capabilityOf(one, settings);
      const other = capabilities.find(({ definition: { name } }) => name === definition.name);
      if (other) throw new Unsupported('operationId', `the name ${definition.name}, which ${other.operation} has too`);
      capabilities.push({ operation: one.id, definition });
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      faults.push({ field: fieldOf(one, error), message: `not supported: ${error.message}`, value: one.id });
    }
  }
  const [first] = faults;
  if (first && (named.length > 0 || capabilities.length === 0))
    throw new RefusedError('unsupported_operation', `${first.value} of ${openapi}: ${first.message}.`, {
      field: first.field,
      value: first.value,
      allowed: 'parameters in path, query and headers, bodies and answers in JSON, keys, bearer and basic authentication',
      faults,
    });
  if (capabilities.length === 0)
    throw new RefusedError('bad_input', `${openapi} has no operations.`, {
      field: '--openapi',
      value: openapi,
      allowed: 'paths with operations',
    });
  return { capabilities, leftOut: faults };
};

const operationsOf = ({ paths }: OpenApi): PlacedOperation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method): PlacedOperation[] => {
      const operation = item[method];
      if (!operation) return [];
      const id = operation.operationId ?? `${method.toUpperCase()} ${path}`;
      return [
        { id, method, path, operation, parameters: parametersOf(item.parameters, operation.parameters), servers: item.servers ?? [] },
      ];
    }),
  );

const parametersOf = (ofPath: readonly Parameter[], own: readonly Parameter[]): Parameter[] => [
  ...ofPath.filter((one) => !own.some(({ name, in: where }) => name === one.name && where === one.in)),
  ...own,
];

const find = (id: string, all: readonly PlacedOperation[]): PlacedOperation => {
  const found = all.find((one) => one.id === id || `${one.method.toUpperCase()} ${one.path}` === id);
  if (found) return found;
  const known = all.map((one) => one.id);
  throw new RefusedError('bad_input', `The document has no operation ${id}.`, {
    field: '--operation',
    value: id,
    allowed: known.slice(0, 50).join(', ') + (known.length > 50 ? ` and ${known.length - 50} more` : ''),
  });
};

const fieldOf = ({ method, path }: PlacedOperation, { place }: Unsupported): string =>
  `paths.${path}.${method}${place === '' ? '' : `.${place}`}`;

const secretsBy = (pairs: readonly string[], { components: { securitySchemes } }: OpenApi): Map<string, string> =>
  new Map(
    pairs.map((pair) => {
      const [, scheme = '', name = ''] = /^([^=]+)=([A-Za-z][A-Za-z0-9_]{0,62})$/.exec(pair) ?? [];
      if (scheme !== '' && Object.hasOwn(securitySchemes, scheme)) return [scheme, name];
      const schemes = Object.keys(securitySchemes).join(', ') || 'none: the document has no security schemes';
      throw new RefusedError('bad_input', `${pair} gives no security scheme of the document a secret.`, {
        field: '--secret',
        value: pair,
        allowed: `SCHEME=NAME, with one of the schemes ${schemes}`,
      });
    }),
  );
