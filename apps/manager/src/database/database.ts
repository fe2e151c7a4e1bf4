import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from '../generated/prisma/client.js';
import { CONFIG, type Config } from '../settings.js';

/** The Postgres schema that is the manager's alone. */
export const SCHEMA = 'manager';

/** Connections per process: the manager's statements are short. */
const CONNECTIONS = 10;

@Injectable()
export class Database extends PrismaClient implements OnModuleDestroy {
  constructor(@Inject(CONFIG) config: Config) {
    const pool = {
      connectionString: config.manager.databaseUrl,
      max: CONNECTIONS,
      // A Postgres that does not answer is told as such, instead of hanging every request.
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
      idle_in_transaction_session_timeout: 30_000,
      application_name: 'apwa-manager',
    };
    super({ adapter: new PrismaPg(pool, { schema: SCHEMA }) });
  }

  async onModuleDestroy(): Promise<void> {
    await this.$disconnect();
  }
}

/** A client or a transaction of it. */
export type Queries = Prisma.TransactionClient;
