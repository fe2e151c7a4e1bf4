import {
  addCounts,
  capabilityIdOf,
  type CommitContent,
  type CommittedShard,
  type ErrorPayload,
  type Lane,
  newId,
  noCopies,
  noCounts,
  type PausedBy,
  type RunControl,
  type ShardRange,
  type Stage,
  type StageCopies,
  type StageCounts,
  type StageState,
  type StageWork,
  hashOfJson,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { BudgetsRepository } from '../budgets/budgets.repository.js';
import { type Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { type StageChange } from '../ledger/ledger-writer.js';
import { ProgressService } from './progress.service.js';

export interface NewStage {
  id: string;
  ownerId: string;
  pool: string;
  lane: Lane;
  work: StageWork;
  workHash: string;
  state: StageState;
  ranges: readonly ShardRange[];
  subtasks: number;
  /** The stage whose rows it takes as they are committed: locked. */
  follows: string | null;
}

interface StageRecord {
  id: string;
  ownerId: string;
  state: StageState;
  version: bigint;
  subtasks: number;
  shardsOpen: number;
  shardsCommitted: number;
  counts: string;
  fault: string | null;
  waitingFor: string | null;
  pausedBy: string | null;
}

const select = {
  id: true,
  ownerId: true,
  state: true,
  version: true,
  subtasks: true,
  shardsOpen: true,
  shardsCommitted: true,
  counts: true,
  fault: true,
  waitingFor: true,
  pausedBy: true,
} as const;

type ChangeRow = Omit<StageChange, 'version'> & { version: bigint };
const changesOf = (rows: ChangeRow[]): StageChange[] => rows.map((row) => ({ ...row, version: Number(row.version) }));

/** A running stage as the watch over waiting sees it. */
export interface IdleStage {
  id: string;
  pool: string;
  control: RunControl['state'];
  waitingFor: string | null;
  /** Of a map: the name of its model. */
  model: string | null;
  /** Of a map that calls a function: its hash. */
  capability: string | null;
  pausedBy: string | null;
  /** Its run's control says that nothing of it begins. */
  held: boolean;
  /** Somebody holds a shard of it. */
  active: boolean;
  /** It has done all that there is so far of the stage that it follows. */
  waitsForRows: boolean;
}

/** Bytes of JSON of a page of committed shards: a reply must fit a NATS message with room to spare. */
const PAGE_BYTES = 512 * 1024;

@Injectable()
export class StagesRepository {
  constructor(
    private readonly progress: ProgressService,
    private readonly budgets: BudgetsRepository,
  ) {}

  /** The hash of the work of a stage that is there. */
  async hashOfJson(queries: Queries, id: string): Promise<string | null> {
    return (await queries.stage.findUnique({ where: { id }, select: { workHash: true } }))?.workHash ?? null;
  }

  async insert(queries: Queries, { id, ownerId, pool, lane, work, workHash, state, ranges, subtasks, follows }: NewStage): Promise<void> {
    await queries.$executeRaw`
      INSERT INTO stages (id, owner_id, pool, lane, kind, model, capability, work, work_hash, state, version, place, subtasks, shards_open, counts, follows, created_at, ended_at)
      VALUES (${id}, ${ownerId}, ${pool}, ${lane}, ${work.kind}, ${work.kind === 'map' ? work.model : null},
        ${functionOf(work)}, ${JSON.stringify(work)}, ${workHash}, ${state}, nextval('stage_versions'),
        nextval('stage_places'), ${subtasks}, ${ranges.length}, ${JSON.stringify(noCounts())}, ${follows}, clock_timestamp(),
        CASE WHEN ${state} <> 'running' THEN clock_timestamp() END)`;
    const ids = ranges.map(() => newId('shard'));
    const firsts = ranges.map(({ first }) => first);
    const lasts = ranges.map(({ last }) => last);
    await queries.$executeRaw`
      INSERT INTO shards (id, stage_id, generation, place, "first", "last", state, origin_id, waits)
      SELECT n.id, s.id, s.generation, s.place, n."first", n."last", 'open', n.id, EXISTS (
        SELECT 1 FROM shards u WHERE u.stage_id = s.follows AND u.state = 'open' AND u."first" <= n."last" AND u."last" >= n."first")
      FROM stages s, unnest(${ids}::text[], ${firsts}::int[], ${lasts}::int[]) AS n(id, "first", "last") WHERE s.id = ${id}`;
  }

  /** The pieces that a stage's rows are in at present. */
  async ranges(queries: Queries, stageId: string): Promise<ShardRange[]> {
    return queries.$queryRaw`SELECT "first", "last" FROM shards WHERE stage_id = ${stageId} AND state IN ('open', 'committed') ORDER BY "first"`;
  }

  async find(queries: Queries, id: string): Promise<Stage | null> {
    const row = await queries.stage.findUnique({ where: { id }, select });
    return row ? ((await this.#views(queries, [row as StageRecord]))[0] ?? null) : null;
  }

  /** Stages of these owners with a version above the one that was seen. */
  async changed(queries: Queries, owners: string[], seen: Record<string, number>): Promise<Stage[]> {
    const rows = await queries.stage.findMany({ where: { ownerId: { in: owners } }, select, orderBy: { id: 'asc' } });
    return this.#views(
      queries,
      (rows as StageRecord[]).filter(({ id, version }) => Number(version) > (seen[id] ?? -1)),
    );
  }

  async workOf(queries: Queries, id: string): Promise<StageWork | null> {
    const row = await queries.stage.findUnique({ where: { id }, select: { work: true } });
    return row && (JSON.parse(row.work) as StageWork);
  }

  async committedShards(
    queries: Queries,
    stageId: string,
    { after, limit, within }: { after: number; limit: number; within?: ShardRange | undefined },
  ): Promise<{ shards: CommittedShard[]; more: boolean }> {
    const rows = await queries.shard.findMany({
      where: {
        stageId,
        state: 'committed',
        first: { gt: after, ...(within ? { lte: within.last } : {}) },
        ...(within ? { last: { gte: within.first } } : {}),
      },
      select: { id: true, first: true, last: true, content: true },
      orderBy: { first: 'asc' },
      take: limit + 1,
    });
    const shards: CommittedShard[] = [];
    for (let bytes = 0; shards.length < Math.min(rows.length, limit);) {
      const { id, first, last, content } = rows[shards.length] as (typeof rows)[number];
      bytes += content?.length ?? 0;
      if (bytes > PAGE_BYTES && shards.length > 0) break;
      shards.push({ shardId: id, range: { first, last }, content: JSON.parse(content ?? 'null') as CommitContent });
    }
    return { shards, more: shards.length < rows.length };
  }

  /** The running stages that these attempts are at. */
  async stagesOf(queries: Queries, tokens: readonly string[]): Promise<string[]> {
    const rows = await queries.attempt.findMany({
      where: { token: { in: [...tokens] }, state: 'active' },
      select: { stageId: true },
      distinct: ['stageId'],
    });
    return rows.map(({ stageId }) => stageId);
  }

  /** The stages that these attempts are at, as long as they are active. */
  async stagesByAttempt(queries: Queries, tokens: readonly string[]): Promise<{ stageId: string; token: string }[]> {
    return queries.attempt.findMany({ where: { token: { in: [...tokens] }, state: 'active' }, select: { stageId: true, token: true } });
  }

  /** Raises the version of running stages, these or all of an owner, so that who asks sees what has become of them. */
  async touch(queries: Queries, which: { ids: readonly string[] } | { ownerId: string }): Promise<StageChange[]> {
    const these = 'ids' in which ? Prisma.sql`id = ANY(${which.ids})` : Prisma.sql`owner_id = ${which.ownerId}`;
    return changesOf(
      await queries.$queryRaw<ChangeRow[]>`
        UPDATE stages SET version = nextval('stage_versions') WHERE state = 'running' AND ${these}
        RETURNING id AS "stageId", owner_id AS "ownerId", pool, version, state`,
    );
  }

  /** Running stages with shards to do, and whether anybody works on them. */
  async idle(queries: Queries): Promise<IdleStage[]> {
    return queries.$queryRaw`
      SELECT s.id, s.pool, r.control, s.waiting_for AS "waitingFor", s.model, s.capability, s.paused_by AS "pausedBy", s.id = ANY (r.held) AS held,
        EXISTS (SELECT 1 FROM attempts a WHERE a.stage_id = s.id AND a.state = 'active') AS active,
        s.follows IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM shards h WHERE h.stage_id = s.id AND h.state = 'open' AND NOT h.waits) AS "waitsForRows"
      FROM stages s JOIN runs r ON r.owner_id = s.owner_id WHERE s.state = 'running'`;
  }

  async setWaitingFor(queries: Queries, stageId: string, waitingFor: string | null): Promise<StageChange[]> {
    return changesOf(
      await queries.$queryRaw<ChangeRow[]>`
        UPDATE stages SET waiting_for = ${waitingFor}, waited_at = clock_timestamp(), version = nextval('stage_versions')
        WHERE id = ${stageId} AND state = 'running'
        RETURNING id AS "stageId", owner_id AS "ownerId", pool, version, state`,
    );
  }

  /** Maps of these owners over a model stand still from now on; those that changed come back. */
  async pause(
    queries: Queries,
    model: string,
    owners: readonly string[],
    { kind, message }: Omit<PausedBy, 'controlVersion'>,
  ): Promise<StageChange[]> {
    return changesOf(
      await queries.$queryRaw<ChangeRow[]>`
        UPDATE stages s SET version = nextval('stage_versions'), paused_by = json_build_object(
          'kind', ${kind}::text, 'message', ${message}::text, 'controlVersion', r.control_version)::text
        FROM runs r
        WHERE r.owner_id = s.owner_id AND s.owner_id = ANY(${owners}) AND s.model = ${model} AND s.state = 'running' AND s.paused_by IS NULL
        RETURNING s.id AS "stageId", s.owner_id AS "ownerId", s.pool, s.version, s.state`,
    );
  }

  /** Maps of an owner that call a model stand still from now on; those that changed come back. */
  async pauseForBudget(queries: Queries, ownerId: string, message: string): Promise<StageChange[]> {
    return changesOf(
      await queries.$queryRaw<ChangeRow[]>`
        UPDATE stages s SET version = nextval('stage_versions'), paused_by = json_build_object(
          'kind', 'budget', 'message', ${message}::text, 'controlVersion', r.control_version)::text
        FROM runs r
        WHERE r.owner_id = s.owner_id AND s.owner_id = ${ownerId} AND s.model IS NOT NULL AND s.state = 'running' AND s.paused_by IS NULL
        RETURNING s.id AS "stageId", s.owner_id AS "ownerId", s.pool, s.version, s.state`,
    );
  }

  /** What had paused an owner's stages does so no more; the models that they are about come back beside them. */
  async unpause(queries: Queries, ownerId: string): Promise<{ changes: StageChange[]; models: string[] }> {
    const rows = await queries.$queryRaw<(ChangeRow & { model: string })[]>`
      UPDATE stages SET paused_by = NULL, waiting_for = NULL, waited_at = clock_timestamp(), version = nextval('stage_versions')
      WHERE owner_id = ${ownerId} AND state = 'running' AND paused_by IS NOT NULL
      RETURNING id AS "stageId", owner_id AS "ownerId", pool, version, state, model`;
    return { changes: changesOf(rows.map(({ model: _, ...row }) => row)), models: [...new Set(rows.map(({ model }) => model))] };
  }

  /** The models that an owner's running maps call. */
  async modelsOf(queries: Queries, ownerId: string): Promise<string[]> {
    const where = { ownerId, state: 'running', model: { not: null } };
    const rows = await queries.stage.findMany({ where, select: { model: true }, distinct: ['model'] });
    return rows.flatMap(({ model }) => model ?? []);
  }

  /** Paused stages among those that a member has attempts at. */
  async pausedOf(queries: Queries, memberId: string): Promise<string[]> {
    const rows = await queries.$queryRaw<{ stageId: string }[]>`
      SELECT DISTINCT s.id AS "stageId" FROM attempts a JOIN stages s ON s.id = a.stage_id JOIN runs r ON r.owner_id = s.owner_id
      WHERE a.member_id = ${memberId} AND a.state = 'active' AND (s.paused_by IS NOT NULL OR s.id = ANY (r.held))`;
    return rows.map(({ stageId }) => stageId);
  }

  async #copies(queries: Queries, stageIds: string[]): Promise<Map<string, StageCopies>> {
    const rows = await queries.$queryRaw<(StageCopies & { stageId: string })[]>`
      SELECT stage_id AS "stageId", count(*)::int AS attempts, sum(calls)::int AS calls FROM attempts
      WHERE second AND stage_id = ANY(${stageIds}) GROUP BY stage_id`;
    return new Map(rows.map(({ stageId, ...copies }) => [stageId, copies]));
  }

  async #views(queries: Queries, rows: StageRecord[]): Promise<Stage[]> {
    const running = rows.filter(({ state }) => state === 'running').map(({ id }) => id);
    const attempts =
      running.length === 0
        ? []
        : await queries.attempt.findMany({
            where: { stageId: { in: running }, state: 'active' },
            select: { token: true, memberId: true, stageId: true, shardId: true },
          });
    const left =
      running.length === 0
        ? []
        : await queries.shard.findMany({
            where: { stageId: { in: running }, state: 'open', journaled: { not: null } },
            select: { id: true, stageId: true, journaled: true },
          });
    const spending = await this.budgets.spendingOf(queries, [...new Set(rows.map(({ ownerId }) => ownerId))]);
    const copies = await this.#copies(
      queries,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => {
      const own = attempts.filter(({ stageId }) => stageId === row.id);
      const journaled = left
        .filter(({ stageId }) => stageId === row.id)
        .map((shard) => ({ shardId: shard.id, journaled: JSON.parse(shard.journaled ?? '') as StageCounts }));
      const counts = JSON.parse(row.counts) as StageCounts;
      return {
        id: row.id,
        ownerId: row.ownerId,
        state: row.state,
        version: Number(row.version),
        subtasks: row.subtasks,
        shards: { open: row.shardsOpen, active: new Set(own.map(({ shardId }) => shardId)).size, committed: row.shardsCommitted },
        counts,
        progress: addCounts(counts, this.progress.of(own, journaled)),
        copies: copies.get(row.id) ?? noCopies(),
        fault: row.fault === null ? null : (JSON.parse(row.fault) as ErrorPayload),
        waitingFor: row.waitingFor,
        ...(spending.has(row.ownerId) ? { spending: spending.get(row.ownerId) } : {}),
        ...(row.pausedBy === null ? {} : { pausedBy: JSON.parse(row.pausedBy) as PausedBy }),
      };
    });
  }
}

/** The function that a stage calls for each row, by its hash: what its rows may have to wait for. */
const functionOf = (work: StageWork): string | null => {
  if (work.kind !== 'map' || work.template.mode !== 'capability') return null;
  const { capability: id } = work.template;
  const called = work.capabilities?.find((one) => one.kind === 'python' && capabilityIdOf(one) === id);
  return called ? hashOfJson(called) : null;
};
