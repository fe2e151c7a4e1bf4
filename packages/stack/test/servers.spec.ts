import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { commandOf, descendantsOf, isAlive, type NatsServer, type PostgresServer, startNats, startPostgres, until } from '../src/index.js';

import { jest } from '@jest/globals';

/** Real NATS and Postgres. */
jest.setTimeout(120_000);

const folderOf = async (name: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `apwa-${name}-`));
  await chmod(folder, 0o711);
  return folder;
};

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

describe('startNats', () => {
  let dir: string;
  let nats: NatsServer;
  beforeAll(async () => {
    dir = await folderOf('nats');
    nats = await startNats({ dir });
  });
  afterAll(async () => {
    await nats.stop();
    await rm(dir, { recursive: true });
  });
  const connection = () => {
    const { host, username: user, password: pass } = new URL(nats.url);
    return connect({ servers: host, user, pass, reconnect: false, timeout: 2_000 });
  };

  it('should keep folder and port over a crash', async () => {
    const before = { pid: nats.pid, url: nats.url };
    await nats.kill();
    expect(nats.running).toBe(false);
    await nats.restart();
    expect(nats.pid).not.toBe(before.pid);
    expect(nats.url).toBe(before.url);
    await (await connection()).close();
  });

  it('should let nobody in without the password', async () => {
    await expect(connect({ servers: `127.0.0.1:${nats.port}`, reconnect: false, timeout: 2_000 })).rejects.toThrow(/authorization/i);
  });

  it('should stand still while it is paused', async () => {
    await nats.pause();
    await expect(connection()).rejects.toThrow();
    await nats.resume();
    await (await connection()).close();
  });

  it('should say what a server printed that does not come up', async () => {
    await expect(startNats({ dir: join(dir, 'second'), port: nats.port })).rejects.toMatchObject({
      code: 'ended_at_start',
      message: expect.stringContaining('address already in use'),
    });
  });
});

describe('startPostgres', () => {
  let dir: string;
  let postgres: PostgresServer;
  beforeAll(async () => {
    dir = await folderOf('postgres');
    postgres = await startPostgres({ dir });
  });
  afterAll(async () => {
    await postgres.stop();
    await rm(dir, { recursive: true });
  });
  it('should have everything that was committed after kill -9, at once', async () => {
    const url = await postgres.createDatabase('things');
    expect(await postgres.createDatabase('things')).toBe(url);
    await query(url, 'CREATE TABLE t AS SELECT 7 AS n');
    const [server, ...backends] = [postgres.pid, ...(await descendantsOf(postgres.pid))];
    expect(backends.length).toBeGreaterThan(2);
    await postgres.kill();
    expect([server, ...backends].filter((pid) => isAlive(pid))).toEqual([]);
    await postgres.restart();
    expect(await query(url, 'SELECT n FROM t')).toEqual([{ n: 7 }]);
  });

  it('should wait for the disk unless it is told that it need not', async () => {
    const spared = await startPostgres({ dir: join(dir, 'spared'), durable: false });
    const told = await Promise.all([postgres, spared].map(({ url }) => query(url, 'SHOW fsync')));
    await spared.stop();
    expect(told).toEqual([[{ fsync: 'on' }], [{ fsync: 'off' }]]);
  });

  it('should not open data that another server has open', async () => {
    await expect(startPostgres({ dir })).rejects.toMatchObject({ code: 'data_in_use' });
  });

  it('should listen on the loopback interface alone, with a password', async () => {
    const [settings] = await query(
      postgres.url,
      "SELECT current_setting('listen_addresses') AS listens, current_setting('fsync') AS fsync",
    );
    expect(settings).toEqual({ listens: '127.0.0.1', fsync: 'on' });
    await expect(query(postgres.url.replace(/:[0-9a-f]{32}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
  });
});

describe('a parent that is killed', () => {
  it('should take its servers with it', async () => {
    const dir = await folderOf('orphans');
    const entry = new URL('../dist/index.js', import.meta.url).href;
    const program = `
      import { startNats, startPostgres } from ${JSON.stringify(entry)};
      const dir = ${JSON.stringify(dir)};
      const servers = await Promise.all([startNats({ dir: dir + '/nats' }), startPostgres({ dir })]);
      console.log(servers.map(({ pid }) => pid).join(' '));
      setInterval(() => undefined, 60_000);`;
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const servers = line.toString().trim().split(' ').map(Number);
    const all = [...servers, ...(await Promise.all(servers.map(descendantsOf))).flat()];
    expect(all.length).toBeGreaterThan(4);
    expect(all.every(isAlive)).toBe(true);

    parent.kill('SIGKILL');
    await until(() => !all.some(isAlive), { timeoutMs: 10_000, what: 'the servers to end' });

    const again = await startPostgres({ dir });
    expect(await commandOf(again.pid)).toContain(dir);
    await again.stop();
    await rm(dir, { recursive: true });
  });
});

/** Only root has to run PostgreSQL as somebody else, and finds its own folders closed to that user. */
const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('as root, in a folder that only root can enter', () => {
  it('should keep the data where the server’s user can get to, for as long as the folder is there', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'apwa-closed-'));
    const first = await startPostgres({ dir: closed });
    const [place] = await query(first.url, "SELECT current_setting('data_directory') AS path");
    const { path } = place as { path: string };
    await query(first.url, 'CREATE TABLE t AS SELECT 1 AS n');
    await first.stop();
    const second = await startPostgres({ dir: closed });
    expect(await query(second.url, 'SELECT n FROM t')).toEqual([{ n: 1 }]);
    await second.stop();
    await rm(closed, { recursive: true });

    const other = await mkdtemp(join(tmpdir(), 'apwa-closed-'));
    await (await startPostgres({ dir: other })).stop();
    expect(existsSync(path)).toBe(false);
    await rm(other, { recursive: true });
  });
});
