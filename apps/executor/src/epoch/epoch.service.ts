import { Inject, Injectable } from '@nestjs/common';
import { InternalError, TransientError } from '@apwa/contracts';
import { hostname } from 'node:os';
import { Database, type Queries } from '../database/database.js';
import { LOG, STOP, type Logger, type StopNow } from '../settings.js';

/** Of several executors the one that started last writes; the others' writes fail, and they end themselves (HAZARDS H14). */
@Injectable()
export class EpochService {
  #fenced = false;
  #epoch = 0;

  constructor(
    private readonly database: Database,
    @Inject(LOG) private readonly log: Logger,
    @Inject(STOP) private readonly stop: StopNow,
  ) {}

  /** Waits for the transactions of the executor before, and shuts it out. */
  async take(): Promise<number> {
    const epoch = await this.database.transaction(async (queries) => {
      const [row] = await queries.$queryRaw<{ epoch: number }[]>`
        UPDATE epochs SET epoch = epoch + 1, taken_by = ${`${hostname()} ${process.pid}`}, taken_at = clock_timestamp()
        WHERE id = 1 RETURNING epoch`;
      if (!row) throw new InternalError('epoch_missing', 'The table of epochs is empty.');
      return row.epoch;
    });
    this.#epoch = epoch;
    this.database.fence(epoch, () => this.#replaced(epoch));
    this.log.info({ epoch }, 'epoch taken');
    return epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The epoch that stands in Postgres. */
  async current(queries: Queries): Promise<number> {
    const [row] = await queries.$queryRaw<{ epoch: number }[]>`SELECT epoch FROM epochs WHERE id = 1`;
    return row?.epoch ?? 0;
  }

  /** Somebody has heard of this epoch. TransientError `executor_replaced` if it is later than this executor's. */
  heard(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#replaced(this.#epoch);
    throw new TransientError('executor_replaced', 'Another executor has taken over.');
  }

  #replaced(epoch: number): void {
    if (this.#fenced) return;
    this.#fenced = true;
    this.log.error({ epoch }, 'another executor has taken over: this one writes nothing more and ends itself');
    this.stop(new InternalError('executor_replaced', 'Another executor has taken over.'));
  }
}
