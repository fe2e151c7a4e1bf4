import { type LeaseToken, type ShardRange } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { type AttemptRow, entryOf, type LedgerEntry, type ShardRow, type StageRow } from './ledger-entry.js';
import { type Contender } from './scheduling.js';
import { Prisma } from '../generated/prisma/client.js';

const STAGE = Prisma.sql`
  s.id, s.owner_id AS "ownerId", s.pool, s.lane, s.state, s.generation, s.place, s.shards_open AS "shardsOpen", s.counts,
  (SELECT r.control FROM runs r WHERE r.owner_id = s.owner_id) AS control`;
const SHARD = Prisma.sql`
  id, stage_id AS "stageId", generation, place, "first", "last", state, origin_id AS "originId", winner, content, purged, suspicion`;
const ATTEMPT = Prisma.sql`
  token, shard_id AS "shardId", member_id AS "memberId", number, state, leased_until >= clock_timestamp() AS leased, ended, alone`;

/** Who asks for shards, and of which lane. */
export interface Asker {
  readonly memberId: string;
  readonly pool: string;
  readonly lane: string;
}

const UNHELD = Prisma.sql`NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active')`;
/** Shards `h` at which members have crashed, whose rows are there, and that nobody holds. */
const SUSPECT = Prisma.sql`NOT h.waits AND h.suspicion = 'suspect' AND ${UNHELD}`;
/** All others whose rows are there, and that nobody holds, or one other member, where a second attempt is wanted. */
const ORDINARY = ({ memberId }: Asker): Prisma.Sql =>
  Prisma.sql`NOT h.waits AND h.suspicion IN ('none', 'condemned') AND (${UNHELD} OR (h.copy_wanted AND (
    SELECT count(*) = 1 AND bool_and(a.member_id <> ${memberId}) FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active')))`;

/** An owner with shards to give. */
export interface WaitingOwner extends Contender {
  /** Null for no limit. */
  readonly maxInFlight: number | null;
  readonly inFlight: number;
  /** Some are such at which members have crashed. */
  readonly suspect: boolean;
  /** Some are others. */
  readonly ordinary: boolean;
}

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
    const stageId = await this.stageOf(queries, shardId);
    return stageId === null ? null : this.lockIn(queries, stageId, shardId);
  }

  /** The same where the shard's stage is known: that never changes. */
  async lockIn(queries: Queries, stageId: string, shardId: string): Promise<LedgerEntry | null> {
    const stage = await this.lockStage(queries, stageId);
    return stage ? this.lockOf(queries, stage, shardId) : null;
  }

  /** The stage that a shard belongs to; null if the shard is unknown. */
  async stageOf(queries: Queries, shardId: string): Promise<string | null> {
    const [known] = await queries.$queryRaw<{ stageId: string }[]>`SELECT stage_id AS "stageId" FROM shards WHERE id = ${shardId}`;
    return known?.stageId ?? null;
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

  /** The first shard of a pool's oldest stage of an owner that may be given, locked; copies come after what nobody holds. */
  async lockClaimable(queries: Queries, ownerId: string, asker: Asker, suspects: boolean): Promise<LedgerEntry | null> {
    const { pool, lane } = asker;
    const [found] = await queries.$queryRaw<{ shardId: string; stageId: string }[]>`
      SELECT h.id AS "shardId", s.id AS "stageId" FROM stages s JOIN runs r ON r.owner_id = s.owner_id AND s.id <> ALL (r.held) JOIN shards h ON h.stage_id = s.id AND h.state = 'open'
      WHERE s.owner_id = ${ownerId} AND s.pool = ${pool} AND s.lane = ${lane} AND s.state = 'running' AND s.paused_by IS NULL
        AND ${suspects ? SUSPECT : ORDINARY(asker)}
      ORDER BY s.created_at, s.id, h.copy_wanted, h."first" LIMIT 1`;
    return found ? this.lockIn(queries, found.stageId, found.shardId) : null;
  }

  /** Owners that are not paused, have a shard to give, and room below their limit. */
  async waiting(queries: Queries, asker: Asker): Promise<WaitingOwner[]> {
    const { pool, lane } = asker;
    const owners = await queries.$queryRaw<WaitingOwner[]>`
      SELECT r.owner_id AS "ownerId", r.virtual_time AS "virtualTime", r.weight, r.max_in_flight AS "maxInFlight",
        COALESCE((SELECT sum(a.slots)::int FROM attempts a WHERE a.owner_id = r.owner_id AND a.state = 'active'), 0) AS "inFlight",
        o.suspect, o.ordinary
      FROM runs r JOIN (
        SELECT s.owner_id,
          bool_or(EXISTS (SELECT 1 FROM shards h WHERE h.stage_id = s.id AND h.state = 'open' AND ${SUSPECT})) AS suspect,
          bool_or(EXISTS (SELECT 1 FROM shards h WHERE h.stage_id = s.id AND h.state = 'open' AND ${ORDINARY(asker)})) AS ordinary
        FROM stages s JOIN runs c ON c.owner_id = s.owner_id AND s.id <> ALL (c.held)
        WHERE s.state = 'running' AND s.paused_by IS NULL AND s.pool = ${pool} AND s.lane = ${lane} GROUP BY s.owner_id
      ) o ON o.owner_id = r.owner_id
      WHERE r.control = 'active' AND (o.suspect OR o.ordinary)`;
    return owners.filter(({ maxInFlight, inFlight }) => maxInFlight === null || inFlight < maxInFlight);
  }

  /** The member of a pool that holds least: it is the first to be free if it is given nothing. Null while one is at a suspect already. */
  async leastBusy(queries: Queries, pool: string): Promise<string | null> {
    const [least] = await queries.$queryRaw<{ id: string; alone: boolean }[]>`
      SELECT m.id, bool_or(COALESCE(bool_or(a.alone), false)) OVER () AS alone
      FROM members m LEFT JOIN attempts a ON a.member_id = m.id AND a.state = 'active'
      WHERE m.pool = ${pool} AND m.state = 'running' AND m.leaving IS NULL
      GROUP BY m.id ORDER BY COALESCE(sum(a.slots), 0), m.id LIMIT 1`;
    return least && !least.alone ? least.id : null;
  }

  /** Rows of a stage that is locked have been committed: shards that have waited for the last of theirs can be given. Their pools. */
  async follow(queries: Queries, stageId: string, { first, last }: ShardRange): Promise<string[]> {
    const rows = await queries.$queryRaw<{ pool: string }[]>`
      UPDATE shards h SET waits = false FROM stages s
      WHERE s.follows = ${stageId} AND s.state = 'running' AND h.stage_id = s.id AND h.waits AND h."first" <= ${last} AND h."last" >= ${first}
        AND NOT EXISTS (
          SELECT 1 FROM shards u WHERE u.stage_id = ${stageId} AND u.state = 'open' AND u."first" <= h."last" AND u."last" >= h."first")
      RETURNING s.pool`;
    return [...new Set(rows.map(({ pool }) => pool))];
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

  /**
   * Attempts whose lease has run out, the oldest first. `crashed`: the holder's process is gone, for one that joined later has its number
   * on its host. So it is with a container that is started again: nobody of ours sees its process die.
   */
  async expired(queries: Queries, limit: number): Promise<{ token: string; shardId: string; crashed: boolean }[]> {
    return queries.$queryRaw`
      SELECT a.token, a.shard_id AS "shardId", EXISTS (
        SELECT 1 FROM members m JOIN members n ON n.host = m.host AND n.pid = m.pid AND n.joined_at > m.joined_at WHERE m.id = a.member_id
      ) AS crashed
      FROM attempts a WHERE a.state = 'active' AND a.leased_until < clock_timestamp() ORDER BY a.leased_until LIMIT ${limit}`;
  }

  /** Shards that came of the same one by splits and are still open, this one not counted. */
  async openRelatives(queries: Queries, { originId, id }: Pick<ShardRow, 'originId' | 'id'>): Promise<number> {
    return queries.shard.count({ where: { originId, state: 'open', id: { not: id } } });
  }
}
