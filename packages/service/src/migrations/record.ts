import { randomUUID } from 'node:crypto';
import { type ClientBase } from 'pg';
import { type Migration } from './read-migrations.js';

/** A row of Prisma's own table of applied migrations. */
export interface MigrationRecord {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/** Prisma's `_prisma_migrations`, so that `prisma migrate deploy` and `migrate status` agree with what was done here. */
export class MigrationRecords {
  constructor(
    private readonly client: ClientBase,
    /** A quoted identifier. */
    private readonly schema: string,
  ) {}

  async ensure(): Promise<void> {
    await this.client.query(`
      CREATE TABLE IF NOT EXISTS ${this.schema}._prisma_migrations (
        id VARCHAR(36) PRIMARY KEY NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        finished_at TIMESTAMPTZ,
        migration_name VARCHAR(255) NOT NULL,
        logs TEXT,
        rolled_back_at TIMESTAMPTZ,
        started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        applied_steps_count INTEGER NOT NULL DEFAULT 0
      )`);
  }

  async list(): Promise<MigrationRecord[]> {
    const { rows } = await this.client.query<MigrationRecord>(
      `SELECT migration_name, checksum, finished_at, rolled_back_at FROM ${this.schema}._prisma_migrations ORDER BY started_at`,
    );
    return rows;
  }

  /** In the migration's own transaction: the record stands if and only if the migration does. */
  async applied({ name, checksum }: Migration, startedAt: Date): Promise<void> {
    await this.client.query(
      `INSERT INTO ${this.schema}._prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name, startedAt],
    );
  }

  /**
   * Rolled back: nothing of it stands, and it may be applied again. Otherwise the record says, to Prisma as to us, that
   * somebody has to look at the schema first.
   */
  async failed({ name, checksum }: Migration, startedAt: Date, logs: string, rolledBack: boolean): Promise<void> {
    await this.client.query(
      `INSERT INTO ${this.schema}._prisma_migrations (id, checksum, migration_name, started_at, rolled_back_at, logs)
       VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN clock_timestamp() END, $6)`,
      [randomUUID(), checksum, name, startedAt, rolledBack, logs],
    );
  }
}
