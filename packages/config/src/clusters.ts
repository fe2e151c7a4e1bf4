import { type Fault, RefusedError } from '@apwa/contracts';
import { dirname, resolve } from 'node:path';
import { type ConfigDocument, isObject, readDocument } from './document.js';

export interface WithClusters {
  document: ConfigDocument;
  /** The files that clusters came from, by their place in `ray.clusters`. */
  files: ReadonlyMap<number, string>;
}

/**
 * Puts the definitions of clusters in the place of the paths that name them. Paths in a definition are relative to it.
 * RefusedError `invalid_config` if a file is not there or is no YAML.
 */
export const readClusters = async (document: ConfigDocument, folder: string): Promise<WithClusters> => {
  const files = new Map<number, string>();
  const { ray } = document;
  if (!isObject(ray) || !Array.isArray(ray.clusters)) return { document, files };
  const clusters = await Promise.all(
    ray.clusters.map(async (cluster: unknown, index) => {
      if (typeof cluster !== 'string') return cluster;
      const path = resolve(folder, cluster);
      files.set(index, path);
      return readCluster(path, index);
    }),
  );
  return { document: { ...document, ray: { ...ray, clusters } }, files };
};

const readCluster = async (path: string, index: number): Promise<ConfigDocument> => {
  const cluster = await readDocument(path);
  if (!cluster)
    throw new RefusedError('invalid_config', `ray.clusters[${index}]: there is no file ${path}.`, {
      field: `ray.clusters[${index}]`,
      value: path,
    });
  const { tokenFile } = cluster;
  return typeof tokenFile === 'string' ? { ...cluster, tokenFile: resolve(dirname(path), tokenFile) } : cluster;
};

/** Faults of a definition by its file, in which they are to be mended. */
export const inWordsOf = (files: ReadonlyMap<number, string>, faults: Fault[]): Fault[] =>
  faults.map((fault) => {
    const [, index, key = ''] = /^ray\.clusters\[(\d+)\]\.?(.*)$/.exec(fault.field) ?? [];
    const file = index === undefined ? undefined : files.get(Number(index));
    return file ? { ...fault, field: key ? `${key} (${file})` : file } : fault;
  });
