import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Storage } from '../storage/storage.js';

const PREFIX = 'apwa-job-';
/** No job takes that long: what is older was left by a process that was killed. */
const LEFT_BEHIND_MS = 24 * 3_600_000;
const DOWNLOADS_AT_ONCE = 8;

/** The temporary folder of a job; it ends with it. */
export class JobFolder implements AsyncDisposable {
  private fetched = 0;

  private constructor(readonly path: string) {}

  static async create(parent = tmpdir()): Promise<JobFolder> {
    await mkdir(parent, { recursive: true });
    const path = await mkdtemp(join(parent, PREFIX));
    await Promise.all(['in', 'out', 'spill'].map((name) => mkdir(join(path, name))));
    return new JobFolder(path);
  }

  output(name: string): string {
    return join(this.path, 'out', name);
  }

  /** Local paths of stored objects, by key: as they stand, or copied here first where storage is not local. */
  async localise(storage: Storage, keys: Iterable<string>, signal?: AbortSignal): Promise<Map<string, string>> {
    const paths = new Map<string, string>();
    const waiting = [...new Set(keys)];
    const fetchNext = async (): Promise<void> => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        const local = storage.localPath(key);
        const path = local ?? join(this.path, 'in', String(this.fetched++));
        if (local === null) await pipeline(await storage.stream(key), createWriteStream(path), { signal });
        paths.set(key, path);
      }
    };
    await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, fetchNext));
    return paths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Removes folders of jobs whose process was killed before it could. */
export const removeLeftFolders = async (parent = tmpdir()): Promise<void> => {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parent, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true });
  }
};
