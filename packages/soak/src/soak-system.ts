import { isTerminal, type Run } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type Client, createClient } from '@apwa/sdk';
import {
  eventually,
  ExternalMember,
  settableClock,
  type SettableClock,
  startStack,
  type Stack,
  tcpProxy,
  type TcpProxy,
  tempDir,
  type TempDir,
} from '@apwa/test-kit';
import { jetstreamManager } from '@nats-io/jetstream';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { stringify } from 'yaml';
import { Disk } from './disk.js';
import { SoakModel } from './soak-model.js';
import { planOf, rowsFile, STEP } from './task.js';

const MEMBERS = 2;
export const SLOTS = 100;
/** Shorter than in production, so that what outlasts a lease takes less time. */
export const LEASE_MS = 4_000;
const HEARTBEAT_MS = 500;
const RUN_MS = 300_000;

/** Connections that a fault may be put into, by who makes them and where they lead. */
export interface Links {
  readonly manager: { readonly nats: TcpProxy; readonly postgres: TcpProxy };
  readonly executor: { readonly nats: TcpProxy; readonly postgres: TcpProxy };
}

/** The clocks of who goes by the time of day; none where none can be set. */
export type Clocks = Partial<Record<'postgres' | 'manager' | 'executor' | 'members', SettableClock>>;

const openClocks = async (): Promise<Clocks> => {
  const clocks: Clocks = {};
  for (const whose of ['postgres', 'manager', 'executor', 'members'] as const) {
    const clock = await settableClock();
    if (clock) clocks[whose] = clock;
  }
  return clocks;
};

/** The system under fire: every part is real but the model, each a process of its own, with proxies on the ways between them. */
export class SoakSystem {
  private constructor(
    readonly stack: Stack,
    readonly model: SoakModel,
    readonly members: readonly ExternalMember[],
    readonly links: Links,
    readonly disk: Disk,
    readonly clocks: Clocks,
    private readonly client: Client,
    private readonly dir: TempDir,
  ) {}

  /** `turns`: of agents, answers of the model for each row; 1: each row is asked once. */
  static async start(log: (line: string) => void, turns: number): Promise<SoakSystem> {
    const dir = await tempDir();
    const disk = await Disk.open(join(dir.path, 'disk'));
    const model = await SoakModel.start(turns);
    const clocks = await openClocks();
    const links: Partial<Record<keyof Links, { nats: TcpProxy; postgres: TcpProxy }>> = {};
    const configPath = join(dir.path, 'soak.config.yaml');
    await writeFile(configPath, stringify({ model: 'soak', models: { soak: { baseUrl: model.url, name: 'soak' } } }));
    const stack = await startStack({
      dir: dir.path,
      model: 'configured',
      configPath,
      log,
      config: {
        executor: { leaseMs: LEASE_MS, heartbeatMs: HEARTBEAT_MS },
        storage: { url: disk.url },
        pools: [{ name: 'default', backend: 'external', slots: SLOTS }],
      },
      envOf: async (service, { nats, database }) => {
        const link = { nats: await tcpProxy(nats.access.url), postgres: await tcpProxy(database[service]) };
        links[service] = link;
        const ways = { APWA__nats__url: link.nats.url, [`APWA__${service}__databaseUrl`]: link.postgres.url };
        return { ...ways, ...clocks[service]?.env };
      },
      postgresEnv: clocks.postgres?.env ?? {},
    });
    const options = {
      configFile: stack.configFile,
      natsUrl: stack.services.nats.access.url,
      logs: join(dir.path, 'logs'),
      env: clocks.members?.env ?? {},
    };
    const members: ExternalMember[] = [];
    for (let n = 0; n < MEMBERS; n++) members.push(await ExternalMember.start(options));
    return new SoakSystem(stack, model, members, links as Links, disk, clocks, createClient({ url: stack.url }), dir);
  }

  async submit(rows: number): Promise<string> {
    const upload = await this.client.uploads.of([rowsFile(rows)]);
    return (await this.client.runs.create({ inputs: [{ name: 'rows', upload: upload.id }], plan: planOf(this.model.turns) })).id;
  }

  run(id: string): Promise<Run> {
    return this.client.runs.get(id);
  }

  /** The run when it has ended, whoever dies meanwhile. */
  end(id: string): Promise<Run> {
    return eventually(
      async () => {
        const run = await this.run(id);
        return isTerminal(run.state) ? run : null;
      },
      { timeoutMs: RUN_MS, what: `run ${id} to end` },
    );
  }

  /** The rows of a run's table, with the machinery's columns. */
  async rows(run: Run): Promise<Record<string, unknown>[]> {
    const tableId = run.steps.find(({ id }) => id === STEP)?.tableId;
    if (!tableId) return [];
    const { id } = await this.client.tables.export(tableId, { format: 'jsonl', rows: 'all', bookkeeping: true });
    await this.client.tables.waitForExport(id);
    const text = await new Response(await this.client.tables.content(id)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Rows of a statement, straight from the executor's schema: for what no message tells. */
  async ledger<T extends object>(text: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.stack.databaseUrl, options: '-c search_path=executor' });
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Messages that JetStream holds, of all streams together, and how many streams there are. */
  async journal(): Promise<{ streams: number; messages: number }> {
    const messaging = await Messaging.connect({ url: this.stack.services.nats.url }, { name: 'soak' });
    try {
      const manager = await jetstreamManager(messaging.connection, { checkAPI: false });
      let [streams, messages] = [0, 0];
      for await (const { state } of manager.streams.list()) {
        streams++;
        messages += state.messages;
      }
      return { streams, messages };
    } finally {
      await messaging.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    await this.stack.stop();
    const { manager, executor } = this.links;
    for (const { nats, postgres } of [manager, executor]) await Promise.all([nats.close(), postgres.close()]);
    await this.model.close();
    await this.disk.close();
    for (const clock of Object.values(this.clocks)) await clock.remove();
    await this.dir.remove();
  }
}
