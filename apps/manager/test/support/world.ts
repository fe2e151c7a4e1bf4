import { Config } from '@apwa/config';
import { type ErrorBody, isTerminal, type NatsAccess, type Run, type Table, type Upload } from '@apwa/contracts';
import { createLogger } from '@apwa/service';
import { type NatsServer, type PostgresServer, type ServiceDatabase, startNats, startPostgres, until } from '@apwa/stack';
import { type Storage, openStorage } from '@apwa/tables';
import { type INestMicroservice } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Manager, startManager } from '../../src/start.js';
import { type Logger, type Timing } from '../../src/settings.js';
import { ExecutorScript, startScriptedExecutor } from './scripted-executor.js';
import { ScriptedModel } from './scripted-model.js';
import { WorkersScript, startScriptedWorkers } from './scripted-workers.js';

/** Everything is faster than in production, in the same proportions. */
const FAST: Partial<Timing> = {
  askMs: 1_000,
  watchedAskMs: 200,
  retainMs: 300,
  biteMs: 20,
  leaseMs: 1_500,
  renewMs: 300,
  retryMs: 100,
  retryMaxMs: 1_000,
  coalesceMs: 20,
};

/** Real: the manager, Postgres, NATS, storage. Scripted, over real NATS and HTTP: executor, worker pool, model. */
export class World {
  readonly executor = new ExecutorScript();
  readonly workers = new WorkersScript();
  readonly model = new ScriptedModel();
  readonly managers: Manager[] = [];
  private readonly services: INestMicroservice[] = [];
  private members: INestMicroservice | null = null;
  private databases = 0;

  private constructor(
    readonly dir: string,
    readonly postgres: PostgresServer,
    readonly nats: NatsServer,
    readonly storage: Storage,
    public config: Config,
  ) {}

  /** Of its superuser. */
  private databaseUrl = '';

  static async start(): Promise<World> {
    const dir = await mkdtemp(join(tmpdir(), 'apwa-manager-'));
    const [postgres, nats] = await Promise.all([
      startPostgres({ dir: join(dir, 'postgres'), durable: false }),
      startNats({ dir: join(dir, 'nats') }),
    ]);
    const storage = await openStorage({ url: `file://${join(dir, 'storage')}` });
    const world = new World(dir, postgres, nats, storage, null as never);
    try {
      await world.model.start();
      world.executor.store = async (key, content) => {
        if (!(await storage.describe(key))) await storage.write(key, Buffer.from(content));
      };
      world.services.push(await startScriptedExecutor(nats.access, world.executor));
      await world.startWorkers();
      await world.newDatabase();
      return world;
    } catch (thrown) {
      // What runs on keeps the tests from ending.
      await world.stop();
      throw thrown;
    }
  }

  /** Rows of a statement, straight from the database: for what no answer tells. */
  async sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, options: '-c search_path=manager' });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Keys of everything in storage. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.storage.list('')) keys.push(key);
    return keys.sort();
  }

  /** A database of its own for what follows. */
  async newDatabase(): Promise<void> {
    const database = await this.postgres.createServiceDatabase(`apwa_${++this.databases}`);
    this.databaseUrl = database.url;
    const baseUrl = this.model.url;
    this.config = configOf({ database, nats: this.nats.access, baseUrl, storageUrl: `file://${join(this.dir, 'storage')}` });
  }

  async manager(timing: Partial<Timing> = {}, log = testLog()): Promise<Manager> {
    const manager = await startManager({ config: this.config, log, timing: { ...FAST, ...timing } });
    this.managers.push(manager);
    return manager;
  }

  async stopManagers(): Promise<void> {
    await Promise.all(this.managers.splice(0).map((manager) => manager.stop()));
  }

  /** Members of the pool that answer questions. */
  async startWorkers(): Promise<void> {
    this.members = await startScriptedWorkers(this.nats.access, this.workers);
  }

  async stopWorkers(): Promise<void> {
    await this.members?.close();
    this.members = null;
  }

  async stop(): Promise<void> {
    await this.stopManagers();
    await this.stopWorkers();
    await Promise.all(this.services.map((service) => service.close()));
    await this.model.stop();
    await Promise.all([this.nats.stop(), this.postgres.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }
}

const testLog = (): Logger => createLogger('manager', (process.env.APWA_LOG_LEVEL as 'warn' | undefined) ?? 'silent');

const configOf = (places: { database: ServiceDatabase; nats: NatsAccess; baseUrl: string; storageUrl: string }) =>
  Config.parse({
    model: 'small',
    models: { small: { endpoints: [{ baseUrl: places.baseUrl, apiKey: 'sk-canary-123456', name: 'scripted' }] } },
    planner: { model: 'small', maxTurns: 8 },
    storage: { url: places.storageUrl },
    nats: places.nats,
    manager: { databaseUrl: places.database.manager, port: 0 },
    executor: { databaseUrl: places.database.executor },
    limits: { uploadBytes: 5_000_000 },
  });

/** A client of the HTTP API, as small as can be. */
export class Api {
  constructor(
    readonly url: string,
    /** Sent with every request. */
    readonly key?: string,
  ) {}

  get authorization(): Record<string, string> {
    return this.key === undefined ? {} : { authorization: `Bearer ${this.key}` };
  }

  async send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown; headers: Headers }> {
    const headers = { ...this.authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  }

  async ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  async refused(method: string, path: string, body?: unknown): Promise<ErrorBody['error'] & { status: number }> {
    const answer = await this.send(method, path, body);
    if (answer.status < 400) throw new Error(`${method} ${path} was not refused: ${answer.status}`);
    return { ...(answer.body as ErrorBody).error, status: answer.status };
  }

  async upload(...files: [name: string, content: string][]): Promise<string> {
    const { id } = await this.ok<Upload>('POST', '/v1/uploads');
    for (const [name, body] of files) {
      const response = await fetch(`${this.url}/v1/uploads/${id}/files?name=${encodeURIComponent(name)}`, {
        method: 'PUT',
        body,
        headers: this.authorization,
      });
      if (!response.ok) throw new Error(await response.text());
    }
    return id;
  }

  /** A table that is ready. */
  async table(name = 'rows'): Promise<Table> {
    const upload = await this.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await this.ok<Table>('POST', '/v1/tables', { name, upload });
    return until(
      async () => {
        const table = await this.ok<Table>('GET', `/v1/tables/${id}`);
        return table.state === 'ready' ? table : null;
      },
      { timeoutMs: 60_000, what: `table ${name}` },
    );
  }

  run(id: string): Promise<Run> {
    return this.ok<Run>('GET', `/v1/runs/${id}`);
  }

  /** Waits until a run is in a state, or has ended in any. */
  async until(id: string, ...states: Run['state'][]): Promise<Run> {
    return until(
      async () => {
        const run = await this.run(id);
        return states.includes(run.state) || (states.length === 0 && isTerminal(run.state)) ? run : null;
      },
      { timeoutMs: 60_000, what: `run ${id} to be ${states.join(' or ') || 'over'}` },
    );
  }
}
