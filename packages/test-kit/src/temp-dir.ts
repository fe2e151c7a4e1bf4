import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

/** A new folder below the system's temporary one. Other users may pass through it: as root, Postgres runs as one of them. */
export const tempDir = async (name = 'test'): Promise<TempDir> => {
  const path = await mkdtemp(join(tmpdir(), `apwa-${name}-`));
  await chmod(path, 0o711);
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 5 });
  return { path, remove, [Symbol.asyncDispose]: remove };
};
