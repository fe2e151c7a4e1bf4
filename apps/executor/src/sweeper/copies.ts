import { Inject, Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { NoticesService } from '../notices/notices.service.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { type OpenShard, type StageTail, stragglersOf } from '../stages/stragglers.js';

/** Slots that an attempt `a` at a shard of a run `r` may use: where the run has no limit, all that its member `m` has. */
const MAY_USE = Prisma.sql`(CASE WHEN r.max_in_flight IS NULL AND NOT a.alone THEN GREATEST(a.slots, m.slots_total) ELSE a.slots END)`;

/** Since when an attempt `a` of a stage `s` could get on: what holds up the whole stage makes none of its shards late. */
const UNHINDERED_SINCE = Prisma.sql`GREATEST(a.claimed_at, s.waited_at)`;

interface Lagging {
  stageId: string;
  pool: string;
}

/** Finds the shards that keep a stage of rows from its end, and offers them to a second member each. */
@Injectable()
export class Copies {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerRepository,
    private readonly notices: NoticesService,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async look(): Promise<void> {
    for (const { stageId, pool } of await this.database.read((queries) => this.#lagging(queries))) {
      const tail = await this.database.read((queries) => this.#tailOf(queries, stageId));
      const wanted = stragglersOf(tail, this.times.copyAfterMs);
      if (wanted.length === 0) continue;
      await this.database.transaction(async (queries) => {
        // As everywhere the stage is locked before its shards.
        await this.ledger.lockStage(queries, stageId);
        await queries.$executeRaw`UPDATE shards SET copy_wanted = true WHERE id = ANY(${wanted}) AND state = 'open'`;
      });
      this.log.info({ stageId, pool, shards: wanted, paceMs: Math.round(tail.paceMs) }, 'shards lag behind: others may run them too');
      this.notices.work(pool);
    }
  }

  /**
   * Stages of rows that wait for nothing and all of whose open shards somebody holds, one of them for some time. Not those that may make
   * calls which must never be made twice.
   */
  async #lagging(queries: Queries): Promise<Lagging[]> {
    return queries.$queryRaw`
      SELECT s.id AS "stageId", s.pool FROM stages s JOIN runs r ON r.owner_id = s.owner_id
      WHERE s.state = 'running' AND s.kind = 'map' AND r.control = 'active' AND s.waiting_for IS NULL
        AND EXISTS (SELECT 1 FROM attempts a WHERE a.stage_id = s.id AND a.state = 'active'
          AND ${UNHINDERED_SINCE} < clock_timestamp() - ${this.times.copyAfterMs} * interval '1 millisecond')
        AND NOT EXISTS (SELECT 1 FROM shards h WHERE h.stage_id = s.id AND h.state = 'open'
          AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = h.id AND a.state = 'active'))
        AND NOT s.work::jsonb @? '$.capabilities[*] ? (@.effects == "unsafe")'`;
  }

  async #tailOf(queries: Queries, stageId: string): Promise<StageTail> {
    const [done] = await queries.$queryRaw<Omit<StageTail, 'open'>[]>`
      SELECT count(*) FILTER (WHERE number = 1)::int AS committed,
        COALESCE(percentile_disc(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.claimed_at)
          / ceil((h."last" - h."first" + 1)::float / ${MAY_USE})) FILTER (WHERE number = 1), 0)::float * 1000 AS "paceMs",
        (SELECT count(*)::int FROM shards x WHERE x.stage_id = ${stageId} AND x.state <> 'retired') AS shards,
        (SELECT count(*)::int FROM attempts x WHERE x.stage_id = ${stageId} AND x.second) AS copies
      FROM attempts a JOIN shards h ON h.id = a.shard_id JOIN runs r ON r.owner_id = a.owner_id LEFT JOIN members m ON m.id = a.member_id
      WHERE a.stage_id = ${stageId} AND a.state = 'won'`;
    const open = await queries.$queryRaw<(Omit<OpenShard, 'range'> & { first: number; last: number })[]>`
      SELECT h.id AS "shardId", h."first", h."last", h.suspicion <> 'none' AS suspect, h.copy_wanted AS wanted,
        count(a.token)::int AS attempts, COALESCE(min(${MAY_USE}), 1) AS slots,
        COALESCE(extract(epoch FROM clock_timestamp() - min(${UNHINDERED_SINCE})), 0)::float * 1000 AS "ageMs"
      FROM shards h JOIN stages s ON s.id = h.stage_id LEFT JOIN attempts a ON a.shard_id = h.id AND a.state = 'active'
        LEFT JOIN runs r ON r.owner_id = a.owner_id LEFT JOIN members m ON m.id = a.member_id
      WHERE h.stage_id = ${stageId} AND h.state = 'open' GROUP BY h.id`;
    return {
      ...(done ?? { committed: 0, paceMs: 0, shards: 0, copies: 0 }),
      open: open.map(({ first, last, ...shard }) => ({ ...shard, range: { first, last } })),
    };
  }
}
