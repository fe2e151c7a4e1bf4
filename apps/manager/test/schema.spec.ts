import { applyMigrations, createLogger } from '@apwa/service';
import { compareSchema, type PostgresServer, type SchemaComparison, startPostgres, tempDir, type TempDir } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { MIGRATIONS } from '../src/start.js';

jest.setTimeout(60_000);

/** Without Prisma's engine: what the schema says is read from its text, and what the migrations made is read from Postgres. */
describe('schema.prisma and the migrations', () => {
  let dir: TempDir;
  let postgres: PostgresServer;
  let compared: SchemaComparison;

  beforeAll(async () => {
    dir = await tempDir('schema');
    postgres = await startPostgres({ dir: dir.path, durable: false });
    const connectionString = postgres.url;
    await applyMigrations({ connectionString, schema: 'manager', directory: MIGRATIONS, log: createLogger('test', 'silent') });
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      const prismaSchema = await readFile(new URL('../prisma/schema.prisma', import.meta.url), 'utf8');
      compared = await compareSchema({ client, schema: 'manager', prismaSchema });
    } finally {
      await client.end();
    }
  });
  afterAll(async () => {
    await postgres.stop();
    await dir.remove();
  });

  it.each(['columns', 'indexes', 'references'] as const)('should have the same %s', (what) => {
    const { made, said } = compared[what];
    expect(said).not.toEqual([]);
    expect(made).toEqual(said);
  });

  it('should have no other rules than these beside what Prisma can say', () => {
    expect(compared.unsayable).toEqual(['capabilities check capabilities_built_is_sandboxed']);
  });
});
