import { RefusedError } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { Leftovers } from '../sweeper/leftovers.js';

/**
 * Takes stages out of the ledger whose tables nobody keeps: a million rows leave thousands of shards and attempts. What is
 * forgotten can no longer be committed, so its parts may be deleted then (HAZARDS H4); those that were committed are left to who asked.
 */
@Injectable()
export class ForgettingService {
  constructor(
    private readonly database: Database,
    private readonly leftovers: Leftovers,
  ) {}

  /** How many stages were there. Idempotent. RefusedError `stage_running`: nothing is forgotten then. */
  async forget(ownerId: string, stageIds?: readonly string[]): Promise<number> {
    const wanted = { ownerId, ...(stageIds ? { id: { in: [...stageIds] } } : {}) };
    const stages = await this.database.read((queries) =>
      queries.stage.findMany({ where: wanted, select: { id: true, state: true }, orderBy: { id: 'asc' } }),
    );
    for (const { id, state } of stages) refuseRunning(id, state);
    let forgotten = 0;
    for (const { id } of stages) {
      await this.leftovers.clearStage(id);
      // A transaction for each: the rows of a large stage are enough for one.
      if (await this.database.transaction((queries) => this.#remove(queries, ownerId, id))) forgotten++;
    }
    if (stageIds === undefined)
      await this.database.transaction(async (queries) => {
        await lockOwner(queries, ownerId);
        await queries.$executeRaw`
          DELETE FROM runs WHERE owner_id = ${ownerId} AND NOT EXISTS (SELECT 1 FROM stages WHERE owner_id = ${ownerId})`;
      });
    return forgotten;
  }

  /** With the stage go its shards and their attempts. */
  async #remove(queries: Queries, ownerId: string, stageId: string): Promise<boolean> {
    await lockOwner(queries, ownerId);
    const [stage] = await queries.$queryRaw<{ state: string }[]>`
      SELECT state FROM stages WHERE id = ${stageId} AND owner_id = ${ownerId} FOR UPDATE`;
    if (!stage) return false;
    refuseRunning(stageId, stage.state);
    await queries.$executeRaw`DELETE FROM sweeps WHERE stage_id = ${stageId}`;
    await queries.$executeRaw`DELETE FROM stages WHERE id = ${stageId}`;
    return true;
  }
}

/** Run, then stage: the order of locks that is the same everywhere. */
const lockOwner = (queries: Queries, ownerId: string): Promise<unknown> =>
  queries.$queryRaw`SELECT 1 FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;

const refuseRunning = (stageId: string, state: string): void => {
  if (state !== 'running') return;
  throw new RefusedError('stage_running', `The stage ${stageId} has not ended: it cannot be forgotten.`, {
    field: 'stageIds',
    value: stageId,
    allowed: 'stages that have ended',
  });
};
