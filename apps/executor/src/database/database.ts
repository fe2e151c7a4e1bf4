import { ApwaError, InternalError, TransientError } from '@apwa/contracts';
import { type Logger } from '@apwa/service';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaClient, type Prisma } from '../generated/prisma/client.js';
import { CONFIG, LOG, type Config } from '../settings.js';
import { faultOf } from './errors.js';

/** The Postgres schema that is the executor's alone. */
export const SCHEMA = 'executor';

/** Connections of the process: transactions are short, and heartbeats of many members must not wait for each other. */
const CONNECTIONS = 12;
/** Tries of a transaction that others were in the way of. */
const TRIES = 5;
const TRANSACTION_MS = { maxWait: 5_000, timeout: 20_000 };

/** A transaction, or the client itself for what is only read. */
export type Queries = Prisma.TransactionClient;

/**
 * Postgres, with errors of ours: TransientError `database_unavailable` when it cannot be used, and a fresh pool of connections
 * when those that are there lead nowhere (HAZARDS K9).
 */
@Injectable()
export class Database implements OnModuleDestroy {
  #client: PrismaClient;
  #epoch: number | null = null;
  #onFenced: () => void = () => undefined;
  #onOutage = new Set<() => void>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.#client = this.#connect();
  }

  /** From now on every transaction is fenced: `onFenced` is called when another executor has taken a later epoch (H14). */
  fence(epoch: number, onFenced: () => void): void {
    this.#epoch = epoch;
    this.#onFenced = onFenced;
  }

  /** Called when Postgres could not be used: whoever measures time by what it said must wait. */
  onOutage(callback: () => void): void {
    this.#onOutage.add(callback);
  }

  /** Reads, each statement by itself. */
  async read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#translated(this.#client, work);
  }

  /** One transaction: all of it or nothing. Runs again from the start when others were in the way, so it must only write here. */
  async transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = this.#client;
      try {
        return await this.#translated(client, () =>
          client.$transaction(async (queries) => {
            await this.#checkEpoch(queries);
            return work(queries);
          }, TRANSACTION_MS),
        );
      } catch (thrown) {
        if (tries >= TRIES || !(thrown instanceof TransientError) || thrown.code !== 'write_conflict') throw thrown;
        await sleep(Math.random() * 20 * tries);
      }
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.#client.$disconnect();
  }

  /** Shared, so that the next executor waits for the transactions that are under way, and these do not wait for each other. */
  async #checkEpoch(queries: Queries): Promise<void> {
    if (this.#epoch === null) return;
    const [row] = await queries.$queryRaw<{ epoch: number }[]>`SELECT epoch FROM epochs WHERE id = 1 FOR SHARE`;
    if (row?.epoch === this.#epoch) return;
    this.#onFenced();
    throw new TransientError('executor_replaced', 'Another executor has taken over.');
  }

  async #translated<T>(client: PrismaClient, work: (queries: Queries) => Promise<T>): Promise<T> {
    try {
      return await work(client);
    } catch (thrown) {
      if (thrown instanceof ApwaError) throw thrown;
      const fault = faultOf(thrown);
      if (fault === 'other')
        throw new InternalError('database', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
      if (fault === 'conflict') throw new TransientError('write_conflict', 'Another transaction was in the way.', { cause: thrown });
      for (const callback of this.#onOutage) callback();
      if (fault === 'leads_nowhere') this.#replace(client);
      throw new TransientError('database_unavailable', 'Postgres cannot be used just now.', { cause: thrown });
    }
  }

  #connect(): PrismaClient {
    const pool = {
      connectionString: this.config.executor.databaseUrl,
      max: CONNECTIONS,
      // A Postgres that does not answer is told as such, instead of hanging every request.
      connectionTimeoutMillis: 3_000,
      query_timeout: 20_000,
      idle_in_transaction_session_timeout: 20_000,
      application_name: 'apwa-executor',
      options: `-c search_path=${SCHEMA}`,
    };
    return new PrismaClient({ adapter: new PrismaPg(pool, { schema: SCHEMA }) });
  }

  #replace(broken: PrismaClient): void {
    if (this.#client !== broken) return;
    this.log.warn('connections to Postgres lead nowhere: they are made anew');
    this.#client = this.#connect();
    void broken.$disconnect().catch(() => undefined);
  }
}

/** K3: an update that found nothing, or too much, means that the ledger is not what the decision was made on. */
export const expectRows = (changed: number, expected: number, what: string): void => {
  if (changed !== expected)
    throw new InternalError('ledger_conflict', `${what}: ${changed} rows instead of ${expected} were changed; nothing of it was kept.`);
};
