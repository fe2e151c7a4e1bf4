import { type LeaseToken } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { type AttemptRow, entryOf, type LedgerEntry, type ShardRow, type StageRow } from './ledger-entry.js';
import { Prisma } from '../generated/prisma/client.js';

const STAGE = Prisma.sql`
  s.id, s.owner_id AS "ownerId", s.pool, s.lane, s.state, s.generation, s.place, s.shards_open AS "shardsOpen", s.counts,
  (SELECT r.control FROM runs r WHERE r.owner_id = s.owner_id) AS control`;
const SHARD = Prisma.sql`
  id, stage_id AS "stageId", generation, place, "first", "last", state, origin_id AS "originId", winner, content, purged`;
const ATTEMPT = Prisma.sql`
  token, shard_id AS "shardId", member_id AS "memberId", number, state, leased_until >= clock_timestamp() AS leased, ended`;

/**
 * Shards for `decide`, locked until the transaction ends. The order of locks is the same everywhere, so that nobody waits in a
 * circle: pool, run, stage, shard, attempts.
 */
@Injectable()
export class LedgerRepository {
  async lockStage(queries: Queries, stageId: string): Promise<StageRow | null> {
    const [stage] = await queries.$queryRaw<StageRow[]>`SELECT ${STAGE} FROM stages s WHERE s.id = ${stageId} FOR UPDATE OF s`;
    return stage ?? null;
  }

  /** The shard with its stage and attempts; null if it is unknown. */
  async lock(queries: Queries, shardId: string): Promise<LedgerEntry | null> {
    const [known] = await queries.$queryRaw<{ stageId: string }[]>`SELECT stage_id AS "stageId" FROM shards WHERE id = ${shardId}`;
    const stage = known && (await this.lockStage(queries, known.stageId));
    return stage ? this.lockOf(queries, stage, shardId) : null;
  }

  /** A shard of a stage that is locked already. */
  async lockOf(queries: Queries, stage: StageRow, shardId: string): Promise<LedgerEntry | null> {
    const [row] = await queries.$queryRaw<ShardRow[]>`SELECT ${SHARD} FROM shards WHERE id = ${shardId} FOR UPDATE`;
    if (!row) return null;
    const attempts = await queries.$queryRaw<AttemptRow[]>`
      SELECT ${ATTEMPT} FROM attempts WHERE shard_id = ${shardId} ORDER BY number FOR UPDATE`;
    return entryOf(stage, row, attempts);
  }

  /** The shard as it is now, for decisions about what can no longer change. */
  async read(queries: Queries, shardId: string): Promise<LedgerEntry | null> {
    const [row] = await queries.$queryRaw<ShardRow[]>`SELECT ${SHARD} FROM shards WHERE id = ${shardId}`;
    if (!row) return null;
    const [stage] = await queries.$queryRaw<StageRow[]>`SELECT ${STAGE} FROM stages s WHERE s.id = ${row.stageId}`;
    const attempts = await queries.$queryRaw<AttemptRow[]>`SELECT ${ATTEMPT} FROM attempts WHERE shard_id = ${shardId} ORDER BY number`;
    return stage ? entryOf(stage, row, attempts) : null;
  }

  /**
   * The shards of which a member names these attempts, each with those attempts alone: a renewal asks for no other. Only the
   * attempts are locked, so heartbeats wait for nobody's commit but their own, and in the order in which the end of stages locks them.
   */
  async lockHeld(queries: Queries, memberId: string, tokens: readonly LeaseToken[]): Promise<LedgerEntry[]> {
    const attempts = await queries.$queryRaw<AttemptRow[]>`
      SELECT ${ATTEMPT} FROM attempts WHERE token = ANY(${tokens}) AND member_id = ${memberId}
      ORDER BY stage_id, shard_id, number FOR UPDATE`;
    if (attempts.length === 0) return [];
    const shardIds = [...new Set(attempts.map(({ shardId }) => shardId))];
    const shards = await queries.$queryRaw<ShardRow[]>`SELECT ${SHARD} FROM shards WHERE id = ANY(${shardIds})`;
    const stageIds = [...new Set(shards.map(({ stageId }) => stageId))];
    const stages = await queries.$queryRaw<StageRow[]>`SELECT ${STAGE} FROM stages s WHERE s.id = ANY(${stageIds})`;
    return shards.flatMap((row) => {
      const stage = stages.find(({ id }) => id === row.stageId);
      return stage
        ? [
            entryOf(
              stage,
              row,
              attempts.filter(({ shardId }) => shardId === row.id),
            ),
          ]
        : [];
    });
  }

  /** The first shard of a pool's oldest stage of an owner that nobody holds. */
  async claimable(queries: Queries, { ownerId, pool, lane }: { ownerId: string; pool: string; lane: string }): Promise<string | null> {
    const [found] = await queries.$queryRaw<{ shardId: string }[]>`
      SELECT h.id AS "shardId" FROM stages s JOIN shards h ON h.stage_id = s.id AND h.state = 'open'
      WHERE s.owner_id = ${ownerId} AND s.pool = ${pool} AND s.lane = ${lane} AND s.state = 'running' AND s.paused_by IS NULL
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active')
      ORDER BY s.created_at, s.id, h."first" LIMIT 1`;
    return found?.shardId ?? null;
  }

  /** Shards of a stage that somebody holds. */
  async heldShards(queries: Queries, stageId: string): Promise<string[]> {
    const rows = await queries.$queryRaw<{ shardId: string }[]>`
      SELECT DISTINCT shard_id AS "shardId" FROM attempts WHERE stage_id = ${stageId} AND state = 'active' ORDER BY shard_id`;
    return rows.map(({ shardId }) => shardId);
  }

  /** Shards of which a member holds an attempt. */
  async shardsHeldBy(queries: Queries, memberId: string): Promise<string[]> {
    const rows = await queries.$queryRaw<{ shardId: string }[]>`
      SELECT DISTINCT shard_id AS "shardId" FROM attempts WHERE member_id = ${memberId} AND state = 'active' ORDER BY shard_id`;
    return rows.map(({ shardId }) => shardId);
  }

  /** Attempts whose lease has run out, the oldest first. */
  async expired(queries: Queries, limit: number): Promise<{ token: string; shardId: string }[]> {
    return queries.$queryRaw`
      SELECT token, shard_id AS "shardId" FROM attempts WHERE state = 'active' AND leased_until < clock_timestamp()
      ORDER BY leased_until LIMIT ${limit}`;
  }

  /** Shards that came of the same one by splits and are still open, this one not counted. */
  async openRelatives(queries: Queries, { originId, id }: Pick<ShardRow, 'originId' | 'id'>): Promise<number> {
    return queries.shard.count({ where: { originId, state: 'open', id: { not: id } } });
  }
}
