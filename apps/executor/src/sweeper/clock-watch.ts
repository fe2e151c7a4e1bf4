import { InternalError } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';
import { CONFIG, type Config, LOG, type Logger } from '../settings.js';

/** Sees when Postgres' clock was set, and gives everybody his time by the new one (HAZARDS H20). */
@Injectable()
export class ClockWatch {
  /** Postgres' time of day minus this process's monotonic time, in milliseconds. */
  #difference: number | undefined;

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Whether the clock was set since the last look. Then no lease has run out yet, and none outlasts a term. */
  async look(): Promise<boolean> {
    const { leaseMs } = this.config.executor;
    const before = performance.now();
    const { ms, ahead } = await this.database.read((queries) => this.#ask(queries, leaseMs));
    const [least, most] = [ms - performance.now(), ms - before];
    const known = this.#difference ?? least;
    // What the question itself took is no jump.
    const jumpedMs = known < least ? least - known : known > most ? most - known : 0;
    const jumped = Math.abs(jumpedMs) >= leaseMs / 2;
    if (jumped || ahead) await this.#newTerms(jumped ? jumpedMs : 0);
    this.#difference = jumped ? least : Math.min(most, Math.max(least, known));
    if (!jumped && !ahead) return false;
    this.log.warn({ jumpedMs: Math.round(jumpedMs) }, "Postgres' clock was set: leases begin anew");
    return true;
  }

  /** `ahead`: something was written by a clock that was ahead of this one, between two looks or under another executor. */
  async #ask(queries: Queries, leaseMs: number): Promise<{ ms: number; ahead: boolean }> {
    const [row] = await queries.$queryRaw<{ ms: number; ahead: boolean }[]>`
      SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms,
        EXISTS (SELECT 1 FROM attempts
          WHERE state = 'active' AND leased_until > clock_timestamp() + ${2 * leaseMs} * interval '1 millisecond')
        OR EXISTS (SELECT 1 FROM members WHERE seen_at > clock_timestamp() + ${leaseMs} * interval '1 millisecond') AS ahead`;
    if (!row) throw new InternalError('no_time', 'Postgres did not tell the time');
    return row;
  }

  async #newTerms(jumpedMs: number): Promise<void> {
    const { leaseMs } = this.config.executor;
    await this.database.transaction(async (queries) => {
      // As everywhere stages are locked before their shards' attempts.
      await queries.$executeRaw`UPDATE stages SET waited_at = clock_timestamp() WHERE state = 'running'`;
      await queries.$executeRaw`
        UPDATE attempts SET leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
          claimed_at = LEAST(claimed_at + ${jumpedMs} * interval '1 millisecond', clock_timestamp())
        WHERE state = 'active'`;
      await queries.$executeRaw`UPDATE members SET seen_at = clock_timestamp()`;
      await queries.$executeRaw`UPDATE sweeps SET due_at = due_at + ${jumpedMs} * interval '1 millisecond'`;
      await queries.$executeRaw`UPDATE budget_leases SET asked_at = LEAST(asked_at, clock_timestamp())`;
    });
  }
}
