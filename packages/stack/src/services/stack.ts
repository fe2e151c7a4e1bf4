import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ApwaError, InternalError, type Member } from '@apwa/contracts';
import { loadConfig } from '@apwa/config';
import { freePort, LOOPBACK } from '@apwa/ray';
import { type NatsOptions, type NatsServer, startNats } from '../nats/nats-server.js';
import { type PostgresServer, type ServiceDatabase, startPostgres } from '../postgres/postgres-server.js';
import { listensOn } from '../processes/ports.js';
import { serve, type Server, type Service, supervise } from '../processes/server.js';
import { until } from '../processes/until.js';
import { lockFolder } from './folder-lock.js';
import { listMembers, memberPidsOf } from './members.js';
import { answersOk, startApp } from './node-service.js';
import { offlineModelArguments, type OfflineModelOptions } from './offline-model.js';
import { readDocument, readModels, serviceEnvironment, writeStackConfig } from './stack-config.js';

export interface StackOptions {
  /** Folder of everything that the stack keeps: databases, storage, logs, its configuration. A second start finds it again. */
  dir: string;
  /** `offline`: the offline model, started with the stack. `configured`: what `configPath` or the environment says. */
  model: 'offline' | 'configured';
  /** A configuration file. Default, with `configured`: as every service finds its own. */
  configPath?: string;
  offlineModel?: OfflineModelOptions;
  /** Members of each pool. Default: what the configuration says, 2 if nothing. */
  members?: number;
  /** Calls in flight per member. */
  slots?: number;
  /** Merged over the configuration, keys as in its file. */
  config?: Record<string, unknown>;
  /** NATS takes connections over TLS alone then. */
  natsTls?: NatsOptions['tls'];
  /** Left out: free ones. */
  ports?: { nats?: number; postgres?: number; manager?: number; model?: number };
  /** Further environment variables of the services. */
  env?: NodeJS.ProcessEnv;
  /** Further ones of a single service, once NATS and Postgres are there: for who puts something in between. */
  envOf?: (service: 'manager' | 'executor', servers: { nats: NatsServer; database: ServiceDatabase }) => Promise<NodeJS.ProcessEnv>;
  /** Further ones of Postgres. */
  postgresEnv?: NodeJS.ProcessEnv;
  /** Whether what Postgres has committed outlives the machine. Default true. */
  durable?: boolean;
  /** Starts a member of a pool, its program first. Default: the built worker pool. */
  memberCommand?: readonly string[];
  /** Milliseconds for each service to be ready. Default 60,000. */
  readyTimeoutMs?: number;
  /** Gives up the start; what has begun is stopped. */
  signal?: AbortSignal;
  /** A line for a person now and then. Default: none. */
  log?: (line: string) => void;
}

export interface StackServices {
  nats: NatsServer;
  postgres: PostgresServer;
  /** Only with the offline model. */
  model?: Server;
  manager: Server;
  executor: Service;
}

export interface Stack {
  /** The manager's HTTP API. */
  readonly url: string;
  readonly dir: string;
  /** The configuration that the services were started with. */
  readonly configFile: string;
  readonly services: StackServices;
  /** Connection string of the services' database, for its superuser. */
  readonly databaseUrl: string;
  /** The members that have joined; empty while the executor does not answer. */
  members(): Promise<Member[]>;
  /** Processes of pool members, whether they have joined or not. */
  memberPids(): Promise<number[]>;
  /** Waits until as many members as are configured have joined. */
  whenStaffed(timeoutMs?: number): Promise<void>;
  /** Stops everything in order. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
/** Milliseconds after SIGTERM: the manager ends its requests; the executor's members finish or hand on their rows. */
const GRACE_MS = { manager: 10_000, executor: 30_000, model: 3_000 } as const;
const DATABASE = 'apwa';
/** Who needs others is stopped before them. */
const STOP_ORDER = ['manager', 'executor', 'offline model', 'NATS', 'Postgres'];
const inStopOrder = (services: Service[]) => services.sort((a, b) => STOP_ORDER.indexOf(a.name) - STOP_ORDER.indexOf(b.name));

/**
 * Starts NATS, Postgres, the offline model, manager and executor as processes of this machine, and waits until the pools'
 * members have joined. Whatever happens to this process, none of them outlives it.
 *
 * @throws RefusedError `folder_in_use`, `invalid_config`; InternalError `ended_at_start` with the last lines of what failed.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const dir = resolve(options.dir);
  const base = await baseConfig(options);
  const lock = await lockFolder(dir);
  const running: Service[] = [];
  const stop = async () => {
    const errors: unknown[] = [];
    for (const service of inStopOrder(running.splice(0))) {
      await service
        .stop()
        .catch((cause: unknown) => errors.push(new InternalError('not_stopped', `${service.name} could not be stopped`, { cause })));
    }
    await lock.release();
    if (errors.length > 0) throw ApwaError.from(errors[0]);
  };
  /** Notes a service as soon as it runs. */
  const started = async <S extends Service>(service: Promise<S>): Promise<S> => {
    const one = await service;
    running.push(one);
    options.signal?.throwIfAborted();
    return one;
  };
  try {
    return { ...(await assemble(dir, base, options, started)), stop };
  } catch (error) {
    await stop().catch(() => undefined);
    options.signal?.throwIfAborted();
    throw error;
  }
};

const baseConfig = async ({ model, configPath }: StackOptions): Promise<Record<string, unknown>> => {
  if (model === 'configured') return readModels(configPath);
  return configPath ? readDocument(configPath) : {};
};

type Started = <S extends Service>(service: Promise<S>) => Promise<S>;

const assemble = async (
  dir: string,
  base: Record<string, unknown>,
  options: StackOptions,
  started: Started,
): Promise<Omit<Stack, 'stop'>> => {
  const { ports = {}, readyTimeoutMs = READY_TIMEOUT_MS, log } = options;
  const logs = join(dir, 'logs');
  await mkdir(logs, { recursive: true });
  const logFile = (name: string) => join(logs, `${name}.log`);

  const [nats, postgres, model] = await allOf([
    started(
      startNats({ dir: join(dir, 'nats'), logFile: logFile('nats'), tls: options.natsTls, ...portOf(ports.nats), ...(log ? { log } : {}) }),
    ),
    started(
      startPostgres({
        dir,
        logFile: logFile('postgres'),
        ...portOf(ports.postgres),
        ...(options.postgresEnv ? { env: options.postgresEnv } : {}),
        ...(options.durable === undefined ? {} : { durable: options.durable }),
        ...(log ? { log } : {}),
      }),
    ),
    options.model === 'offline' ? started(startOfflineModel(options, logFile('offline-model'), readyTimeoutMs)) : undefined,
  ]);
  const database = await postgres.createServiceDatabase(DATABASE);
  const managerPort = ports.manager ?? (await freePort());

  const configFile = join(dir, 'apwa.config.yaml');
  const addresses = { nats: nats.access, database, managerPort, storageDir: join(dir, 'storage'), offlineModelUrl: model?.url ?? null };
  await writeStackConfig(configFile, base, addresses, { members: options.members, slots: options.slots, overrides: options.config });
  const env = serviceEnvironment(configFile, options.env);
  const config = await loadConfig({ path: configFile, env });
  const url = `http://${LOOPBACK}:${config.manager.port}`;

  const own = { nats, database };
  const managerEnv = { ...env, ...(await options.envOf?.('manager', own)) };
  const command = options.memberCommand ? { APWA_MEMBER_COMMAND: JSON.stringify(options.memberCommand) } : {};
  const executorEnv = { ...env, ...command, ...(await options.envOf?.('executor', own)) };
  const executorReady = async () => (await listMembers(nats)) !== null;
  const [manager, executor] = await allOf([
    started(
      serve({
        name: 'manager',
        port: config.manager.port,
        logFile: logFile('manager'),
        urlOf: () => url,
        start: () =>
          startApp({
            app: 'manager',
            env: managerEnv,
            logFile: logFile('manager'),
            ready: () => answersOk(`${url}/readyz`),
            readyTimeoutMs,
          }),
        stop: (running) => running.stop('SIGTERM', GRACE_MS.manager),
      }),
    ),
    started(
      supervise({
        name: 'executor',
        logFile: logFile('executor'),
        start: () => startApp({ app: 'executor', env: executorEnv, logFile: logFile('executor'), ready: executorReady, readyTimeoutMs }),
        stop: (running) => running.stop('SIGTERM', GRACE_MS.executor),
      }),
    ),
  ]);

  const members = async () => (await listMembers(nats)) ?? [];
  const expected = config.pools.filter(({ backend }) => backend === 'processes').reduce((sum, { min }) => sum + min, 0);
  const staffed = async (timeoutMs: number, signal?: AbortSignal) => {
    const joined = async () => (await members()).filter(({ state }) => state === 'running').length;
    const what = `${expected} members to join (see ${executor.logFile})`;
    await until(async () => (await joined()) >= expected, { timeoutMs, what, ...(signal ? { signal } : {}) });
  };
  await staffed(readyTimeoutMs, options.signal);
  const services = { nats, postgres, ...(model ? { model } : {}), manager, executor };
  const whenStaffed = (timeoutMs = readyTimeoutMs) => staffed(timeoutMs);
  return { url, dir, configFile, services, databaseUrl: database.url, members, memberPids: () => memberPidsOf(executor.pid), whenStaffed };
};

const startOfflineModel = ({ offlineModel = {}, ports }: StackOptions, logFile: string, readyTimeoutMs: number): Promise<Server> =>
  serve({
    name: 'offline model',
    port: ports?.model,
    logFile,
    urlOf: (port) => `http://${LOOPBACK}:${port}/v1`,
    start: (port) =>
      startApp({
        app: 'offline-model',
        args: ['--host', LOOPBACK, '--port', String(port), ...offlineModelArguments(offlineModel)],
        env: serviceEnvironment(''),
        logFile,
        ready: () => listensOn(port),
        readyTimeoutMs,
      }),
    stop: (running) => running.stop('SIGTERM', GRACE_MS.model),
  });

const portOf = (port: number | undefined): { port?: number } => (port === undefined ? {} : { port });

/** Like `Promise.all`, but it fails only when all have ended: what has been started is known by then, and can be stopped. */
const allOf = async <T extends readonly unknown[]>(promises: [...T]): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> => {
  await Promise.allSettled(promises);
  return Promise.all(promises);
};
