import { applyMigrations, createLogger } from '@apwa/service';
import { type PostgresServer, startPostgres } from '@apwa/stack';
import { jest } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { MIGRATIONS } from '../src/start.js';
import { type Model, readPrismaSchema } from './support/prisma-schema.js';

jest.setTimeout(60_000);

/** Without Prisma's engine: what the schema says is read from its text, and what the migrations made is read from Postgres. */
describe('schema.prisma and the migrations', () => {
  let dir: string;
  let postgres: PostgresServer;
  let client: pg.Client;
  let models: Model[];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'apwa-schema-'));
    postgres = await startPostgres({ dir });
    const connectionString = postgres.url;
    await applyMigrations({ connectionString, schema: 'manager', directory: MIGRATIONS, log: createLogger('test', 'silent') });
    client = new pg.Client({ connectionString });
    await client.connect();
    models = readPrismaSchema(await readFile(new URL('../prisma/schema.prisma', import.meta.url), 'utf8'));
  });
  afterAll(async () => {
    await client.end();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('should have the same columns, types, nulls and defaults', async () => {
    const { rows } = await client.query<{ t: string; c: string; type: string; nullable: boolean; has_default: boolean }>(`
      SELECT c.relname AS t, a.attname AS c, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable, a.atthasdef AS has_default
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'manager'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> '_prisma_migrations'`);
    const made = rows.map(
      ({ t, c, type, nullable, has_default }) => `${t}.${c} ${type}${nullable ? '?' : ''}${has_default ? ' default' : ''}`,
    );
    const said = models.flatMap(({ table, columns }) =>
      columns.map(
        ({ name, type, nullable, hasDefault }) => `${table}.${name} ${type}${nullable ? '?' : ''}${hasDefault ? ' default' : ''}`,
      ),
    );
    expect(made.sort()).toEqual(said.sort());
  });

  it('should have the same keys and indexes', async () => {
    const { rows } = await client.query<{ t: string; primary: boolean; unique: boolean; columns: string }>(`
      SELECT t.relname AS t, i.indisprimary AS primary, i.indisunique AS unique,
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) AS columns
      FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
      WHERE t.relnamespace = 'manager'::regnamespace AND t.relname <> '_prisma_migrations'`);
    const made = rows.map(({ t, primary, unique, columns }) => `${t} ${primary ? 'id' : unique ? 'unique' : 'index'} ${columns}`);
    expect(made.sort()).toEqual(models.flatMap(({ table, indexes }) => indexes.map((index) => `${table} ${index}`)).sort());
  });

  it('should have the same references', async () => {
    const { rows } = await client.query<{ t: string; c: string; target: string; on_delete: string }>(`
      SELECT t.relname AS t, a.attname AS c, r.relname AS target, k.confdeltype AS on_delete
      FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
      WHERE k.contype = 'f' AND t.relnamespace = 'manager'::regnamespace`);
    const actions: Record<string, string> = { c: 'Cascade', n: 'SetNull', r: 'Restrict' };
    const made = rows.map(({ t, c, target, on_delete }) => `${t}.${c} -> ${target} ${actions[on_delete]}`);
    expect(made.sort()).toEqual(models.flatMap(({ references }) => references).sort());
  });
});
