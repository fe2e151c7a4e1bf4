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

  /** Takes a control if it is newer than the one that holds (HAZARDS H18), and answers the one that holds then. What is cancelled stays so. */
  async accept(queries: Queries, { ownerId, version, state, held = [] }: RunControl): Promise<{ taken: boolean; control: RunControl }> {
    const control = await this.#locked(queries, ownerId);
    if (version <= control.version || control.state === 'cancelled')
      return { taken: false, control: { ownerId, ...control, version: Math.max(control.version, 1) } };
    await queries.$executeRaw`
      UPDATE runs SET control = ${state}, control_version = ${version}, held = ${held} WHERE owner_id = ${ownerId}`;
    return { taken: true, control: { ownerId, version, state, ...heldOf(held) } };
  }

  /** Of those owners that have asked for something. */
  async controlsOf(queries: Queries, owners: readonly string[]): Promise<RunControl[]> {
    if (owners.length === 0) return [];
    const rows = await queries.$queryRaw<Required<RunControl>[]>`
      SELECT owner_id AS "ownerId", control_version AS version, control AS state, held FROM runs
      WHERE owner_id = ANY(${owners}) AND control_version > 0`;
    return rows.map(({ held, ...control }) => ({ ...control, ...heldOf(held) }));
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
    const [row] = await queries.$queryRaw<Required<Omit<RunControl, 'ownerId'>>[]>`
      SELECT control AS state, control_version AS version, held FROM runs WHERE owner_id = ${ownerId} FOR UPDATE`;
    return row ? { state: row.state, version: row.version, ...heldOf(row.held) } : { state: 'active', version: 0 };
  }
}

/** Messages say nothing of what no stage is. */
export const heldOf = (held: string[]): Pick<RunControl, 'held'> => (held.length > 0 ? { held } : {});
