import { type Model } from '@apwa/model';
import { NestLogger, applyMigrations, waitForPostgres } from '@apwa/service';
import { type Storage } from '@apwa/tables';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Gate } from './access/gate.js';
import { ManagerModule, type ManagerOptions } from './app.module.js';
import { CapabilityFilesService } from './capabilities/capability-files.service.js';
import { Database, SCHEMA } from './database/database.js';
import { readJson } from './http/json-body.js';
import { securityHeaders } from './http/security-headers.js';
import { FirstKeyService } from './keys/first-key.service.js';
import { Reconciler } from './reconciler/reconciler.js';
import { StageWatch } from './reconciler/stage-watch.js';
import { RetentionLoop } from './retention/retention.loop.js';
import { RunStreams } from './runs/run-streams.js';
import { PLANNER_MODEL, STORAGE } from './settings.js';
import { StorageCheckStreams } from './storage-check/storage-check.streams.js';

/** Beside `dist` as beside `src`. */
export const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export interface Manager {
  /** Where HTTP is served. */
  url: string;
  /** Takes no more requests, stops where everything is, and lets connections go. */
  stop(): Promise<void>;
}

/** Starts the manager: its schema is brought up to date, HTTP is served, and unfinished work goes on. */
export const startManager = async (options: ManagerOptions, signal?: AbortSignal): Promise<Manager> => {
  const { config, log } = options;
  const connectionString = config.manager.databaseUrl;
  await waitForPostgres({ connectionString, log, ...(signal ? { signal } : {}) });
  await applyMigrations({ connectionString, schema: SCHEMA, directory: MIGRATIONS, log });
  const app = await NestFactory.create<NestExpressApplication>(ManagerModule.forRoot(options), {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(log),
    forceCloseConnections: true,
  });
  try {
    await app.get(FirstKeyService).provide();
    await app.get(CapabilityFilesService).start();
  } catch (thrown) {
    await app.close();
    throw thrown;
  }
  // The client loads its query compiler with the first query: not when somebody waits for an answer.
  await app.get(Database).run.count();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(app.get(Gate).middleware);
  app.use(readJson);
  await app.listen(config.manager.port, config.manager.host);
  const server = app.getHttpServer();
  // Uploads take as long as they take; what is idle between requests is cut by the keep-alive timeout.
  server.requestTimeout = 0;
  app.get(Reconciler).start();
  app.get(StageWatch).start();
  app.get(RetentionLoop).start();
  return {
    url: urlOf(server.address() as AddressInfo),
    stop: async () => {
      app.get(StageWatch).stop();
      app.get(RunStreams).closeAll();
      app.get(StorageCheckStreams).closeAll();
      await Promise.all([app.get(Reconciler).stop(), app.get(RetentionLoop).stop(), app.get(CapabilityFilesService).stop()]);
      await app.close();
      app.get<Model>(PLANNER_MODEL).close();
      app.get<Storage>(STORAGE).close();
    },
  };
};

const urlOf = ({ address, family, port }: AddressInfo): string => `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
