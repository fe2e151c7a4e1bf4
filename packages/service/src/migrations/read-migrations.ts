import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '@apwa/contracts';

export interface Migration {
  /** The folder's name, `<time>_<name>`: migrations are applied in the order of their names. */
  name: string;
  sql: string;
  /** Hex SHA-256 of the file, as Prisma records it. */
  checksum: string;
}

/** The migrations of a folder in Prisma's layout: `<folder>/<time>_<name>/migration.sql`. */
export const readMigrations = async (directory: string): Promise<Migration[]> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new InternalError('migrations_missing', `There is no folder of migrations at ${directory}.`, { cause });
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.sort().map((name) => readMigration(directory, name)));
};

const readMigration = async (directory: string, name: string): Promise<Migration> => {
  const path = join(directory, name, 'migration.sql');
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new InternalError('migrations_missing', `The migration ${name} has no file migration.sql.`, { cause });
  });
  return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
};
