import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import { type ConfigDocument, isObject } from './document.js';
import { type Path } from './schema-tree.js';

export interface Normalised {
  document: ConfigDocument;
  /** The path of something in the document as it was written: models with one endpoint have no `endpoints` there. */
  written: (path: Path) => Path;
}

const withCachePrices = (endpoint: unknown): unknown => {
  if (!isObject(endpoint) || !isObject(endpoint.prices) || endpoint.prices.input === undefined) return endpoint;
  const { input } = endpoint.prices;
  return { ...endpoint, prices: { cacheRead: input, cacheWrite: input, ...endpoint.prices } };
};

/** Paths in it are relative to the configuration. */
const withFilesFrom = (folder: string, capabilities: unknown): object => {
  if (!isObject(capabilities) || !Array.isArray(capabilities.files)) return {};
  const files = capabilities.files.map((file: unknown) => (typeof file === 'string' && file !== '' ? resolve(folder, file) : file));
  return { capabilities: { ...capabilities, files } };
};

/** Brings every model into the form of a group, and fills in what follows from other keys. */
export const normalise = (document: ConfigDocument, folder: string): Normalised => {
  const flat = new Set<string>();
  const group = ([name, model]: [string, unknown]): [string, unknown] => {
    if (!isObject(model)) return [name, model];
    if (model.endpoints === undefined) {
      flat.add(name);
      return [name, { endpoints: [withCachePrices(model)] }];
    }
    return [name, Array.isArray(model.endpoints) ? { ...model, endpoints: model.endpoints.map(withCachePrices) } : model];
  };
  const models = isObject(document.models) ? Object.fromEntries(Object.entries(document.models).map(group)) : document.models;
  const model = document.model ?? (isObject(models) ? Object.keys(models)[0] : undefined) ?? '';
  const section = (value: unknown, defaults: object): unknown =>
    value === undefined || isObject(value) ? { ...defaults, ...value } : value;
  const clusters = isObject(document.ray) ? document.ray.clusters : undefined;
  const noPools = document.pools === undefined && Array.isArray(clusters) && clusters.length > 0;
  return {
    document: {
      ...document,
      ...(noPools ? { pools: [] } : {}),
      model,
      models,
      planner: section(document.planner, { model }),
      ...withFilesFrom(folder, document.capabilities),
      storage: section(document.storage, { url: pathToFileURL(join(folder, '.apwa', 'storage')).href }),
    },
    written: (path) =>
      path[0] === 'models' && path[2] === 'endpoints' && path[3] === 0 && flat.has(String(path[1]))
        ? [...path.slice(0, 2), ...path.slice(4)]
        : path,
  };
};
