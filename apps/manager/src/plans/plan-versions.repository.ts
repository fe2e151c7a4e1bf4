import { type Plan, type PlanAuthor, type PlanVersion, type PlanVersionEntry, type Quote } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Database, type Queries } from '../database/database.js';
import { fromJson, fromJsonOrNull, toJson } from '../database/json.js';
import { type PlanVersion as VersionRow, Prisma } from '../generated/prisma/client.js';
import { GOES_ON } from '../runs/goes-on.js';

/** Where a version of a plan comes from. */
export interface Origin {
  by: PlanAuthor;
  reason: string;
}

/** Of the document as it stands: the order of keys counts, for models fill properties in it. */
export const hashOfPlan = (plan: Plan): string => createHash('sha256').update(JSON.stringify(plan)).digest('hex');

const entryOf = ({ version, by, reason, hash, createdAt }: Omit<VersionRow, 'document' | 'quote'>): PlanVersionEntry => ({
  version,
  by: by as PlanAuthor,
  reason,
  hash,
  createdAt: createdAt.toISOString(),
});

/** The versions of runs' plans. The newest one stands in the run too: it is what is carried out. */
@Injectable()
export class PlanVersionsRepository {
  constructor(private readonly database: Database) {}

  /** Oldest first. */
  async list(runId: string): Promise<PlanVersionEntry[]> {
    const rows = await this.database.planVersion.findMany({
      where: { runId },
      orderBy: { version: 'asc' },
      omit: { document: true, quote: true },
    });
    return rows.map(entryOf);
  }

  async find(runId: string, version: number): Promise<PlanVersion | null> {
    const row = await this.database.planVersion.findUnique({ where: { runId_version: { runId, version } } });
    return row && { ...entryOf(row), plan: fromJson<Plan>(row.document), quote: fromJsonOrNull<Quote>(row.quote) };
  }

  async add(queries: Queries, runId: string, version: number, plan: Plan, { by, reason }: Origin): Promise<void> {
    await queries.planVersion.create({ data: { runId, version, by, reason, document: toJson(plan), hash: hashOfPlan(plan) } });
  }

  /** The first plan of a run that is planning. */
  async adopt(queries: Queries, id: string, plan: Plan, origin: Origin): Promise<void> {
    const { count } = await queries.run.updateMany({
      where: { id, state: 'planning', plan: { equals: Prisma.DbNull } },
      data: { plan: toJson(plan), planVersion: 1, version: { increment: 1 } },
    });
    if (count === 1) await this.add(queries, id, 1, plan, origin);
  }

  /** What a version is to cost. */
  async quote(runId: string, version: number, quote: Quote): Promise<void> {
    await this.database.$transaction(async (queries) => {
      const { count } = await queries.planVersion.updateMany({
        where: { runId, version, quote: { equals: Prisma.DbNull } },
        data: { quote: toJson(quote) },
      });
      if (count === 1) await queries.run.updateMany({ where: { id: runId }, data: { version: { increment: 1 } } });
    });
  }

  /**
   * Another plan in the place of version `from`; `kept`: steps whose samples stand for it too, where it is to be quoted; `also` is done with it. False if the run does not
   * wait for approval, or has another version by now.
   */
  async replace(
    { id, from, plan, origin, kept }: { id: string; from: number; plan: Plan; origin: Origin; kept: string[] | null },
    also?: (queries: Queries) => Promise<void>,
  ): Promise<boolean> {
    return this.database.$transaction(async (queries) => {
      const { count } = await queries.run.updateMany({
        where: { id, state: 'awaiting_approval', approvedAt: null, planVersion: from, ...GOES_ON },
        data: { plan: toJson(plan), planVersion: from + 1, version: { increment: 1 }, ...(kept ? { state: 'quoting' } : {}) },
      });
      if (count === 1) await this.add(queries, id, from + 1, plan, origin);
      if (count === 1) await also?.(queries);
      if (count === 1 && kept)
        await queries.dataTable.updateMany({
          where: { runId: id, sampleOf: { in: kept }, sampleVersion: from },
          data: { sampleVersion: from + 1 },
        });
      return count === 1;
    });
  }

  /** Goes on with this version. False if the run does not wait for that, or has another version by now. */
  async approve(id: string, version: number): Promise<boolean> {
    const { count } = await this.database.run.updateMany({
      where: { id, state: 'awaiting_approval', approvedAt: null, planVersion: version, ...GOES_ON },
      data: { approvedAt: new Date(), version: { increment: 1 } },
    });
    return count === 1;
  }
}
