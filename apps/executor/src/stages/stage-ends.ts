import { type ErrorPayload, InternalError, type StageState } from '@apwa/contracts';
import { decide } from '@apwa/ledger-protocol';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { LedgerWriter, type StageChange } from '../ledger/ledger-writer.js';

export interface StageEnd {
  state: Extract<StageState, 'failed' | 'cancelled'>;
  fault: ErrorPayload | null;
}

/** Ends stages before their last shard: every attempt at them is revoked. What is committed stays. */
@Injectable()
export class StageEnds {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly writer: LedgerWriter,
  ) {}

  async runningOf(queries: Queries, ownerId: string): Promise<{ id: string; pool: string }[]> {
    return queries.stage.findMany({ where: { ownerId, state: 'running' }, select: { id: true, pool: true }, orderBy: { id: 'asc' } });
  }

  async endAll(queries: Queries, stageIds: readonly string[], end: StageEnd): Promise<StageChange[]> {
    const changes: StageChange[] = [];
    for (const stageId of stageIds) {
      const change = await this.end(queries, stageId, end);
      if (change) changes.push(change);
    }
    return changes;
  }

  /**
   * Ends a stage that has failed, and with it those that take its rows, directly or not, for there will be no more of them. None if it had ended already; the
   * stage itself comes first. `holds`: as with `end`.
   */
  async fail(queries: Queries, stageId: string, fault: ErrorPayload, holds?: () => Promise<boolean>): Promise<StageChange[]> {
    const change = await this.end(queries, stageId, { state: 'failed', fault }, holds);
    const changes = change ? [change] : [];
    for (const { stageId: ended } of changes) {
      const followers = await queries.$queryRaw<{ id: string }[]>`
        SELECT id FROM stages WHERE follows = ${ended} AND state = 'running' ORDER BY id`;
      const ids = followers.map(({ id }) => id);
      changes.push(...(await this.endAll(queries, ids, { state: 'cancelled', fault: null })));
    }
    return changes;
  }

  /** Null if the stage had ended already. `while`: asked under the stage's lock; no leaves everything as it is. */
  async end(queries: Queries, stageId: string, { state, fault }: StageEnd, holds?: () => Promise<boolean>): Promise<StageChange | null> {
    const stage = await this.ledger.lockStage(queries, stageId);
    if (stage?.state !== 'running' || (holds && !(await holds()))) return null;
    for (const shardId of await this.ledger.heldShards(queries, stageId)) {
      const entry = await this.ledger.lockOf(queries, stage, shardId);
      if (!entry) continue;
      await this.writer.write(queries, entry, decide(entry.shard, { kind: 'stage_ended', stage: state }).effects);
    }
    const [ended] = await queries.$queryRaw<{ version: bigint }[]>`
      UPDATE stages SET state = ${state}, fault = ${fault === null ? null : JSON.stringify(fault)}, waiting_for = NULL,
        version = nextval('stage_versions'), ended_at = clock_timestamp()
      WHERE id = ${stageId} AND state = 'running' RETURNING version`;
    if (!ended) throw new InternalError('ledger_conflict', `The stage ${stageId} ended under its lock.`);
    await this.writer.clear(queries, stageId);
    return { stageId, ownerId: stage.ownerId, pool: stage.pool, version: Number(ended.version), state };
  }
}
