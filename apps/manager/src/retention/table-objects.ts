import { manifestsOf, type Storage } from '@apwa/tables';

/** Deletions under way at once: a store answers each in some milliseconds, and a table may have thousands of parts. */
const AT_ONCE = 8;
/** Keys that are collected before they are deleted. */
const KEYS_AT_ONCE = 1_000;

/** Keys of the parts that a table's versions name as their own. A part may be named by several tables. */
export const partsNamedBy = async (storage: Storage, tableId: string): Promise<Set<string>> => {
  const keys = new Set<string>();
  for await (const { manifest } of manifestsOf(storage, tableId)) for (const { key } of manifest.parts) keys.add(key);
  return keys;
};

/** Deletes all objects below a prefix `…/`, and the folders that they stood in. */
export const deleteUnder = async (storage: Storage, prefix: string, signal: AbortSignal): Promise<void> => {
  let keys: string[] = [];
  for await (const { key } of storage.list(prefix)) {
    if (keys.push(key) < KEYS_AT_ONCE) continue;
    await deleteEach(storage, keys, signal);
    keys = [];
  }
  await deleteEach(storage, keys, signal);
  await storage.tidy(prefix);
};

export const deleteEach = async (storage: Storage, keys: readonly string[], signal: AbortSignal): Promise<void> => {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => storage.delete(key)));
  }
};
