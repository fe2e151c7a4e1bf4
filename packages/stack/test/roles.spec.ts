import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, type ServiceDatabase, startPostgres } from '../src/index.js';

/** Real Postgres, with the roles of a deployment. */
jest.setTimeout(120_000);

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Of several statements, the last one's.
    const results: pg.QueryResult<object> | pg.QueryResult<object>[] = await client.query(text);
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
};

describe('the roles of Postgres', () => {
  let dir: string;
  let postgres: PostgresServer;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'apwa-roles-'));
    postgres = await startPostgres({ dir });
  });
  afterAll(async () => {
    await postgres.stop();
    await rm(dir, { recursive: true });
  });

  describe.each([
    ['manager', 'executor'],
    ['executor', 'manager'],
  ] as const)('%s', (own, other) => {
    let database: ServiceDatabase;
    beforeAll(async () => {
      database = await postgres.createServiceDatabase(`of_${own}`);
      for (const service of [own, other])
        await query(database[service], `CREATE TABLE ${service}.things (id serial); INSERT INTO ${service}.things VALUES (7)`);
    });

    it('should own its schema', async () => {
      expect(await query(database[own], `ALTER TABLE ${own}.things ADD COLUMN name text; SELECT id FROM ${own}.things`)).toEqual([
        { id: 7 },
      ]);
    });

    it.each([
      [`SELECT * FROM ${other}.things`, `permission denied for schema ${other}`],
      [`INSERT INTO ${other}.things VALUES (8)`, `permission denied for schema ${other}`],
      [`DROP SCHEMA ${other} CASCADE`, `must be owner of schema ${other}`],
      [`CREATE TABLE ${other}.mine (id int)`, `permission denied for schema ${other}`],
      [`SET ROLE apwa_${other}`, `permission denied to set role "apwa_${other}"`],
      ['SET ROLE postgres', 'permission denied to set role "postgres"'],
      [`ALTER ROLE apwa_${other} PASSWORD 'mine'`, 'permission denied to alter role'],
      ['CREATE ROLE mine', 'permission denied to create role'],
      ['CREATE SCHEMA mine', `permission denied for database of_${own}`],
      ['CREATE TABLE public.mine (id int)', 'permission denied for schema public'],
      ["COPY (SELECT 1) TO PROGRAM 'cat'", 'permission denied to COPY to or from an external program'],
      ["SELECT pg_read_file('PG_VERSION')", 'permission denied for function pg_read_file'],
    ])('should be refused: %s', async (text, refusal) => {
      await expect(query(database[own], text)).rejects.toThrow(refusal);
    });
  });

  it('should let nobody in without a password, or with that of another', async () => {
    const { manager, executor } = await postgres.createServiceDatabase('closed');
    const wrong = new URL(manager);
    for (const password of ['', 'x', new URL(executor).password]) {
      wrong.password = password;
      await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password/);
    }
  });

  it('should take over what an installation without roles has made, and change nothing when done again', async () => {
    const superuser = await postgres.createDatabase('older');
    await query(
      superuser,
      `CREATE SCHEMA manager; CREATE TYPE manager.state AS ENUM ('a');
       CREATE TABLE manager.runs (id serial PRIMARY KEY, big bigint GENERATED ALWAYS AS IDENTITY, state manager.state);
       CREATE SEQUENCE manager.counter; CREATE VIEW manager.all_runs AS SELECT * FROM manager.runs; INSERT INTO manager.runs (state) VALUES ('a');
       CREATE FUNCTION manager.one(n int) RETURNS int LANGUAGE sql AS 'SELECT n'`,
    );
    for (let times = 0; times < 2; times++) {
      const { manager, executor } = await postgres.createServiceDatabase('older');
      const owned = await query(
        superuser,
        `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'manager'::regnamespace
         UNION SELECT typowner::regrole::text FROM pg_type WHERE typnamespace = 'manager'::regnamespace
         UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'manager'::regnamespace`,
      );
      expect(owned).toEqual([{ owner: 'apwa_manager' }]);
      expect(
        await query(
          manager,
          "INSERT INTO manager.runs (state) VALUES ('a'); SELECT count(*)::int AS n, manager.one(3) FROM manager.all_runs",
        ),
      ).toEqual([{ n: times + 2, one: 3 }]);
      await expect(query(executor, 'SELECT * FROM manager.runs')).rejects.toThrow('permission denied for schema manager');
    }
    await query(
      (await postgres.createServiceDatabase('older')).manager,
      'ALTER TYPE manager.state RENAME TO status; DROP TABLE manager.runs CASCADE',
    );
  });
});
