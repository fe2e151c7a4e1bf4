import { fileURLToPath } from 'node:url';
import { ApwaError } from '@apwa/contracts';
import { createService } from '@apwa/messaging';
import { applyMigrations, NestLogger, waitForPostgres } from '@apwa/service';
import { ExecutorModule, type ExecutorOptions } from './app.module.js';
import { SCHEMA } from './database/database.js';
import { MembersService } from './members/members.service.js';
import { PoolsService } from './pools/pools.service.js';
import { Scaler } from './pools/scaler.js';
import { Sweeper } from './sweeper/sweeper.js';

/** Beside `dist` as beside `src`. */
export const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export interface Executor {
  /** Has the members that it started drain, while it still answers them; then ends. `signal`: the patience for that is over. */
  stop(signal?: AbortSignal): Promise<void>;
}

/** Starts the executor: its schema is brought up to date, older executors are shut out, members are started, work goes on. */
export const startExecutor = async (options: ExecutorOptions, signal?: AbortSignal): Promise<Executor> => {
  const { config, log } = options;
  const connectionString = config.executor.databaseUrl;
  await waitForPostgres({ connectionString, log, ...(signal ? { signal } : {}) });
  await applyMigrations({ connectionString, schema: SCHEMA, directory: MIGRATIONS, log });
  const app = await createService(ExecutorModule.forRoot(options), {
    service: 'executor',
    nats: config.nats,
    logger: new NestLogger(log),
  });
  const [pools, scaler, sweeper, members] = [app.get(PoolsService), app.get(Scaler), app.get(Sweeper), app.get(MembersService)];
  await members.endOrphans();
  sweeper.start();
  await pools.start({
    // What cannot be noted now has leases that run out.
    memberDied: (instance, reason, crashed) =>
      void members
        .died(instance, reason, crashed)
        .catch((thrown: unknown) => log.warn({ instance, error: ApwaError.from(thrown).toPayload() }, 'a death could not be noted')),
  });
  scaler.start();
  return {
    stop: async (patience) => {
      await scaler.stop();
      await pools.stop(patience);
      await sweeper.stop();
      await app.close();
    },
  };
};
