import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LOOPBACK } from '@apwa/ray';
import pg from 'pg';
import { OwnedProcess } from '../processes/owned-process.js';
import { serve, type Server, type ServerOptions } from '../processes/server.js';
import { openDataFolder, SUPERUSER } from './data-folder.js';
import { findPostgres, type PostgresBinaries } from './postgres-binaries.js';
import { ServiceRoles } from './service-roles.js';
import { folderFor, readableFor, serverUser, type ServerUser } from './unprivileged.js';

/** `url` is the superuser's, of the database `postgres`. */
export interface PostgresServer extends Server {
  /** The connection string of a database of this server, made if it is not there. */
  createDatabase(name: string): Promise<string>;
  /** The same, with the services' roles and schemas in it. */
  createServiceDatabase(name: string): Promise<ServiceDatabase>;
}

/** Connection strings: the superuser's, and that of each service, which reaches its own schema alone. */
export interface ServiceDatabase {
  url: string;
  manager: string;
  executor: string;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 15_000;

interface PostgresOptions extends ServerOptions {
  /** Further environment variables of the server. */
  env?: NodeJS.ProcessEnv;
  /**
   * Whether what is committed outlives the machine, and not the processes alone. Default true. Tests, which switch no machine off, need not
   * wait for disks.
   */
  durable?: boolean;
}

/** Starts PostgreSQL on the loopback interface alone. The data stays in `dir` and is found again by the next start. */
export const startPostgres = async ({ dir, port, logFile, log, env = {}, durable = true }: PostgresOptions): Promise<PostgresServer> => {
  const folder = resolve(dir);
  await mkdir(folder, { recursive: true });
  const user = await serverUser();
  const binaries = await readable(await findPostgres(), user);
  const home = await folderFor(join(folder, 'postgres'), user);
  const { password } = await openDataFolder(home, binaries, user, durable);
  log?.(`${binaries.origin} in ${home}`);

  const urlOf = (at: number, database = 'postgres') =>
    `postgresql://${SUPERUSER}:${password}@${LOOPBACK}:${at}/${encodeURIComponent(database)}`;
  const printed = logFile ?? join(folder, 'postgres.log');

  const server = await serve({
    name: 'Postgres',
    port,
    logFile: printed,
    urlOf,
    start: async (at) => {
      const { path } = await openDataFolder(home, binaries, user, durable);
      const all = Object.entries({ ...settings, fsync: durable ? 'on' : 'off' });
      const args = ['-D', path, '-p', String(at), ...all.flatMap(([key, value]) => ['-c', `${key}=${value}`])];
      const child = await OwnedProcess.start({
        name: 'Postgres',
        command: binaries.postgres,
        args,
        env: { PATH: process.env.PATH, LC_ALL: 'C', ...env },
        cwd: home,
        logFile: printed,
        ...user,
      });
      return child.whenReady(() => answers(urlOf(at)), READY_TIMEOUT_MS);
    },
    // SIGINT: open connections are ended, and what is committed is written. SIGTERM would wait for the connections' ends.
    stop: (running) => running.stop('SIGINT', STOP_GRACE_MS),
  });

  const createDatabase = async (name: string): Promise<string> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
    return urlOf(server.port, name);
  };
  const roles = new ServiceRoles();
  const createServiceDatabase = async (name: string): Promise<ServiceDatabase> => {
    const url = await createDatabase(name);
    return { url, ...(await roles.provide(url)) };
  };
  return Object.defineProperties({ createDatabase, createServiceDatabase } as PostgresServer, Object.getOwnPropertyDescriptors(server));
};

const settings: Record<string, string> = {
  listen_addresses: LOOPBACK,
  // Socket files have short names only and would stand in a folder that others share.
  unix_socket_directories: '',
  // Three services with a pool each, and tests that look on.
  max_connections: '200',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

const readable = async (binaries: PostgresBinaries, user: ServerUser | null): Promise<PostgresBinaries> => {
  const { root } = binaries;
  if (!root) return binaries;
  const place = await readableFor(root, binaries.origin, user);
  const moved = (path: string) => join(place, relative(root, path));
  return { ...binaries, root: place, initdb: moved(binaries.initdb), postgres: moved(binaries.postgres) };
};

const answers = async (connectionString: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};
