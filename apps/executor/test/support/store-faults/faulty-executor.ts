import { createService } from '@apwa/messaging';
import { applyMigrations, createLogger, NestLogger } from '@apwa/service';
import { type FaultPlan, StoreFaults } from '@apwa/test-kit';
import { TransientError } from '@apwa/contracts';
import { type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { ExecutorModule } from '../../../src/app.module.js';
import { Database, SCHEMA } from '../../../src/database/database.js';
import { LedgerWriter } from '../../../src/ledger/ledger-writer.js';
import { MembersService } from '../../../src/members/members.service.js';
import { PoolsService } from '../../../src/pools/pools.service.js';
import { Scaler } from '../../../src/pools/scaler.js';
import { STORAGE } from '../../../src/settings.js';
import { MIGRATIONS } from '../../../src/start.js';
import { Sweeper } from '../../../src/sweeper/sweeper.js';
import { FAST, type World } from '../world.js';

/** Sweeps come soon, and the last of a stage after its members have let go of it. */
const TIMING = {
  ...FAST,
  claimMs: 20,
  sweepMs: 80,
  scaleMs: 80,
  purgeMs: 50,
  purgeAgainMs: 100,
  clearLastMs: 200,
  collectMs: 50,
  collectAgainMs: 100,
  strayMs: 250,
};

/** Stores fail again and again for so long: what is left then must come to its end. Leases don't run out meanwhile, if so much fails. */
const FAULTS_MS = 1_000;

/** A connection to Postgres that breaks, as its driver tells it. */
const broken = (method: string): Error => Object.assign(new Error(`the connection broke at ${method}`), { code: 'ECONNRESET' });
const unavailable = (code: string) => (method: string) => new TransientError(code, `a fault of the test at ${method}`);

/** What fails in the way of which store; null for providers that are none. */
const faultsOf = (provide: unknown) => {
  if (provide === STORAGE)
    return { name: 'Storage', fault: unavailable('storage_unavailable'), except: ['localPath', 'close', 'place', 'guarded'] };
  if (provide === Database) {
    const fault = unavailable('database_unavailable');
    return { name: 'Database', fault, except: ['fence', 'onOutage', 'onModuleDestroy'] };
  }
  if (typeof provide === 'function' && (provide === LedgerWriter || provide.name.endsWith('Repository')))
    return { name: provide.name, fault: broken };
  return null;
};

const withFaults = (provider: Provider, faults: StoreFaults): Provider[] => {
  const provide = typeof provider === 'function' ? provider : provider.provide;
  const terms = faultsOf(provide);
  if (!terms) return [provider];
  const real = Symbol(terms.name);
  return [
    typeof provider === 'function' ? { provide: real, useClass: provider as Type<object> } : { ...provider, provide: real },
    { provide, inject: [real], useFactory: (store: object) => faults.through(store, terms) },
  ];
};

const { providers = [] } = ExecutorModule.forRoot({ config: { nats: {}, executor: {} } } as never);
const names = providers.flatMap((one) => faultsOf(typeof one === 'function' ? one : one.provide)?.name ?? []);
const alone = ['Storage', 'Database'];
const repositories = names.filter((name) => !alone.includes(name));

/** The stores of the executor's module, a repository that is added later too: two of them fail at a time, as there is time for. */
export const GROUPS = [
  ...alone.map((name) => [name]),
  ...repositories.flatMap((_, at) => (at % 2 === 0 ? [repositories.slice(at, at + 2)] : [])),
];

/** The executor in this process as `startExecutor` starts it, with stores that fail on demand. */
export class FaultyExecutor {
  private constructor(
    readonly faults: StoreFaults,
    /** What it has logged as a warning or worse. */
    readonly logged: Record<string, unknown>[],
    private readonly app: Awaited<ReturnType<typeof createService>>,
    private readonly members = app.get(MembersService),
  ) {}

  static async start(world: World): Promise<FaultyExecutor> {
    const [faults, logged] = [new StoreFaults(), [] as Record<string, unknown>[]];
    const { config } = world;
    const log = createLogger('executor', 'warn', {
      destination: { write: (line) => logged.push(JSON.parse(line) as (typeof logged)[number]) },
    });
    const connectionString = config.executor.databaseUrl;
    await applyMigrations({ connectionString, schema: SCHEMA, directory: MIGRATIONS, log });
    const stop = (reason: Error) => void world.replaced.push(reason);
    const module = ExecutorModule.forRoot({ config, log, stop, timing: TIMING });
    const faulty: DynamicModule = { ...module, providers: (module.providers ?? []).flatMap((one) => withFaults(one, faults)) };
    const app = await createService(faulty, { service: 'executor', nats: config.nats, logger: new NestLogger(log) });
    const executor = new FaultyExecutor(faults, logged, app);
    await executor.members.endOrphans();
    app.get(Sweeper).start();
    await app.get(PoolsService).start({ memberDied: () => undefined });
    app.get(Scaler).start();
    return executor;
  }

  /** What a supervisor tells of a member that it saw crash. */
  async died(instance: string): Promise<void> {
    await this.members.died(instance, 'killed', true);
  }

  /** Does the work with a plan on, until it is done, or for as long as stores fail again and again. */
  async under(plan: FaultPlan, work: () => Promise<void>): Promise<void> {
    this.faults.begin(plan);
    const timer = plan.how === 'once' ? undefined : setTimeout(() => this.faults.heal(), FAULTS_MS);
    try {
      await work();
    } finally {
      clearTimeout(timer);
      this.faults.heal();
    }
  }

  async stop(): Promise<void> {
    this.faults.heal();
    await this.app.get(Scaler).stop();
    await this.app.get(PoolsService).stop();
    await this.app.get(Sweeper).stop();
    await this.app.close();
  }
}
