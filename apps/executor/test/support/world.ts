import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '@apwa/config';
import {
  type Assignment,
  type CommitContent,
  type executorOperations,
  executorOperations as operations,
  type MapWork,
  newId,
  noCounts,
  type Part,
  sizeOf,
  type Stage,
  type TableReference,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { createLogger, type Logger } from '@apwa/service';
import { openStorage, type Storage } from '@apwa/tables';
import { type NatsServer, type PostgresServer, startNats, startPostgres } from '@apwa/test-kit';
import pg from 'pg';
import { type z } from 'zod';
import { type Timing } from '../../src/settings.js';
import { type Executor, startExecutor } from '../../src/start.js';

/** Everything is faster than in production, in the same proportions. */
export const FAST: Partial<Timing> = {
  // A test's claim is answered whole, however slow the machine is.
  claimMs: 60_000,
  sweepMs: 50,
  journalCheckMs: 300,
  noticeMs: 20,
  progressMs: 50,
  purgeMs: 100,
  purgeAgainMs: 400,
  collectMs: 100,
  collectAgainMs: 400,
  clearLastMs: 1_000,
  scaleMs: 50,
};
export const LEASE_MS = 1_000;

const POOLS: z.input<typeof Config>['pools'] = [
  { name: 'default', backend: 'external', slots: 64, min: 0, max: 4, resources: { cpus: 2 } },
  { name: 'large', backend: 'external', slots: 64, min: 0, max: 4, resources: { cpus: 8, gpus: 1 } },
];

type RequestOf<Name extends keyof typeof executorOperations> = z.input<(typeof executorOperations)[Name]['request']>;

interface WorldExecutor {
  /** Starts a member of a pool of processes. */
  memberCommand?: readonly string[];
  log?: Logger;
}

const quiet = (): Logger => createLogger('executor', (process.env.APWA_LOG_LEVEL as 'warn' | undefined) ?? 'silent');

/** Real: the executor, Postgres, NATS with JetStream, storage. The test itself is the members of the pool and the manager. */
export class World {
  readonly executors: Executor[] = [];
  readonly replaced: Error[] = [];
  config!: Config;
  /** Of its superuser. */
  databaseUrl!: string;
  messaging!: Messaging;
  private databases = 0;

  private constructor(
    readonly dir: string,
    readonly postgres: PostgresServer,
    readonly nats: NatsServer,
    readonly storage: Storage,
  ) {}

  static async start(postgresEnv: NodeJS.ProcessEnv = {}): Promise<World> {
    const dir = await mkdtemp(join(tmpdir(), 'apwa-executor-'));
    const [postgres, nats] = await Promise.all([
      startPostgres({ dir: join(dir, 'postgres'), env: postgresEnv, durable: false }),
      startNats({ dir: join(dir, 'nats') }),
    ]);
    const world = new World(dir, postgres, nats, await openStorage({ url: `file://${join(dir, 'storage')}` }));
    world.messaging = await Messaging.connect({ url: nats.url }, { name: 'test' });
    await world.newDatabase();
    return world;
  }

  /** A database of its own for what follows. */
  async newDatabase(pools: z.input<typeof Config>['pools'] = POOLS): Promise<void> {
    const database = await this.postgres.createServiceDatabase(`apwa_${++this.databases}`);
    this.databaseUrl = database.url;
    this.config = Config.parse({
      model: 'small',
      models: { small: { endpoints: [{ baseUrl: 'http://127.0.0.1:9/v1', name: 'none' }] } },
      planner: { model: 'small' },
      storage: { url: `file://${join(this.dir, 'storage')}` },
      nats: this.nats.access,
      manager: { databaseUrl: database.manager, port: 0 },
      executor: { databaseUrl: database.executor, leaseMs: LEASE_MS, heartbeatMs: 200 },
      pools,
    });
  }

  async executor(timing: Partial<Timing> = {}, { memberCommand, log = quiet() }: WorldExecutor = {}): Promise<Executor> {
    const stop = (reason: Error) => void this.replaced.push(reason);
    const options = { config: this.config, log, stop, timing: { ...FAST, ...timing } };
    const executor = await startExecutor({ ...options, ...(memberCommand ? { memberCommand } : {}) });
    this.executors.push(executor);
    return executor;
  }

  async stopExecutors(): Promise<void> {
    await Promise.all(this.executors.splice(0).map((executor) => executor.stop()));
  }

  /** Rows of a statement, straight from the database: for what no message tells. */
  async sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, options: '-c search_path=executor' });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  submit(rows: number, more: Partial<RequestOf<'submitStage'>> = {}): Promise<Stage> {
    const request = { stageId: newId('stage'), ownerId: newId('run'), work: mapWork(rows), resources: {}, ...more };
    return this.messaging.request(operations.submitStage, request);
  }

  stage(stageId: string): Promise<Stage> {
    return this.messaging.request(operations.getStage, { stageId });
  }

  async member(pool = 'default', slots = 64): Promise<TestMember> {
    const member = new TestMember(this, newId('member'), pool, slots);
    await member.join();
    return member;
  }

  /** Gives every shard of all stages to one member, until none is left. */
  async finish(member: TestMember): Promise<void> {
    for (let got = await member.claim(); got.length > 0; got = await member.claim())
      for (const one of got) {
        await member.commit(one);
        // On a busy machine all of it takes longer than a lease.
        await member.heartbeat();
      }
  }

  async stop(): Promise<void> {
    await this.stopExecutors();
    await this.messaging.close();
    await Promise.all([this.nats.stop(), this.postgres.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }
}

export const mapWork = (rows: number): MapWork & { input: TableReference } => ({
  kind: 'map',
  input: { tableId: newId('table'), version: 1, manifestKey: 'manifests/none.json', sha256: '0'.repeat(64), rows },
  template: { mode: 'llm', instructions: 'Say what {{text}} is.', output: { type: 'object', properties: { is: { type: 'string' } } } },
  model: 'small',
});

let members = 0;

/** The messages of a pool's member, one at a time: the test decides what it does and leaves. */
export class TestMember {
  held: Assignment[] = [];
  /** Of no process: each member has one of its own. */
  readonly #pid = 1_000_000 + ++members;

  constructor(
    private readonly world: World,
    readonly id: string,
    readonly pool: string,
    readonly slots: number,
    readonly instance: string | null = null,
  ) {}

  join(more: { pid?: number; host?: string; instance?: string } = {}) {
    const { id, pool, slots } = this;
    const { pid = this.#pid, host = 'test', instance = this.instance } = more;
    const member = { id, pool, state: 'running' as const, slots: { total: slots, free: slots }, resources: {}, host, pid };
    return this.world.messaging.request(operations.join, { member, instance });
  }

  async claim(freeSlots = this.slots, saturated: string[] = []): Promise<Assignment[]> {
    const request = { memberId: this.id, freeSlots, lane: 'standard' as const, saturated };
    const { assignments } = await this.world.messaging.request(operations.claim, request);
    this.held.push(...assignments);
    return assignments;
  }

  /** Exactly one shard. */
  async claimOne(): Promise<Assignment> {
    const [assignment, ...others] = await this.claim();
    if (!assignment || others.length > 0) throw new Error(`${others.length + (assignment ? 1 : 0)} shards were given instead of one`);
    return assignment;
  }

  heartbeat(more: Partial<RequestOf<'heartbeat'>> = {}) {
    const attempts = this.held.map(({ token }) => ({ token, counts: noCounts() }));
    const leasedSlots = Math.min(
      this.slots,
      this.held.reduce((sum, { slots }) => sum + slots, 0),
    );
    return this.world.messaging.request(operations.heartbeat, {
      memberId: this.id,
      state: 'running',
      freeSlots: this.slots - leasedSlots,
      leasedSlots,
      attempts,
      questions: 0,
      residentMb: 100,
      loopDelayMs: 1,
      ...more,
    });
  }

  /** Writes a part under the attempt's name; `write` tells several of one attempt apart. */
  async write({ stageId, shardId, token, range }: Assignment, write = 1): Promise<Part> {
    const key = `parts/${stageId}/${shardId}.${token}.${write > 1 ? `${write}.` : ''}parquet`;
    const content = Buffer.from(`${token} ${write}`);
    await this.world.storage.write(key, content);
    return { key, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'), rows: sizeOf(range) };
  }

  /** `calls`: that the attempt made itself. */
  async commit(assignment: Assignment, more: Partial<CommitContent> = {}, calls = sizeOf(assignment.range)) {
    const part = more.part ?? (await this.write(assignment));
    const counts = { ...noCounts(), ok: sizeOf(assignment.range), calls: sizeOf(assignment.range) };
    const content: CommitContent = { rejected: null, columns: [], counts, ...more, part };
    const { shardId, token } = assignment;
    const { answer } = await this.world.messaging.request(operations.commit, { shardId, token, content, calls });
    if (answer !== 'no_such_part') this.held = this.held.filter((one) => one.token !== token);
    return answer;
  }

  release({ shardId, token }: Assignment, more: Pick<RequestOf<'release'>, 'journaled'> = {}) {
    this.held = this.held.filter((one) => one.token !== token);
    return this.world.messaging.request(operations.release, { shardId, token, ...more });
  }
}
