import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { EpochService } from '../epoch/epoch.service.js';
import { RunsRepository } from '../runs/runs.repository.js';

/** Weights and controls are read again after this time, beside the answers … Milliseconds. */
const REFRESH_MS = 500;
/** … and nothing is answered by older ones. So long at most an executor that was replaced goes on giving permits (HAZARDS H14). */
export const CONFIRMED_MS = 2_000;
/** Owners that nobody asked for in this time are forgotten. Milliseconds. */
const KEPT_MS = 30_000;

interface Share {
  /** Null: the run was paused or cancelled, or is unknown. */
  weight: number | null;
  askedAt: number;
}

/** Weights of runs, kept in memory; each look at Postgres is also one at the epoch. */
@Injectable()
export class RunShares {
  readonly #shares = new Map<string, Share>();
  #readAt = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly epoch: EpochService,
    private readonly runs: RunsRepository,
  ) {}

  /**
   * Resolves when what is known is fresh enough for these owners. TransientError `database_unavailable`, `executor_replaced`.
   */
  async fresh(owners: readonly string[]): Promise<void> {
    const now = performance.now();
    const missing = owners.filter((ownerId) => !this.#shares.has(ownerId));
    for (const ownerId of owners) {
      const share = this.#shares.get(ownerId);
      if (share) share.askedAt = now;
    }
    const age = now - this.#readAt;
    if (missing.length === 0 && age < REFRESH_MS) return;
    if (missing.length > 0 && this.#reading) await this.#reading;
    const reading = (this.#reading ??= this.#read([...this.#shares.keys(), ...missing]).finally(() => (this.#reading = null)));
    if (missing.length > 0 || age >= CONFIRMED_MS) return reading;
    // What goes wrong is met by the first question that this is too old for.
    reading.catch(() => undefined);
  }

  weightOf(ownerId: string): number | null {
    return this.#shares.get(ownerId)?.weight ?? null;
  }

  async #read(owners: readonly string[]): Promise<void> {
    const askedAt = performance.now();
    const { epoch, rows } = await this.database.read(async (queries) => ({
      epoch: await this.epoch.current(queries),
      rows: await this.runs.sharesOf(queries, owners),
    }));
    this.epoch.heard(epoch);
    for (const ownerId of owners) {
      const row = rows.find((one) => one.ownerId === ownerId);
      const weight = row?.control === 'active' ? row.weight : null;
      this.#shares.set(ownerId, { weight, askedAt: this.#shares.get(ownerId)?.askedAt ?? askedAt });
    }
    for (const [ownerId, share] of this.#shares) if (askedAt - share.askedAt > KEPT_MS) this.#shares.delete(ownerId);
    this.#readAt = askedAt;
  }
}
