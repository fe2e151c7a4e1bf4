import { addCounts, type CommitContent, InternalError, newId, type StageState } from '@apwa/contracts';
import { type LedgerEffect } from '@apwa/ledger-protocol';
import { Inject, Injectable } from '@nestjs/common';
import { type Config } from '@apwa/config';
import { expectRows, type Queries } from '../database/database.js';
import { CONFIG, TIMES, type Timing } from '../settings.js';
import { Prisma } from '../generated/prisma/client.js';
import { countsOf, type LedgerEntry } from './ledger-entry.js';

/** What effects do not say themselves: of a claim its slots, of a commit what it names, of an attempt the calls that it has told of. */
export interface Facts {
  slots?: number;
  memberId?: string;
  second?: boolean;
  content?: CommitContent;
  calls?: number;
}

/** A stage whose version grew. */
export interface StageChange {
  stageId: string;
  ownerId: string;
  pool: string;
  version: number;
  state: StageState;
}

export type SweepKind = 'collect_parts' | 'purge_shard' | 'clear_stage';

interface Sweep {
  kind: SweepKind;
  /** By Postgres' clock. */
  afterMs: number;
  shardId?: string;
  token?: string;
}

/** Writes what `decide` has decided, in the transaction that holds the shard's lock; each change names the state that it ends (K3). */
@Injectable()
export class LedgerWriter {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
  ) {}

  /** Answers the stage's change, if its version grew. */
  async write(queries: Queries, entry: LedgerEntry, effects: readonly LedgerEffect[], facts: Facts = {}): Promise<StageChange | null> {
    let change: StageChange | null = null;
    for (const effect of effects) change = (await this.#write(queries, entry, effect, facts)) ?? change;
    const sweeps = effects.flatMap((effect) => this.#sweepOf(entry, effect));
    if (change?.state !== 'succeeded') await this.#schedule(queries, entry.stage.id, sweeps);
    return change;
  }

  /** What a stage that ends leaves is removed all at once: its shards need no sweeps of their own any more. */
  async clear(queries: Queries, stageId: string): Promise<void> {
    await queries.$executeRaw`DELETE FROM sweeps WHERE stage_id = ${stageId}`;
    await this.#schedule(queries, stageId, [{ kind: 'clear_stage', afterMs: this.times.purgeMs }]);
  }

  async #schedule(queries: Queries, stageId: string, sweeps: readonly Sweep[]): Promise<void> {
    if (sweeps.length === 0) return;
    const rows = sweeps.map(
      ({ kind, afterMs, shardId, token }) =>
        Prisma.sql`(${kind}, ${stageId}, ${shardId ?? null}, ${token ?? null}, clock_timestamp() + ${afterMs} * interval '1 millisecond')`,
    );
    await queries.$executeRaw`INSERT INTO sweeps (kind, stage_id, shard_id, token, due_at) VALUES ${Prisma.join(rows)}`;
  }

  #sweepOf({ row }: LedgerEntry, effect: LedgerEffect): Sweep[] {
    if (effect.kind === 'schedule_collect')
      return [{ kind: 'collect_parts', afterMs: this.times.collectMs, shardId: row.id, token: effect.token }];
    return effect.kind === 'schedule_purge' ? [{ kind: 'purge_shard', afterMs: this.times.purgeMs, shardId: row.id }] : [];
  }

  async #write(queries: Queries, entry: LedgerEntry, effect: LedgerEffect, facts: Facts): Promise<StageChange | null> {
    const { row } = entry;
    switch (effect.kind) {
      case 'assigned':
        await this.#assign(queries, entry, effect, facts);
        return null;
      case 'renewed': {
        const renewed = await queries.$executeRaw`
          UPDATE attempts SET leased_until = clock_timestamp() + ${this.config.executor.leaseMs} * interval '1 millisecond',
            calls = GREATEST(calls, ${facts.calls ?? 0})
          WHERE token = ${effect.token} AND state = 'active'`;
        expectRows(renewed, 1, `renewing ${effect.token}`);
        return null;
      }
      case 'revoked': {
        const revoked = await queries.$executeRaw`
          UPDATE attempts SET state = 'revoked', ended = ${effect.reason}, ended_at = clock_timestamp()
          WHERE token = ${effect.token} AND state = 'active'`;
        expectRows(revoked, 1, `revoking ${effect.token}`);
        return null;
      }
      case 'suspected':
        await queries.$executeRaw`UPDATE shards SET suspicion = ${effect.suspicion} WHERE id = ${row.id}`;
        return null;
      case 'committed':
        return this.#commit(queries, entry, effect.token, facts);
      case 'purge_noted':
        await queries.$executeRaw`UPDATE shards SET purged = true WHERE id = ${row.id}`;
        return null;
      case 'create_children':
        return this.#split(queries, entry, effect.ranges);
      case 'lost':
        // Its last word: what it called until it heard.
        if (facts.calls)
          await queries.$executeRaw`UPDATE attempts SET calls = GREATEST(calls, ${facts.calls}) WHERE token = ${effect.token}`;
        return null;
      // Written together, told to the asker, or done outside of the ledger.
      case 'schedule_collect':
      case 'schedule_purge':
      case 'claim_refused':
      case 'commit_answer':
      case 'released':
      case 'split_refused':
      case 'delete_parts':
      case 'purge_journal':
        return null;
    }
  }

  async #assign(
    queries: Queries,
    { stage, row }: LedgerEntry,
    { token, number, handling }: Extract<LedgerEffect, { kind: 'assigned' }>,
    { slots, memberId, second = false }: Facts,
  ): Promise<void> {
    if (slots === undefined || memberId === undefined) throw new InternalError('claim_incomplete', 'A claim names its member and slots.');
    const counted = await queries.$executeRaw`
      UPDATE shards SET attempts = ${number}, copy_wanted = false WHERE id = ${row.id} AND state = 'open' AND attempts = ${number - 1}`;
    expectRows(counted, 1, `claiming ${row.id}`);
    await queries.$executeRaw`
      INSERT INTO attempts (token, shard_id, stage_id, owner_id, member_id, number, lane, slots, alone, second, state, claimed_at, leased_until)
      VALUES (${token}, ${row.id}, ${stage.id}, ${stage.ownerId}, ${memberId}, ${number}, ${stage.lane}, ${slots}, ${handling === 'alone'},
        ${second}, 'active', clock_timestamp(), clock_timestamp() + ${this.config.executor.leaseMs} * interval '1 millisecond')`;
  }

  async #commit(queries: Queries, { stage, row }: LedgerEntry, token: string, { content, calls = 0 }: Facts): Promise<StageChange> {
    if (!content) throw new InternalError('commit_incomplete', 'A commit names its part.');
    const committed = await queries.$executeRaw`
      UPDATE shards SET state = 'committed', winner = ${token}, content = ${JSON.stringify(content)} WHERE id = ${row.id} AND state = 'open'`;
    expectRows(committed, 1, `committing ${row.id}`);
    const won = await queries.$executeRaw`
      UPDATE attempts SET state = 'won', ended_at = clock_timestamp(), calls = GREATEST(calls, ${calls}) WHERE token = ${token} AND state = 'active'`;
    expectRows(won, 1, `the winner of ${row.id}`);
    const counts = JSON.stringify(addCounts(countsOf(stage), content.counts));
    const [change] = await queries.$queryRaw<{ version: bigint; state: StageState }[]>`
      UPDATE stages SET shards_open = shards_open - 1, shards_committed = shards_committed + 1, counts = ${counts},
        version = nextval('stage_versions'),
        state = CASE WHEN shards_open = 1 THEN 'succeeded' ELSE state END,
        ended_at = CASE WHEN shards_open = 1 THEN clock_timestamp() END
      WHERE id = ${stage.id} AND state = 'running' RETURNING version, state`;
    if (!change) throw new InternalError('ledger_conflict', `The stage of ${row.id} ended under its lock.`);
    if (change.state === 'succeeded') await this.clear(queries, stage.id);
    return { stageId: stage.id, ownerId: stage.ownerId, pool: stage.pool, version: Number(change.version), state: change.state };
  }

  async #split(
    queries: Queries,
    { stage, row }: LedgerEntry,
    ranges: Extract<LedgerEffect, { kind: 'create_children' }>['ranges'],
  ): Promise<StageChange> {
    const retired = await queries.$executeRaw`UPDATE shards SET state = 'retired' WHERE id = ${row.id} AND state = 'open'`;
    expectRows(retired, 1, `splitting ${row.id}`);
    const data = ranges.map(({ first, last, suspicion }) => ({
      id: newId('shard'),
      stageId: stage.id,
      generation: row.generation,
      place: row.place,
      first,
      last,
      state: 'open',
      originId: row.originId,
      parentId: row.id,
      suspicion,
    }));
    await queries.shard.createMany({ data });
    const [change] = await queries.$queryRaw<{ version: bigint }[]>`
      UPDATE stages SET shards_open = shards_open + ${ranges.length - 1}, version = nextval('stage_versions')
      WHERE id = ${stage.id} AND state = 'running' RETURNING version`;
    if (!change) throw new InternalError('ledger_conflict', `The stage of ${row.id} ended under its lock.`);
    return { stageId: stage.id, ownerId: stage.ownerId, pool: stage.pool, version: Number(change.version), state: 'running' };
  }
}
