import { readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '@apwa/config';
import { type NatsAccess } from '@apwa/contracts';
import { parse, stringify } from 'yaml';
import { type ServiceDatabase } from '../postgres/postgres-server.js';

type Document = Record<string, unknown>;

export interface StackAddresses {
  nats: NatsAccess;
  database: Omit<ServiceDatabase, 'url'>;
  managerPort: number;
  storageDir: string;
  /** `http://…/v1` of the offline model; null if the configured one is used. */
  offlineModelUrl: string | null;
}

export interface StackSettings {
  /** Members of each pool. */
  members?: number | undefined;
  /** Calls in flight per member. */
  slots?: number | undefined;
  /** Merged over everything else, keys as in the configuration file. */
  overrides?: Document | undefined;
}

const OFFLINE = 'offline';

/** A configuration file as it was written; empty if it is not there. */
export const readDocument = async (path: string): Promise<Document> => {
  const text = await readFile(resolve(path), 'utf8').catch(() => '');
  const document = (parse(text, { merge: true }) as Document | null) ?? {};
  const { ray } = document;
  if (!isDocument(ray) || !Array.isArray(ray.clusters)) return document;
  // The stack's own file stands elsewhere.
  const clusters = ray.clusters.map((cluster: unknown) => (typeof cluster === 'string' ? resolve(dirname(path), cluster) : cluster));
  return { ...document, ray: { ...ray, clusters } };
};

/** What the configuration says of models and all else, as it was written: `${NAME}` stays, so that no key is copied to a file. */
export const readModels = async (configPath: string | undefined): Promise<Document> => {
  const path = configPath ?? (process.env.APWA_CONFIG || undefined);
  // Loaded for its checks: what is wrong is told before anything is started.
  const config = await loadConfig(path === undefined ? {} : { path });
  const document = await readDocument(path ?? 'apwa.config.yaml');
  return Object.keys(document).length > 0 ? document : { model: config.model, models: withoutKeys(config.models) };
};

/** A model that stands for variables of the environment names its key's variable instead of the key. */
const withoutKeys = (models: object): unknown =>
  JSON.parse(JSON.stringify(models), (key, value: unknown) =>
    key === 'apiKey' && value === process.env.OPENAI_API_KEY ? '${OPENAI_API_KEY}' : value,
  );

/** Variables that would override what the stack has decided. */
const OWN_SETTINGS = /^APWA__(nats|manager|storage|executor__databaseUrl)(__|$)/i;

/** What is meant for this process alone: where it looks for a manager, and with which key. */
const CALLERS_OWN = new Set(['NODE_OPTIONS', 'APWA_URL', 'APWA_KEY', 'APWA_KEY_FILE']);

/** The environment of the services: ours, without what is meant for this process alone. */
export const serviceEnvironment = (configFile: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.test(name) && !CALLERS_OWN.has(name));
  return { ...Object.fromEntries(inherited), ...(configFile ? { APWA_CONFIG: configFile } : {}), ...extra };
};

/** Writes the configuration that all services of a stack read. It holds the databases' passwords: nobody else may read it. */
export const writeStackConfig = async (file: string, base: Document, addresses: StackAddresses, settings: StackSettings): Promise<void> => {
  const { nats, database, managerPort, storageDir, offlineModelUrl } = addresses;
  const own: Document = {
    nats: { ...nats },
    // On loopback, for whoever has started it: nobody needs a key.
    manager: { databaseUrl: database.manager, host: '127.0.0.1', port: managerPort, auth: 'none' },
    executor: { databaseUrl: database.executor },
    ...(base.storage ? {} : { storage: { url: pathToFileURL(storageDir).href } }),
    ...(offlineModelUrl ? { model: OFFLINE, models: { [OFFLINE]: offlineModel(offlineModelUrl) } } : {}),
    pools: poolsOf(base, settings),
  };
  const document = merge(merge(base, own), settings.overrides ?? {});
  await writeFile(file, stringify(document), { mode: 0o600 });
};

const offlineModel = (baseUrl: string): Document => ({ baseUrl, name: 'offline-rules', structuredOutput: 'json_schema' });

/** Whoever runs the pools elsewhere: here they are processes. */
const poolsOf = ({ pools: configured, ray }: Document, { members, slots }: StackSettings): Document[] => {
  const clusters = isDocument(ray) && Array.isArray(ray.clusters) ? ray.clusters : [];
  const fallback = clusters.length > 0 ? [] : [{ name: 'default' }];
  const pools = Array.isArray(configured) && configured.length > 0 ? (configured as Document[]) : fallback;
  return pools.map((pool) => ({
    ...pool,
    backend: 'processes',
    ...(members === undefined ? {} : { min: members, max: members }),
    ...(slots === undefined ? {} : { slots }),
  }));
};

const isDocument = (value: unknown): value is Document => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` on top of `base`, key by key; lists are replaced as a whole. */
export const merge = (base: Document, over: Document): Document => {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isDocument(below) && isDocument(value) ? merge(below, value) : value;
  }
  return merged;
};
