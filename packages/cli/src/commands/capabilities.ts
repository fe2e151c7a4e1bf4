import { type CapabilityDetails, type CapabilityEntry, type JsonSchema, RefusedError } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { stringify } from 'yaml';
import { EXIT, type ExitCode } from '../exit.js';
import { asOfFile, readCapabilityFile, readCapabilityName } from '../inputs/capability-file.js';
import { convertOpenApi, type OpenApiOptions } from '../openapi/operations.js';
import { columns, print, quietDisplay } from '../output.js';
import { withSession } from '../session.js';
import { type JsonOption, readLimit } from './runs.js';
import { cell } from './tables.js';

interface RunOption {
  run?: string;
}

const withClient = <Result>(work: (client: Client) => Promise<Result>): Promise<Result> =>
  withSession(quietDisplay(), ({ client }) => work(client));

const ofRun = ({ run }: RunOption) => (run === undefined ? {} : { run });

const DESCRIPTION_SHOWN = 80;

const row = ({ id, version, scope, effects, description }: CapabilityEntry): string[] => [
  id,
  version === null ? '' : String(version),
  scope,
  effects,
  cell(description, DESCRIPTION_SHOWN),
];

export const listCapabilities = async (
  query: string | undefined,
  { json, limit, ...options }: JsonOption & RunOption & { limit?: string },
): Promise<ExitCode> => {
  const wanted = { ...readLimit(limit), ...ofRun(options), ...(query === undefined ? {} : { q: query }) };
  const { capabilities, next } = await withClient((client) => client.capabilities.list(wanted));
  print(
    json ? JSON.stringify(capabilities) : columns([['CAPABILITY', 'VERSION', 'SCOPE', 'EFFECTS', 'DESCRIPTION'], ...capabilities.map(row)]),
  );
  if (next !== null && !json) process.stderr.write('apwa: there are more: name words that they have, or a larger --limit.\n');
  return EXIT.succeeded;
};

const typeOf = (schema: unknown): string => {
  const { type, enum: values } = (schema ?? {}) as { type?: string | string[]; enum?: unknown };
  if (Array.isArray(values)) return cell(values.map((value) => JSON.stringify(value)).join(' | '));
  return type === undefined ? 'any' : [type].flat().join(' or ');
};

const properties = (heading: string, { properties: all = {}, required = [] }: JsonSchema): string =>
  columns([
    [heading, 'TYPE', 'REQUIRED', 'DESCRIPTION'],
    ...Object.entries(all as Record<string, { description?: string }>).map(([name, schema]) => [
      name,
      typeOf(schema),
      (required as string[]).includes(name) ? 'yes' : 'no',
      cell(schema.description, DESCRIPTION_SHOWN),
    ]),
  ]);

/** What is shown of a capability: what it is, what it takes and gives, what it may take, and its versions. */
const detailsText = (capability: CapabilityDetails): string => {
  const { id, version, scope, effects, description, input, output, limits, versions, removedAt, examples } = capability;
  const head = `${id}${version === null ? '' : `@${version}`} (${scope}, effects: ${effects})\n${description}`;
  const bounds = Object.entries(limits).map(([name, value]) => `${name} ${value}`);
  return [
    head,
    ...(removedAt ? [`It was removed ${removedAt}: new plans cannot name it.`] : []),
    properties('TAKES', input),
    properties('GIVES', output),
    ...(bounds.length > 0 ? [`limits: ${bounds.join(', ')}`] : []),
    ...(examples.length > 0 ? [`tried by ${examples.length} ${examples.length === 1 ? 'example' : 'examples'}`] : []),
    ...(versions.length > 0
      ? [
          columns([
            ['VERSION', 'HASH', 'REGISTERED', 'REMOVED'],
            ...versions.map((one) => [String(one.version), one.hash.slice(0, 12), one.createdAt, one.removedAt ?? '']),
          ]),
        ]
      : []),
  ].join('\n\n');
};

/** `--definition`: as a file that `add` takes. */
export const showCapability = async (
  text: string,
  { json, definition: wanted, ...options }: JsonOption & RunOption & { definition?: boolean },
): Promise<ExitCode> => {
  const { name, ...version } = readCapabilityName(text);
  const capability = await withClient((client) => client.capabilities.get(name, { ...version, ...ofRun(options) }));
  if (wanted && !capability.definition)
    throw new RefusedError('bad_input', `${name} is built in: it has no definition.`, { field: '--definition', value: name });
  const document = { ...capability.definition, ...(capability.examples.length > 0 ? { examples: capability.examples } : {}) };
  const shown = wanted ? document : capability;
  print(json ? JSON.stringify(shown) : wanted ? stringify(document, { blockQuote: 'literal' }).trimEnd() : detailsText(capability));
  return EXIT.succeeded;
};

interface AddOptions extends JsonOption {
  openapi?: string;
  operation: string[];
  server?: string;
  secret: string[];
}

export const addCapability = async (path: string | undefined, options: AddOptions): Promise<ExitCode> => {
  const { openapi, operation, server, secret, json } = options;
  if ((path === undefined) === (openapi === undefined))
    throw new RefusedError('bad_input', 'A file with a capability is needed, or an OpenAPI document.', {
      field: 'FILE',
      allowed: 'FILE or --openapi FILE|URL, one of them',
    });
  const alone = (
    [
      ['--operation', operation],
      ['--server', server],
      ['--secret', secret],
    ] as const
  ).find(([, value]) => (value?.length ?? 0) > 0);
  if (path !== undefined && alone)
    throw new RefusedError('bad_input', `${alone[0]} is for --openapi.`, {
      field: alone[0],
      value: String(alone[1]),
      allowed: '--openapi FILE|URL beside it',
    });
  return openapi === undefined ? addFile(path as string, { json }) : addOperations({ openapi, operation, server, secret }, { json });
};

/** Of the first that is refused the others are not tried. */
const addOperations = async (options: OpenApiOptions, { json }: JsonOption): Promise<ExitCode> => {
  const { capabilities, leftOut } = await convertOpenApi(options);
  for (const { value, message } of leftOut) process.stderr.write(`apwa: ${value} is left out: ${message}.\n`);
  await withClient(async (client) => {
    for (const { operation, definition } of capabilities) {
      const added = await client.capabilities.add({ definition, examples: [] }).catch((error: unknown) => {
        throw asOfFile(error, `${operation} of ${options.openapi}`);
      });
      print(
        json
          ? JSON.stringify(added)
          : `${added.name}@${added.version} is registered, of ${operation} (effects: ${added.effects}): plans call it as ${added.id}.`,
      );
    }
  });
  return EXIT.succeeded;
};

const addFile = async (path: string, { json }: JsonOption): Promise<ExitCode> => {
  const request = await readCapabilityFile(path);
  const added = await withClient((client) => client.capabilities.add(request)).catch((error: unknown) => {
    throw asOfFile(error, path);
  });
  print(json ? JSON.stringify(added) : `${added.name}@${added.version} is registered: plans call it as ${added.id}.`);
  return EXIT.succeeded;
};

export const removeCapability = async (text: string, { json }: JsonOption): Promise<ExitCode> => {
  const { name, version } = readCapabilityName(text);
  if (version !== undefined)
    throw new RefusedError('bad_input', 'Capabilities are removed with all of their versions.', {
      field: 'NAME',
      value: text,
      allowed: name,
    });
  const removed = await withClient((client) => client.capabilities.remove(name));
  print(
    json ? JSON.stringify(removed) : `${removed.name} is removed: new plans cannot name it, and those that were checked have its content.`,
  );
  return EXIT.succeeded;
};
