import { InternalError, TableManifest, type TableReference } from '@apwa/contracts';
import { describeBytes } from '../storage/hashing.js';
import { type Storage } from '../storage/storage.js';
import { BoundedCache } from './bounded-cache.js';

/** Manifests kept in memory, by weight: a table of some thousands of parts takes about one MB. */
const CACHED_BYTES = 32 * 1024 * 1024;

// Manifests never change and are named by their checksum, so one cache serves every storage of the process.
const cache = new BoundedCache<TableManifest>(CACHED_BYTES);

/** Writes a version of a table. The same manifest again gives the same reference. */
export const writeManifest = async (storage: Storage, manifest: TableManifest): Promise<TableReference> => {
  const content = Buffer.from(JSON.stringify(TableManifest.parse(manifest)));
  const { sha256 } = describeBytes(content);
  const manifestKey = `${manifestPrefix(manifest.tableId)}${manifest.version}-${sha256.slice(0, 8)}.json`;
  await storage.write(manifestKey, content);
  return { tableId: manifest.tableId, version: manifest.version, manifestKey, sha256, rows: manifest.rows };
};

/** The manifest that a reference names. InternalError `manifest_damaged` if its bytes are not those that were written. */
export const readManifest = async (storage: Storage, reference: TableReference): Promise<TableManifest> => {
  const kept = cache.get(reference.sha256);
  if (kept) return kept;
  const content = await storage.read(reference.manifestKey);
  if (describeBytes(content).sha256 !== reference.sha256)
    throw new InternalError('manifest_damaged', `The manifest ${reference.manifestKey} does not have the checksum of its reference.`);
  const manifest = TableManifest.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  cache.set(reference.sha256, manifest, content.byteLength);
  return manifest;
};

/**
 * Every version of a table that was written, with its key; none for a table that has no more. InternalError `manifest_damaged` if
 * one is not what its name says: who looks for what may be deleted must not take less for granted than was written.
 */
export async function* manifestsOf(storage: Storage, tableId: string): AsyncIterable<{ key: string; manifest: TableManifest }> {
  for await (const { key } of storage.list(manifestPrefix(tableId))) {
    const content = await storage.read(key);
    const named = /-([0-9a-f]{8})\.json$/.exec(key)?.[1];
    if (named === undefined || !describeBytes(content).sha256.startsWith(named))
      throw new InternalError('manifest_damaged', `The manifest ${key} does not have the checksum of its name.`);
    yield { key, manifest: TableManifest.parse(JSON.parse(Buffer.from(content).toString('utf8'))) };
  }
}

/** What the keys of all manifests of a table begin with. */
export const manifestPrefix = (tableId: string): string => `manifests/${tableId}/`;

/** A table with those it is based on, itself first. */
export const readManifestChain = async (storage: Storage, reference: TableReference): Promise<TableManifest[]> => {
  const chain: TableManifest[] = [];
  for (let next: TableReference | undefined = reference; next; next = chain.at(-1)?.base) {
    // Versions refer to older ones only; a longer chain than any plan can make is a fault of ours.
    if (chain.length > LONGEST_CHAIN)
      throw new InternalError('manifest_cycle', `The manifest ${reference.manifestKey} has no end of bases.`);
    chain.push(await readManifest(storage, next));
  }
  return chain;
};

const LONGEST_CHAIN = 1_000;
