import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { chown, copyFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InternalError, PermanentError } from '@apwa/contracts';
import { commandOf, isAlive, processTable } from '../processes/process-table.js';
import { until } from '../processes/until.js';
import { type PostgresBinaries } from './postgres-binaries.js';
import { type ServerUser } from './unprivileged.js';

const run = promisify(execFile);

/** The superuser of our servers. */
export const SUPERUSER = 'postgres';

export interface DataFolder {
  path: string;
  /** Random, of this folder: other users of the machine can reach the port too. */
  password: string;
}

/** A cluster below `home`, made by initdb if it is not there yet, complete or not at all. `durable`: whether initdb waits for the disk. */
export const openDataFolder = async (
  home: string,
  binaries: PostgresBinaries,
  user: ServerUser | null,
  durable: boolean,
): Promise<DataFolder> => {
  const path = join(home, 'data');
  const passwordFile = join(home, 'password');
  if (!(await exists(join(path, 'PG_VERSION')))) await initialise(home, path, passwordFile, binaries, user, durable);
  await refuseOtherMajor(path, binaries);
  await dropStaleLock(path);
  return { path, password: (await readFile(passwordFile, 'utf8')).trim() };
};

const initialise = async (
  home: string,
  path: string,
  passwordFile: string,
  { initdb }: PostgresBinaries,
  user: ServerUser | null,
  durable: boolean,
): Promise<void> => {
  const scratch = join(home, 'data.new');
  await rm(scratch, { recursive: true, force: true });
  await rm(path, { recursive: true, force: true });
  await writeFile(passwordFile, randomBytes(16).toString('hex'), { mode: 0o600 });
  const readable = join(home, 'password.initdb');
  await copyFile(passwordFile, readable);
  if (user) await chown(readable, user.uid, user.gid);
  const args = [
    `--pgdata=${scratch}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${readable}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    ...(durable ? [] : ['--no-sync']),
  ];
  await run(initdb, args, { ...user, cwd: home, env: { PATH: process.env.PATH, LC_ALL: 'C' } }).catch(
    (cause: Error & { stderr?: string }) => {
      throw new InternalError('initdb_failed', `initdb failed: ${cause.stderr?.trim() || cause.message}`, { cause });
    },
  );
  await rm(readable);
  await rename(scratch, path);
};

/** Data of another major version can't be opened: said here, in words that say what to do. */
const refuseOtherMajor = async (path: string, { postgres }: PostgresBinaries): Promise<void> => {
  const written = (await readFile(join(path, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(postgres, ['--version']);
  const major = /(\d+)(\.|\s|$)/.exec(stdout.replace(/^.*\)\s*/, ''))?.[1];
  if (major === written) return;
  throw new PermanentError(
    'other_postgres_version',
    `${path} was written by PostgreSQL ${written}, and this is ${stdout.trim()}: remove the folder`,
  );
};

/** Backends notice the death of their postmaster by themselves, at their next look. */
const ORPHANS_TIMEOUT_MS = 10_000;

/**
 * After a `kill -9` the lock file stays. PostgreSQL sees that itself unless the process number it names has been given to
 * somebody else since, as happens in containers: then only we can tell. Backends that outlive it for a moment hold the shared
 * memory, with which no server starts: they are waited for.
 */
const dropStaleLock = async (path: string): Promise<void> => {
  const lock = join(path, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  if (isAlive(pid) && (await commandOf(pid))?.includes(path)) {
    throw new PermanentError('data_in_use', `the PostgreSQL server ${pid} is running on ${path}`);
  }
  const orphans = async () => (await processTable()).map((entry) => entry.pid).filter((candidate) => worksIn(candidate, path));
  await until(async () => (await orphans()).length === 0, { timeoutMs: ORPHANS_TIMEOUT_MS, what: `the last backends on ${path} to end` });
  await rm(lock, { force: true });
};

/** Every process of a PostgreSQL server has the data folder as its working directory. Where there is no `/proc`, nobody has. */
const worksIn = (pid: number, path: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === path;
  } catch {
    return false;
  }
};

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;
