import { type RunControl } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type Queries } from '../database/database.js';

export interface RunTerms {
  weight: number;
  maxInFlight: number | null;
}

/** Whose work stages are, and what they want of it. A control version of 0: nothing was asked yet. */
@Injectable()
export class RunsRepository {
  /** Locks the owner's row, which is made if it is not there. */
  async lock(queries: Queries, ownerId: string): Promise<RunControl['state']> {
    return (await this.#locked(queries, ownerId)).state;
  }

  /** The terms of the latest submission hold. */
  async setTerms(queries: Queries, ownerId: string, { weight, maxInFlight }: RunTerms): Promise<void> {
    await queries.$executeRaw`UPDATE runs SET weight = ${weight}, max_in_flight = ${maxInFlight} WHERE owner_id = ${ownerId}`;
  }

  /** Takes a control if it is newer than the one that holds; null if it is not (HAZARDS H18). What is cancelled stays so. */
  async accept(queries: Queries, { ownerId, version, state }: RunControl): Promise<{ taken: boolean; held: RunControl }> {
    const held = await this.#locked(queries, ownerId);
    if (version <= held.version || held.state === 'cancelled')
      return { taken: false, held: { ownerId, ...held, version: Math.max(held.version, 1) } };
    await queries.$executeRaw`UPDATE runs SET control = ${state}, control_version = ${version} WHERE owner_id = ${ownerId}`;
    return { taken: true, held: { ownerId, version, state } };
  }

  /** Of those owners that have asked for something. */
  async controlsOf(queries: Queries, owners: readonly string[]): Promise<RunControl[]> {
    if (owners.length === 0) return [];
    return queries.$queryRaw<RunControl[]>`
      SELECT owner_id AS "ownerId", control_version AS version, control AS state FROM runs
      WHERE owner_id = ANY(${owners}) AND control_version > 0`;
  }

  /** What permits look at: whose runs may call, and with which weight. */
  async sharesOf(
    queries: Queries,
    owners: readonly string[],
  ): Promise<{ ownerId: string; weight: number; control: RunControl['state'] }[]> {
    return queries.$queryRaw`SELECT owner_id AS "ownerId", weight, control FROM runs WHERE owner_id = ANY(${owners})`;
  }

  async #locked(queries: Queries, ownerId: string): Promise<Omit<RunControl, 'ownerId'>> {
    await queries.$executeRaw`INSERT INTO runs (owner_id) VALUES (${ownerId}) ON CONFLICT DO NOTHING`;
    const [row] = await queries.$queryRaw<Omit<RunControl, 'ownerId'>[]>`
      SELECT control AS state, control_version AS version FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;
    return row ?? { state: 'active', version: 0 };
  }
}
