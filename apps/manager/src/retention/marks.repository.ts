import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { type Candidate } from './verdicts.js';

/** Which tables are looked at: those of an age, newest first and a page at a time if wanted, or one. */
export type Scope = { olderThanMs: number; limit?: number; before?: string | undefined } | { id: string };

export interface CandidateRow extends Omit<Candidate, 'busy'> {
  name: string;
  rows: bigint | null;
  bytes: bigint | null;
  createdAt: Date;
}

/** An export that goes, with the bytes of its file. */
export interface GoingExport {
  id: string;
  bytes: bigint;
}

const age = (ms: number): Prisma.Sql => Prisma.sql`clock_timestamp() - ${ms} * interval '1 millisecond'`;

/**
 * Finds out what may go, and writes down that it is deleted. From that moment on it is not there any more for anybody; its data
 * and its rows follow.
 */
@Injectable()
export class MarksRepository {
  /** Tables that are not deleted yet, with what may keep them. */
  async candidates(queries: Queries, scope: Scope): Promise<CandidateRow[]> {
    const before = 'id' in scope || scope.before === undefined ? Prisma.empty : Prisma.sql`AND t.id < ${scope.before}`;
    const which =
      'id' in scope
        ? Prisma.sql`t.id = ${scope.id}`
        : Prisma.sql`COALESCE(t.finished_at, t.created_at) < ${age(scope.olderThanMs)} ${before}`;
    const limit = 'id' in scope || scope.limit === undefined ? Prisma.empty : Prisma.sql`LIMIT ${scope.limit}`;
    return queries.$queryRaw<CandidateRow[]>`
      SELECT t.id, t.name, t.rows, t.bytes, t.created_at AS "createdAt", t.finished_at IS NULL AS unfinished,
        COALESCE(
          (SELECT r.id FROM manager.runs r WHERE r.id = t.run_id AND r.finished_at IS NULL),
          (SELECT r.id FROM manager.run_inputs i JOIN manager.runs r ON r.id = i.run_id
            WHERE i.table_id = t.id AND r.finished_at IS NULL LIMIT 1),
          (SELECT r.id FROM manager.runs r WHERE r.redrive_of = t.run_id AND r.finished_at IS NULL LIMIT 1),
          (SELECT n.run_id FROM manager.tables n
            WHERE n.earlier @> ARRAY[t.id] AND n.deleted_at IS NULL AND n.finished_at IS NULL LIMIT 1)) AS "readBy",
        (SELECT e.id FROM manager.exports e
          WHERE e.table_id = t.id AND e.deleted_at IS NULL AND e.state IN ('waiting', 'writing') LIMIT 1) AS "exportedBy",
        ARRAY(SELECT m.id FROM manager.tables m
          WHERE m.inputs @> ARRAY[t.id] AND m.deleted_at IS NULL AND (m.reference IS NOT NULL OR m.finished_at IS NULL)) AS "madeInto"
      FROM manager.tables t WHERE t.deleted_at IS NULL AND ${which} ORDER BY t.id DESC ${limit}`;
  }

  /**
   * Locks tables until the transaction ends. Those that somebody else holds, who is just writing down that he reads them, are left
   * out: nobody waits for anybody here.
   */
  async lock(queries: Queries, ids: string[]): Promise<string[]> {
    const rows = await queries.$queryRaw<{ id: string }[]>`
      SELECT id FROM manager.tables WHERE id = ANY(${ids}) AND deleted_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED`;
    return rows.map(({ id }) => id);
  }

  async exportsOf(queries: Queries, tableIds: string[]): Promise<GoingExport[]> {
    return queries.$queryRaw<GoingExport[]>`
      SELECT id, COALESCE((part->>'bytes')::bigint, 0) AS bytes FROM manager.exports
      WHERE table_id = ANY(${tableIds}) AND deleted_at IS NULL`;
  }

  /** Exports that were made so long ago, of whatever table. */
  async oldExports(queries: Queries, olderThanMs: number, limit: number): Promise<GoingExport[]> {
    return queries.$queryRaw<GoingExport[]>`
      SELECT e.id, COALESCE((e.part->>'bytes')::bigint, 0) AS bytes FROM manager.exports e
      WHERE e.deleted_at IS NULL AND e.created_at < ${age(olderThanMs)} AND e.state NOT IN ('waiting', 'writing')
        AND NOT EXISTS (SELECT 1 FROM manager.runs r WHERE r.id = e.run_id AND r.finished_at IS NULL)
      ORDER BY e.id LIMIT ${limit}`;
  }

  /** Runs that ended so long ago and have no table left. `gone`: tables that count as deleted. */
  async oldRuns(queries: Queries, olderThanMs: number, gone: string[], limit: number | null): Promise<string[]> {
    const rows = await queries.$queryRaw<{ id: string }[]>`
      SELECT r.id FROM manager.runs r
      WHERE r.deleted_at IS NULL AND r.finished_at < ${age(olderThanMs)}
        AND NOT EXISTS (SELECT 1 FROM manager.tables t WHERE t.run_id = r.id AND t.deleted_at IS NULL AND NOT t.id = ANY(${gone})
          AND (t.reference IS NOT NULL OR t.finished_at IS NULL))
        AND NOT EXISTS (SELECT 1 FROM manager.exports e WHERE e.run_id = r.id AND e.deleted_at IS NULL AND e.state IN ('waiting', 'writing'))
      ORDER BY r.id LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }

  /**
   * Uploads that were last added to so long ago and that no import needs: one that is not finished reads its files, and one that
   * ended lately may be wanted again, with other options.
   */
  async oldUploads(queries: Queries, olderThanMs: number, limit: number): Promise<string[]> {
    const rows = await queries.$queryRaw<{ id: string }[]>`
      SELECT u.id FROM manager.uploads u
      WHERE u.deleted_at IS NULL AND u.touched_at < ${age(olderThanMs)}
        AND u.id NOT IN (SELECT t.source->>'upload' FROM manager.tables t
          WHERE t.source->>'upload' IS NOT NULL AND (t.finished_at IS NULL OR t.finished_at >= ${age(olderThanMs)}))
      ORDER BY u.id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
    return rows.map(({ id }) => id);
  }

  /** Nothing is left to be done for what is deleted: its owner has ended. */
  async markTables(queries: Queries, ids: string[]): Promise<void> {
    await queries.$executeRaw`UPDATE manager.tables SET deleted_at = now() WHERE id = ANY(${ids}) AND deleted_at IS NULL`;
    await this.endOwners(queries, ids);
  }

  async markExports(queries: Queries, ids: string[]): Promise<void> {
    await queries.$executeRaw`UPDATE manager.exports SET deleted_at = now() WHERE id = ANY(${ids}) AND deleted_at IS NULL`;
    await this.endOwners(queries, ids);
  }

  /** With a run go its exports, and those of its tables that never came to be. */
  async markRuns(queries: Queries, ids: string[]): Promise<void> {
    await queries.$executeRaw`UPDATE manager.runs SET deleted_at = now() WHERE id = ANY(${ids}) AND deleted_at IS NULL`;
    await queries.$executeRaw`UPDATE manager.tables SET deleted_at = now() WHERE run_id = ANY(${ids}) AND deleted_at IS NULL`;
    await queries.$executeRaw`UPDATE manager.exports SET deleted_at = now() WHERE run_id = ANY(${ids}) AND deleted_at IS NULL`;
  }

  async markUploads(queries: Queries, ids: string[]): Promise<void> {
    await queries.$executeRaw`UPDATE manager.uploads SET deleted_at = now() WHERE id = ANY(${ids}) AND deleted_at IS NULL`;
  }

  private async endOwners(queries: Queries, ids: string[]): Promise<void> {
    await queries.$executeRaw`
      UPDATE manager.owners SET finished_at = clock_timestamp(), holder = NULL, leased_until = NULL
      WHERE id = ANY(${ids}) AND finished_at IS NULL`;
  }
}
