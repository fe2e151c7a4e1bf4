import { type PoolConfig } from '@apwa/config';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { type RunBacklog } from './backlog.js';

@Injectable()
export class BacklogsRepository {
  /**
   * What runs that go on want of these pools, the oldest run first. Of each stage no more shards are looked at than would fill its pool, as
   * each wants a slot at least: the cost follows the size of the pools, not that of the work.
   */
  async ofRuns(queries: Queries, pools: readonly Pick<PoolConfig, 'name' | 'slots' | 'max'>[]): Promise<RunBacklog[]> {
    const names = pools.map(({ name }) => name);
    const slots = pools.map((pool) => pool.slots);
    const shards = pools.map((pool) => pool.slots * pool.max);
    return queries.$queryRaw<RunBacklog[]>`
      SELECT r.owner_id AS "ownerId", p.name AS pool, sum(w.slots)::float8 AS wanted, r.max_in_flight AS "limit",
        COALESCE((SELECT sum(a.slots)::int FROM attempts a WHERE a.owner_id = r.owner_id AND a.state = 'active'), 0) AS "inFlight"
      FROM unnest(${names}::text[], ${slots}::int[], ${shards}::int[]) AS p(name, slots, shards)
      JOIN stages s ON s.pool = p.name AND s.state = 'running' AND s.paused_by IS NULL
      JOIN runs r ON r.owner_id = s.owner_id AND r.control = 'active' AND s.id <> ALL (r.held)
      CROSS JOIN LATERAL (
        SELECT sum(LEAST(h.rows, p.slots)) AS slots FROM (
          SELECT "last" - "first" + 1 AS rows FROM shards
          WHERE stage_id = s.id AND state = 'open' AND NOT waits
            AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.shard_id = shards.id AND a.state = 'active')
          LIMIT p.shards) h) w
      WHERE w.slots > 0
      GROUP BY r.owner_id, r.max_in_flight, r.created_at, p.name ORDER BY r.created_at, r.owner_id, p.name`;
  }
}
