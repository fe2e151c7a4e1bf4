import { InternalError, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import pg from 'pg';
import { type Logger } from '../logger.js';
import { type Migration, readMigrations } from './read-migrations.js';
import { type MigrationRecord, MigrationRecords } from './record.js';

export interface ApplyMigrationsOptions {
  connectionString: string;
  /** The service's own schema; made if it is not there. */
  schema: string;
  /** `prisma/migrations` of the service. */
  directory: string;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** The key of Prisma's own advisory lock: `prisma migrate deploy` and this wait for each other. */
const LOCK_KEY = 72_707_369;
/** How long another process' migrations are waited for; milliseconds. */
const LOCK_TIMEOUT_MS = 120_000;

/**
 * Brings the service's schema up to date: every migration that is not recorded yet is applied in the order of names, each in a
 * transaction together with its record. Of several processes at once one does the work and the others wait for it. A migration
 * may hold no statement that cannot be part of a transaction. Returns the names of what was applied.
 *
 * Throws RefusedError `unsafe_postgres` (commits are not durable: a crash would take back what was promised),
 * PermanentError `migration_changed` (a file is not what was applied) or `migration_unfinished` (Prisma left one half done),
 * PermanentError `migration_failed` (nothing of it stands; the next start tries again), InternalError `migration_not_atomic`
 * (the file ended the transaction; from then on as `migration_unfinished`), TransientError `migrations_locked`.
 */
export const applyMigrations = async ({ connectionString, schema, directory, log }: ApplyMigrationsOptions): Promise<string[]> => {
  const migrations = await readMigrations(directory);
  const client = new pg.Client({ connectionString });
  // A connection that breaks while idle says so here; the next query fails with the reason.
  client.on('error', (error) => log.warn({ reason: error.message }, 'the connection for migrations broke'));
  await client.connect();
  try {
    await requireDurableCommits(client);
    await lock(client);
    return await bringUpToDate(client, schema, migrations, log);
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
};

const requireDurableCommits = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
  const value = rows[0]?.synchronous_commit;
  if (value !== 'on' && value !== 'remote_apply')
    throw new RefusedError('unsafe_postgres', 'Postgres acknowledges commits that a crash can take back.', {
      field: 'synchronous_commit',
      value,
      allowed: 'on or remote_apply',
    });
};

const lock = async (client: pg.Client): Promise<void> => {
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
  } catch (cause) {
    throw new TransientError('migrations_locked', `Another process has been migrating for more than ${LOCK_TIMEOUT_MS / 1000} s.`, {
      cause,
    });
  }
  await client.query('RESET lock_timeout');
};

const bringUpToDate = async (
  client: pg.Client,
  schema: string,
  migrations: Migration[],
  log: ApplyMigrationsOptions['log'],
): Promise<string[]> => {
  const quoted = client.escapeIdentifier(schema);
  // Who owns nothing but its schema may not make one, not even one that is there.
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [quoted]);
  if (!rows[0]?.there) await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted}`);
  const records = new MigrationRecords(client, quoted);
  await records.ensure();
  const pending = pendingOf(migrations, await records.list(), log);
  for (const migration of pending) {
    await apply(client, quoted, records, migration);
    log.info({ schema, migration: migration.name }, 'migration applied');
  }
  return pending.map(({ name }) => name);
};

const pendingOf = (migrations: Migration[], records: MigrationRecord[], log: ApplyMigrationsOptions['log']): Migration[] => {
  const standing = new Map(records.filter((record) => record.rolled_back_at === null).map((record) => [record.migration_name, record]));
  const unfinished = [...standing.values()].find(({ finished_at }) => finished_at === null);
  if (unfinished)
    throw new PermanentError(
      'migration_unfinished',
      `The migration ${unfinished.migration_name} was begun and not finished. Put the schema right, then: prisma migrate resolve.`,
      { field: unfinished.migration_name },
    );
  for (const { name, checksum } of migrations) {
    const record = standing.get(name);
    if (record && record.checksum !== checksum)
      throw new PermanentError('migration_changed', `The migration ${name} is not the one that was applied: write a new one instead.`, {
        field: name,
        value: checksum,
        allowed: record.checksum,
      });
  }
  const known = new Set(migrations.map(({ name }) => name));
  const newer = [...standing.keys()].filter((name) => !known.has(name));
  if (newer.length > 0) log.warn({ migrations: newer }, 'the schema has migrations that this version does not know');
  return migrations.filter(({ name }) => !standing.has(name));
};

const apply = async (client: pg.Client, quotedSchema: string, records: MigrationRecords, migration: Migration): Promise<void> => {
  const startedAt = new Date();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL search_path TO ${quotedSchema}`);
    await client.query('SELECT set_config($1, $2, true)', [MARK, migration.name]);
    await client.query(migration.sql);
    await requireOwnTransaction(client, migration);
    await records.applied(migration, startedAt);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rolledBack = !(cause instanceof InternalError);
    // Only a note: if it cannot be written, the migration's own failure is what matters.
    await records.failed(migration, startedAt, reason, rolledBack).catch(() => undefined);
    if (!rolledBack) throw cause;
    throw new PermanentError('migration_failed', `The migration ${migration.name} failed, nothing of it was kept: ${reason}`, {
      field: migration.name,
      cause,
    });
  }
};

/** A setting of the transaction: it is gone if the file has ended the transaction by itself. */
const MARK = 'apwa.migration';

const requireOwnTransaction = async (client: pg.Client, { name }: Migration): Promise<void> => {
  const { rows } = await client.query<{ mark: string | null }>('SELECT current_setting($1, true) AS mark', [MARK]);
  if (rows[0]?.mark !== name)
    throw new InternalError('migration_not_atomic', `${name} commits or rolls back by itself: what it did before that stands.`, {
      field: name,
    });
};
