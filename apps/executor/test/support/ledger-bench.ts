import { createHash } from 'node:crypto';
import { type CommitContent, newId, newLeaseToken, noCounts, type Part, type ShardRange, sizeOf } from '@apwa/contracts';
import { type ChildRange, decide } from '@apwa/ledger-protocol';
import { createService } from '@apwa/messaging';
import { applyMigrations, createLogger } from '@apwa/service';
import pg from 'pg';
import { ExecutorModule } from '../../src/app.module.js';
import { Database, SCHEMA } from '../../src/database/database.js';
import { ClaimsService } from '../../src/ledger/claims.service.js';
import { CommitsService } from '../../src/ledger/commits.service.js';
import { LeasesService } from '../../src/ledger/leases.service.js';
import { LedgerRepository } from '../../src/ledger/ledger.repository.js';
import { LedgerWriter } from '../../src/ledger/ledger-writer.js';
import { partPrefix } from '../../src/ledger/part-keys.js';
import { MembersService } from '../../src/members/members.service.js';
import { RunsService } from '../../src/runs/runs.service.js';
import { type Timing } from '../../src/settings.js';
import { MIGRATIONS } from '../../src/start.js';
import { StagesService } from '../../src/stages/stages.service.js';
import { Leftovers } from '../../src/sweeper/leftovers.js';
import { Suspects } from '../../src/sweeper/suspects.js';
import { World } from './world.js';

/** No lease runs out by itself: time passes when the test says so. */
const LEASE_MS = 3_600_000;
const NEVER = 3_600_000;
/** Slots of a member that does not say it otherwise. */
export const MEMBER_SLOTS = 64;

/** What an attempt is known by. */
export interface Held {
  stageId: string;
  shardId: string;
  token: string;
}

/** The executor's services over real Postgres, NATS and storage, without the sweeper's rounds and without messages in between. */
export class LedgerBench {
  #writes = 0;

  private constructor(
    readonly world: World,
    private readonly app: Awaited<ReturnType<typeof createService>>,
    readonly sql: pg.Client,
    readonly claims = app.get(ClaimsService),
    readonly commits = app.get(CommitsService),
    readonly leases = app.get(LeasesService),
    readonly stages = app.get(StagesService),
    readonly runs = app.get(RunsService),
    readonly members = app.get(MembersService),
    readonly leftovers = app.get(Leftovers),
    readonly suspects = app.get(Suspects),
    private readonly database = app.get(Database),
    private readonly ledger = app.get(LedgerRepository),
    private readonly writer = app.get(LedgerWriter),
  ) {}

  static async start(more: Partial<Timing> = {}): Promise<LedgerBench> {
    const world = await World.start();
    const config = { ...world.config, executor: { ...world.config.executor, leaseMs: LEASE_MS } };
    const connectionString = config.executor.databaseUrl;
    const log = createLogger('executor', 'silent');
    const sql = new pg.Client({ connectionString, options: `-c search_path=${SCHEMA}` });
    await sql.connect();
    await applyMigrations({ connectionString, schema: SCHEMA, directory: MIGRATIONS, log });
    const stop = (reason: Error) => void world.replaced.push(reason);
    // What is due is done by the first round; the rounds that follow are never due.
    const timing = { collectMs: 0, purgeMs: 0, collectAgainMs: NEVER, purgeAgainMs: NEVER, journalCheckMs: NEVER, claimMs: NEVER, ...more };
    const app = await createService(ExecutorModule.forRoot({ config, log, stop, timing }), {
      service: 'executor',
      nats: config.nats,
      logger: false,
    });
    return new LedgerBench(world, app, sql);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.sql.end();
    await this.world.stop();
  }

  /** An empty ledger. */
  async reset(): Promise<void> {
    await this.sql.query('DELETE FROM sweeps; DELETE FROM stages; DELETE FROM runs; DELETE FROM members; DELETE FROM pools');
  }

  async join(id: string, instance: string, total = MEMBER_SLOTS): Promise<void> {
    const slots = { total, free: total };
    const member = { id, pool: 'default', state: 'running' as const, slots, resources: {}, host: id, pid: process.pid };
    await this.members.join(member, instance);
  }

  heartbeat(memberId: string, tokens: readonly string[], state: 'running' | 'stopped' = 'running') {
    const attempts = tokens.map((token) => ({ token, counts: noCounts(), calls: 0, waitsFor: null }));
    return this.members.heartbeat({
      memberId,
      state,
      freeSlots: 0,
      leasedSlots: 64,
      attempts,
      questions: 0,
      residentMb: 1,
      loopDelayMs: 1,
    });
  }

  /** A part of the attempt's own that no other write has named; `stored`: the store has it too. */
  async part({ stageId, shardId, token }: Held, range: ShardRange, stored: boolean): Promise<Part> {
    const key = `${partPrefix(stageId, shardId, token)}${++this.#writes}.parquet`;
    const bytes = Buffer.from(key);
    if (stored) await this.world.storage.write(key, bytes);
    return { key, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), rows: sizeOf(range) };
  }

  commit({ shardId, token }: Pick<Held, 'shardId' | 'token'>, part: Part) {
    return this.commits.commit({ shardId, token, content: contentOf(part), calls: part.rows });
  }

  /** The lease runs out, later ones after it: `order` is counted by the caller. */
  async lapse(token: string, order = 0): Promise<void> {
    await this.sql.query(
      `UPDATE attempts SET leased_until = clock_timestamp() - interval '1 hour' + $2 * interval '1 second' WHERE token = $1`,
      [token, order],
    );
  }

  /** What a second attempt beside a slow one will do: a claim of this very shard. */
  async second(shardId: string, memberId: string): Promise<{ token: string; refused: string | null }> {
    const token = newLeaseToken();
    const effects = await this.#decided(
      shardId,
      { kind: 'claim', token, member: memberId, second: true, alone: false },
      { slots: 1, memberId, second: true },
    );
    const refused = effects.find((effect) => effect.kind === 'claim_refused');
    return { token, refused: refused?.reason ?? null };
  }

  /** A shard lags behind: another member may have it too. */
  async wantCopy(shardId: string): Promise<void> {
    await this.sql.query(`UPDATE shards SET copy_wanted = true WHERE id = $1 AND state = 'open'`, [shardId]);
  }

  async split(shardId: string, ranges: readonly ChildRange[]): Promise<string | null> {
    const effects = await this.#decided(shardId, { kind: 'split', ranges }, {});
    return effects.find((effect) => effect.kind === 'split_refused')?.reason ?? null;
  }

  async #decided(shardId: string, event: Parameters<typeof decide>[1], facts: Parameters<LedgerWriter['write']>[3]) {
    return this.database.transaction(async (queries) => {
      const entry = await this.ledger.lock(queries, shardId);
      if (!entry) throw new Error(`There is no shard ${shardId}.`);
      const { effects } = decide(entry.shard, event);
      await this.writer.write(queries, entry, effects, facts);
      return effects;
    });
  }
}

/** A commit's content: all rows are right, and each was one call. */
const contentOf = (part: Part): CommitContent => ({
  part,
  rejected: null,
  columns: [],
  counts: { ...noCounts(), ok: part.rows, calls: part.rows },
});

export const newMember = (): { id: string; instance: string } => {
  const id = newId('member');
  return { id, instance: `of-${id}` };
};
