import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';

export interface DeletedTable {
  id: string;
  stageId: string | null;
  stages: string[];
  /** Of its stage. */
  ownerId: string | null;
}

export interface DeletedExport {
  id: string;
  stageId: string | null;
  ownerId: string | null;
}

/** A table that is there and names parts of a stage. */
export interface Sharer {
  id: string;
  stageId: string | null;
  stages: string[];
}

/** What is deleted and not gone yet. Every change can be made twice, and by two managers at once. */
@Injectable()
export class RemovalRepository {
  constructor(private readonly database: Database) {}

  async tables(limit: number, except: string[]): Promise<DeletedTable[]> {
    return this.database.$queryRaw<DeletedTable[]>`
      SELECT t.id, t.stage_id AS "stageId", COALESCE(t.stages, '{}') AS stages, s.owner_id AS "ownerId"
      FROM manager.tables t LEFT JOIN manager.stages s ON s.id = t.stage_id
      WHERE t.deleted_at IS NOT NULL AND t.removed_at IS NULL AND NOT t.id = ANY(${except}) ORDER BY t.deleted_at, t.id LIMIT ${limit}`;
  }

  async exports(limit: number, except: string[]): Promise<DeletedExport[]> {
    return this.database.$queryRaw<DeletedExport[]>`
      SELECT e.id, e.stage_id AS "stageId", s.owner_id AS "ownerId"
      FROM manager.exports e LEFT JOIN manager.stages s ON s.id = e.stage_id
      WHERE e.deleted_at IS NOT NULL AND e.removed_at IS NULL AND NOT e.id = ANY(${except}) ORDER BY e.deleted_at, e.id LIMIT ${limit}`;
  }

  async uploads(limit: number, except: string[]): Promise<string[]> {
    const rows = await this.database.upload.findMany({
      where: { deletedAt: { not: null }, id: { notIn: except } },
      select: { id: true },
      orderBy: { id: 'asc' },
      take: limit,
    });
    return rows.map(({ id }) => id);
  }

  /** Runs of whose tables and exports nothing is left but rows. */
  async runs(limit: number, except: string[]): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT r.id FROM manager.runs r
      WHERE r.deleted_at IS NOT NULL AND NOT r.id = ANY(${except})
        AND NOT EXISTS (SELECT 1 FROM manager.tables t WHERE t.run_id = r.id AND t.removed_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM manager.exports e WHERE e.run_id = r.id AND e.removed_at IS NULL)
      ORDER BY r.id LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }

  /** Things that are deleted and of which something is left to remove. */
  async left(): Promise<number> {
    const [row] = await this.database.$queryRaw<{ left: bigint }[]>`
      SELECT (SELECT count(*) FROM manager.tables WHERE deleted_at IS NOT NULL AND removed_at IS NULL)
        + (SELECT count(*) FROM manager.exports WHERE deleted_at IS NOT NULL AND removed_at IS NULL) AS "left"`;
    return Number(row?.left ?? 0n);
  }

  /** Tables that are there and whose manifests may name parts of these stages. */
  async sharers(stageIds: string[], except: string): Promise<Sharer[]> {
    return this.database.$queryRaw<Sharer[]>`
      SELECT id, stage_id AS "stageId", COALESCE(stages, '{}') AS stages FROM manager.tables
      WHERE deleted_at IS NULL AND id <> ${except} AND (stages && ${stageIds} OR stage_id = ANY(${stageIds}))`;
  }

  /** What the row still tells is what runs show of their steps: no content of the table is left in it. */
  async tableRemoved(id: string): Promise<void> {
    await this.database.dataTable.updateMany({
      where: { id, removedAt: null },
      data: {
        removedAt: new Date(),
        reference: Prisma.DbNull,
        columns: Prisma.DbNull,
        metadata: Prisma.DbNull,
        source: Prisma.DbNull,
        files: [],
        stages: [],
      },
    });
  }

  async exportRemoved(id: string): Promise<void> {
    await this.database.export.updateMany({ where: { id, removedAt: null }, data: { removedAt: new Date(), part: Prisma.DbNull } });
  }

  async removeUpload(id: string): Promise<void> {
    await this.database.upload.deleteMany({ where: { id } });
  }

  /** With the run's row go those of its inputs and of its planner's turns. Its tables' rows go with all that no run names any more. */
  async removeRun(id: string): Promise<void> {
    await this.database.$transaction([this.database.run.deleteMany({ where: { id } }), this.database.owner.deleteMany({ where: { id } })]);
  }

  /** Rows of tables and exports that are removed and that no run's record shows or names. How many they were. */
  async removeRows(limit: number): Promise<number> {
    const tables = await this.database.$queryRaw<{ id: string }[]>`
      SELECT t.id FROM manager.tables t
      WHERE t.removed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM manager.runs r WHERE r.id = t.run_id)
        AND NOT EXISTS (SELECT 1 FROM manager.run_inputs i WHERE i.table_id = t.id)
      ORDER BY t.id LIMIT ${limit}`;
    const exports = await this.database.$queryRaw<{ id: string }[]>`
      SELECT e.id FROM manager.exports e
      WHERE e.removed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM manager.runs r WHERE r.id = e.run_id)
      ORDER BY e.id LIMIT ${limit}`;
    const ids = [...tables, ...exports].map(({ id }) => id);
    if (ids.length === 0) return 0;
    await this.database.$transaction([
      this.database.$executeRaw`
        DELETE FROM manager.stages WHERE id IN (
          SELECT stage_id FROM manager.tables WHERE id = ANY(${ids}) UNION SELECT stage_id FROM manager.exports WHERE id = ANY(${ids}))`,
      this.database.dataTable.deleteMany({ where: { id: { in: ids } } }),
      this.database.export.deleteMany({ where: { id: { in: ids } } }),
      this.database.owner.deleteMany({ where: { id: { in: ids } } }),
    ]);
    return ids.length;
  }
}
