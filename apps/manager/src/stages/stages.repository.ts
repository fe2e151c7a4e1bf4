import { type Stage, StageState, type executorOperations } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { Database, type Queries } from '../database/database.js';
import { fromJson, fromJsonOrNull, toJson } from '../database/json.js';
import { Prisma, type Stage as StoredStage } from '../generated/prisma/client.js';
import { type StageFacts, type StageStanding, hasOnlyGoneOn } from '../owners/product.js';

export type Submission = z.output<typeof executorOperations.submitStage.request>;

/** A stage without what was submitted, which can be large: what deciding and displaying runs needs. */
export type StageRow = Omit<StoredStage, 'submission'>;

/** How a stage is read with what it makes. */
export const stageOfProduct = { omit: { submission: true } } as const satisfies Prisma.StageDefaultArgs;

/** A stage as it was written down, with what the executor said of it last. */
export const snapshotOf = (row: Pick<StageRow, 'snapshot'> | null): Stage | null => (row ? fromJsonOrNull<Stage>(row.snapshot) : null);

export const stageFacts = (row: StageRow): StageFacts => {
  const stage = snapshotOf(row);
  return {
    id: row.id,
    submitted: row.submittedAt !== null,
    state: stage?.state ?? null,
    fault: stage?.fault ?? null,
    activeShards: stage?.shards.active ?? 0,
    pausedBy: stage?.state === 'running' ? (stage.pausedBy ?? null) : null,
  };
};

/** Owners of stages of which there is news; `decisive`: something may be to be done for it. */
export interface News {
  changed: Set<string>;
  decisive: Set<string>;
}

export const noNews = (): News => ({ changed: new Set(), decisive: new Set() });

@Injectable()
export class StagesRepository {
  constructor(private readonly database: Database) {}

  async create(queries: Queries, submission: Submission): Promise<void> {
    const { stageId, ownerId, work } = submission;
    await queries.stage.create({ data: { id: stageId, ownerId, kind: work.kind, submission: toJson(submission) } });
  }

  async submission(id: string): Promise<Submission> {
    const { submission } = await this.database.stage.findUniqueOrThrow({ where: { id }, select: { submission: true } });
    return fromJson<Submission>(submission);
  }

  /** Stages of these owners that the executor has acknowledged, with the version that was seen last. `open`: it has not ended. */
  async submitted(ownerIds: string[]): Promise<{ id: string; ownerId: string; version: number; open: boolean }[]> {
    return this.database.$queryRaw`
      SELECT id, owner_id AS "ownerId", version, (snapshot IS NULL OR snapshot->>'state' = ${StageState.enum.running}) AS open
      FROM manager.stages WHERE owner_id = ANY(${ownerIds}) AND submitted_at IS NOT NULL`;
  }

  /** Writes down what the executor said, where it is news. */
  async record(stages: Stage[]): Promise<News> {
    const news = noNews();
    for (const stage of stages) {
      const [before] = await this.write(stage);
      if (!before) continue;
      news.changed.add(stage.ownerId);
      // What a run with a budget may begin depends on the time too.
      if (before.budgeted || !hasOnlyGoneOn(before, { state: stage.state, paused: stage.pausedBy !== undefined }))
        news.decisive.add(stage.ownerId);
    }
    return news;
  }

  /** How it stood before, if this is news; whoever shows its run should look again then. */
  private async write(stage: Stage): Promise<(StageStanding & { budgeted: boolean })[]> {
    const { id, version } = stage;
    return this.database.$queryRaw`
      WITH before AS (
        SELECT id, owner_id, version, snapshot->>'state' AS state, snapshot->'pausedBy' IS NOT NULL AS paused
        FROM manager.stages WHERE id = ${id} FOR NO KEY UPDATE
      ), stage AS (
        UPDATE manager.stages s
        SET version = ${version}, snapshot = ${JSON.stringify(toJson(stage))}::json, submitted_at = COALESCE(submitted_at, clock_timestamp())
        FROM before WHERE s.id = before.id AND before.version < ${version}
      ), run AS (
        UPDATE manager.runs r SET version = r.version + 1
        FROM before WHERE r.id = before.owner_id AND before.version < ${version}
        RETURNING r.budget IS NOT NULL AS budgeted
      )
      SELECT state, COALESCE(paused, false) AS paused, COALESCE((SELECT budgeted FROM run), false) AS budgeted
      FROM before WHERE version < ${version}`;
  }

  /** The executor does not know these stages any more: they are submitted again, or count as stopped where nothing is wanted of them. */
  async forget(stages: { id: string; ownerId: string }[]): Promise<void> {
    await this.database.$transaction([
      this.database.stage.updateMany({
        where: { id: { in: stages.map(({ id }) => id) } },
        data: { submittedAt: null, version: -1, snapshot: Prisma.DbNull },
      }),
      this.database.owner.updateMany({ where: { id: { in: stages.map(({ ownerId }) => ownerId) } }, data: { controlAcked: 0 } }),
    ]);
  }
}
