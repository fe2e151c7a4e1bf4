import { RefusedError, pathOf } from '@apwa/contracts';
import { dirname, resolve } from 'node:path';
import { type z } from 'zod';
import { crossCheck } from './checks.js';
import { inWordsOf, readClusters } from './clusters.js';
import { type ConfigDocument, invalidConfig, isObject, readDocument } from './document.js';
import { override, substitute } from './environment.js';
import { faultsOf } from './faults.js';
import { documentFromEnvironment, noConfiguration } from './from-environment.js';
import { normalise } from './normalise.js';
import { Config } from './schema.js';

const FILE = 'apwa.config.yaml';

export interface LoadOptions {
  /** The file. Default: what the environment's `APWA_CONFIG` names, else `apwa.config.yaml` in the working directory. */
  path?: string;
  /** Default: the environment of the process. */
  env?: NodeJS.ProcessEnv;
}

const readOrDefault = async (named: string | undefined, path: string, env: NodeJS.ProcessEnv): Promise<ConfigDocument | undefined> => {
  const document = await readDocument(path);
  if (document) return document;
  if (named) throw new RefusedError('invalid_config', `${path}: there is no such file.`, { field: 'path', value: path });
  return documentFromEnvironment(env);
};

const withPoolsOfClusters = (config: z.output<typeof Config>): Config => ({
  ...config,
  pools: [
    ...config.pools,
    ...config.ray.clusters.flatMap(({ name, pools }) => pools.map((pool) => ({ ...pool, backend: 'ray' as const, cluster: name }))),
  ],
});

/**
 * Reads the configuration: the file, the definitions of clusters that it names, `${NAME}` in its values from the environment, `APWA__…` variables over it, defaults under it.
 * Without a file, `OPENAI_API_KEY` (with `OPENAI_BASE_URL` and `APWA_MODEL`) makes one of its own.
 * Throws one RefusedError `invalid_config` with all faults; no secret stands in it.
 */
export const loadConfig = async ({ path: named, env = process.env }: LoadOptions = {}): Promise<Config> => {
  const chosen = named ?? (env.APWA_CONFIG || undefined);
  const path = resolve(chosen ?? FILE);
  const read = await readOrDefault(chosen, path, env);
  const source = read ? path : 'the environment';

  const { document: whole, files } = await readClusters(read ?? {}, dirname(path));
  const substituted = substitute(whole, env);
  const overridden = override(isObject(substituted.document) ? substituted.document : {}, env);
  if (!read && overridden.paths.size === 0 && overridden.faults.length === 0) throw noConfiguration(path);

  const { document, written } = normalise(overridden.document as ConfigDocument, dirname(path));
  const parsed = Config.safeParse(document);
  const hidden = new Set([...substituted.paths, ...overridden.paths]);
  const unset = new Set(substituted.faults.map(({ field }) => field));
  const faults = [
    ...substituted.faults,
    ...overridden.faults,
    ...(parsed.success
      ? crossCheck(parsed.data, (model, index) => pathOf(written(['models', model, 'endpoints', index])))
      : faultsOf(parsed.error, document, written, hidden).filter(({ field }) => !unset.has(field))),
  ];
  if (faults.length > 0 || !parsed.success) throw invalidConfig(source, inWordsOf(files, faults));
  return withPoolsOfClusters(parsed.data);
};
