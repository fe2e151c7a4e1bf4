import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, opendir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { keyExists, noSuchObject, storageFault } from './errors.js';
import { describeFile, HashingStream } from './hashing.js';
import { checkKey, checkPrefix } from './keys.js';
import { type ByteRange, type ListedObject, type Storage, type StoredObject, type UnfinishedWrite } from './storage.js';

/** Where writes are prepared: no key can name it, as segments do not begin with a dot. */
const PREPARED = '.tmp';

const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException | undefined)?.code;

/** A folder as storage. Other processes may use it at the same time. */
export class FileStorage implements Storage {
  private readonly root: string;

  constructor(readonly url: string) {
    this.root = fileURLToPath(url);
  }

  localPath(key: string): string {
    return join(this.root, ...checkKey(key).split('/'));
  }

  async read(key: string, range?: ByteRange): Promise<Uint8Array> {
    return this.guarded(key, async () => {
      const file = await open(this.localPath(key), 'r');
      try {
        const { size } = await file.stat();
        const start = Math.min(range?.start ?? 0, size);
        const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(range?.end ?? size, size) - start));
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      } finally {
        await file.close();
      }
    });
  }

  async stream(key: string): Promise<Readable> {
    return this.guarded(key, async () => {
      const file = await open(this.localPath(key), 'r');
      return file.createReadStream({ highWaterMark: 1 << 18 });
    });
  }

  async write(key: string, content: Uint8Array | Readable): Promise<StoredObject> {
    checkKey(key);
    return this.place(
      key,
      content instanceof Readable ? content : Readable.from([Buffer.from(content.buffer, content.byteOffset, content.length)]),
    );
  }

  async writeFile(key: string, path: string): Promise<StoredObject> {
    checkKey(key);
    return this.place(key, createReadStream(path, { highWaterMark: 1 << 18 }));
  }

  async describe(key: string): Promise<StoredObject | null> {
    try {
      return await describeFile(this.localPath(key));
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return null;
      throw storageFault(key, thrown);
    }
  }

  async delete(key: string): Promise<void> {
    return this.guarded(key, async () => {
      const path = this.localPath(key);
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    }).catch((thrown: unknown) => {
      // The object's folder is not there either.
      if ((thrown as { code?: string }).code !== 'no_such_object') throw thrown;
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    checkPrefix(prefix);
    const folder = join(this.root, ...prefix.split('/').slice(0, -1));
    for await (const path of walk(folder)) {
      const key = relative(this.root, path).split(sep).join('/');
      if (!key.startsWith(prefix) || key.startsWith('.')) continue;
      const found = await stat(path).catch(() => null);
      if (found) yield { key, bytes: found.size, modifiedAt: found.mtime };
    }
  }

  async *unfinished(): AsyncIterable<UnfinishedWrite> {
    const folder = join(this.root, PREPARED);
    for (const name of await namesIn(folder)) {
      const found = await stat(join(folder, name)).catch(() => null);
      if (found?.isFile()) yield { id: name, bytes: found.size, modifiedAt: found.mtime };
    }
  }

  async discard(id: string): Promise<void> {
    const path = join(this.root, PREPARED, checkKey(id));
    await this.guarded(id, () => rm(path, { force: true }));
  }

  async tidy(prefix: string): Promise<void> {
    const folder = join(this.root, ...checkPrefix(prefix).split('/').slice(0, -1));
    // The storage itself stays.
    if (prefix.includes('/')) await this.guarded(prefix, () => removeEmpty(folder));
  }

  close(): void {
    // Holds nothing open.
  }

  /**
   * Everything is written and synced beside its place first. `link` then puts it there under the condition that nothing is
   * there, which `rename` cannot; the folder is synced so that the name survives a power cut as the bytes do (HAZARDS K4).
   */
  private async place(key: string, content: Readable): Promise<StoredObject> {
    return this.guarded(key, async () => {
      const path = this.localPath(key);
      const prepared = join(this.root, PREPARED, randomBytes(12).toString('hex'));
      await makeFolder(dirname(prepared));
      try {
        const hashing = new HashingStream();
        await pipeline(content, hashing, createWriteStream(prepared, { flags: 'wx', flush: true }));
        const written = hashing.result();
        await makeFolder(dirname(path));
        try {
          await link(prepared, path);
        } catch (thrown) {
          if (codeOf(thrown) !== 'EEXIST') throw thrown;
          const there = await this.describe(key);
          if (there?.sha256 !== written.sha256) throw keyExists(key);
        }
        await syncFolder(dirname(path));
        return written;
      } finally {
        await rm(prepared, { force: true });
      }
    });
  }

  private async guarded<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (thrown) {
      throw codeOf(thrown) === 'ENOENT' ? noSuchObject(key, thrown) : storageFault(key, thrown);
    }
  }
}

/** Makes a folder and those above it, each of them durable. */
const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return [];
    throw storageFault(folder, thrown);
  });

/** From the innermost outwards; a folder that holds something stays. */
const removeEmpty = async (folder: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  });
  for (const entry of entries) if (entry.isDirectory()) await removeEmpty(join(folder, entry.name));
  await rmdir(folder).catch((thrown: unknown) => {
    if (!STAYS.has(codeOf(thrown) ?? '')) throw thrown;
  });
};
const STAYS = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

async function* walk(folder: string): AsyncIterable<string> {
  let entries;
  try {
    entries = await opendir(folder);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return;
    throw storageFault(folder, thrown);
  }
  for await (const entry of entries) {
    if (entry.name === PREPARED) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}
