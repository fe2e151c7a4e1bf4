import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApwaError, InternalError, isTerminal, type Plan, type Run, type RunRequest } from '@apwa/contracts';
import { type Client, createClient } from '@apwa/sdk';
import { type RayTestCluster, type Stack, type StackOptions, startStack, tempDir, type TempDir } from '@apwa/test-kit';
import pg from 'pg';
import { stringify } from 'yaml';
import { residentMb } from '../measure/processes.js';
import { INPUT } from './plans.js';

export interface SystemOptions {
  /** The stub's address. */
  modelUrl: string;
  members: number;
  /** Calls in flight per member. */
  slots: number;
  /** What the model allows, as the services are told. */
  limits?: { requestsPerMinute: number };
  /** For the services, for example to have a profile written. */
  env?: NodeJS.ProcessEnv;
  /** Where its members are; left out: they are processes of the executor. Whoever started it stops it, and them with it. */
  ray?: RayTestCluster;
}

/** The production stack as processes of this machine, with the stub as its model. */
export class SystemUnderTest {
  private constructor(
    readonly stack: Stack,
    readonly client: Client,
    private readonly dir: TempDir,
    private readonly ray: RayTestCluster | undefined,
  ) {}

  static async start({ modelUrl, members, slots, limits, env = {}, ray }: SystemOptions): Promise<SystemUnderTest> {
    const dir = await tempDir('bench');
    try {
      const configPath = join(dir.path, 'bench.config.yaml');
      await writeFile(
        configPath,
        stringify({ model: 'stub', models: { stub: { baseUrl: modelUrl, name: 'stub', ...(limits ? { limits } : {}) } } }),
      );
      const onRay = ray ? placedOn(ray, dir.path, members, slots) : { members, slots };
      const stack = await startStack({ dir: dir.path, model: 'configured', configPath, env, ...onRay });
      return new SystemUnderTest(stack, createClient({ url: stack.url }), dir, ray);
    } catch (error) {
      await dir.remove();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await this.dir.remove();
  }

  /** The first process of each part; what they start counts with them, the executor's members with the executor. */
  get roots(): Map<string, number> {
    const { nats, postgres, manager, executor } = this.stack.services;
    return new Map([
      ['manager', manager.pid],
      ['executor and members', executor.pid],
      ['NATS', nats.pid],
      ['Postgres', postgres.pid],
      ...(this.ray ? [['Ray and members', this.ray.head.pid as number] as const] : []),
    ]);
  }

  /** The parts' processes by name: members one by one. */
  async processes(): Promise<Map<string, number>> {
    const { nats, postgres, manager, executor } = this.stack.services;
    const members = (await this.stack.memberPids()).sort((a, b) => a - b);
    return new Map([
      ['manager', manager.pid],
      ['executor', executor.pid],
      ...members.map((pid, index): [string, number] => [`member ${index + 1}`, pid]),
      ['NATS', nats.pid],
      ['Postgres', postgres.pid],
    ]);
  }

  /** Resident memory of each process by its name, in mebibytes. */
  async memoryMb(): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const [name, pid] of await this.processes()) {
      const resident = await residentMb(pid);
      if (resident !== null) found.set(name, resident);
    }
    return found;
  }

  /** Imports a file of rows; resolves with the id of the table. */
  async import(path: string): Promise<string> {
    const upload = await this.client.uploads.of([{ name: 'rows.jsonl', path }]);
    const { id } = await this.client.tables.import({ name: INPUT, upload: upload.id });
    await this.client.tables.wait(id);
    return id;
  }

  submit(table: string, plan: Plan, limits: RunRequest['limits'] = {}): Promise<Run> {
    return this.client.runs.create({ inputs: [{ name: INPUT, table }], plan, limits });
  }

  /** Resolves when the run has ended well, with every row of its steps answered. */
  async finished({ id }: Pick<Run, 'id'>, rows: number): Promise<Run> {
    const run = await this.client.runs.wait(id);
    if (run.error) throw ApwaError.fromPayload(run.error);
    for (const { id: step, counts } of run.steps)
      if (counts.ok !== rows)
        throw new InternalError('rows_missing', `step ${step} of run ${id} has ${counts.ok} of ${rows} rows, ${counts.failed} failed`);
    if (!isTerminal(run.state)) throw new InternalError('not_ended', `run ${id} is ${run.state}`);
    return run;
  }

  /** Rows of a statement over the executor's schema. */
  async ledger<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.stack.databaseUrl, options: '-c search_path=executor' });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }
}

/** What puts the members on a Ray cluster. Its nodes find NATS and the configuration in the stack's folder. */
const placedOn = (ray: RayTestCluster, dir: string, members: number, slots: number): Partial<StackOptions> => {
  const natsUrlFile = join(dir, 'nats-url');
  const cluster = {
    name: 'bench',
    ...ray.access,
    natsUrlFile,
    member: { environment: { APWA_CONFIG: join(dir, 'apwa.config.yaml') } },
    pools: [{ name: 'default', slots, min: members, max: members }],
  };
  return {
    config: { pools: [], ray: { clusters: [cluster] } },
    envOf: async (_, { nats }) => {
      await writeFile(natsUrlFile, nats.urlFor('fabric'), { mode: 0o600 });
      return {};
    },
  };
};
