import { executorOperations, isTerminal, type Plan, type Run, type RunRequest, type Stage } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type Client, createClient, type UploadSource } from '@apwa/sdk';
import {
  eventually,
  leakCheck,
  type LeakCheck,
  startStack,
  type Stack,
  type StackOptions,
  tempDir,
  type TempDir,
} from '@apwa/test-kit';
import pg from 'pg';
import { parse } from 'yaml';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type z } from 'zod';

/** What the offline model's `/stats` tells, as far as these suites look at it. */
export interface ModelStats {
  requests: number;
  inFlight: number;
  maxInFlight: number;
  answered: number;
  refused: number;
  errors: number;
  malformed: number;
  repeated: number;
}

export interface RunOptions {
  inputs: Record<string, UploadSource | UploadSource[]>;
  plan?: Plan;
  goal?: string;
  limits?: z.input<typeof RunRequest>['limits'];
  budget?: z.input<typeof RunRequest>['budget'];
  outputs?: z.input<typeof RunRequest>['outputs'];
  reuse?: z.input<typeof RunRequest>['reuse'];
  approval?: z.input<typeof RunRequest>['approval'];
  amendments?: z.input<typeof RunRequest>['amendments'];
  quote?: z.input<typeof RunRequest>['quote'];
  stopAfter?: z.input<typeof RunRequest>['stopAfter'];
}

/** The whole system as processes of this machine, spoken to as a user would: Postgres, NATS, services and the offline model are real. */
export class System {
  private constructor(
    readonly stack: Stack,
    readonly client: Client,
    private readonly dir: TempDir,
    private readonly leaks: LeakCheck,
  ) {}

  static async start(options: Partial<StackOptions> = {}): Promise<System> {
    const leaks = await leakCheck();
    const dir = await tempDir();
    const stack = await startStack({ dir: dir.path, model: 'offline', members: 2, slots: 64, durable: false, ...options });
    return new System(stack, createClient({ url: stack.url }), dir, leaks);
  }

  /** One whose only model is the test's. */
  static asking({ url }: { url: string }): Promise<System> {
    return System.start({ config: { model: 'scripted', models: { scripted: { baseUrl: url, name: 'scripted' } } } });
  }

  /** Stops everything, and fails if a process or a connection is left. */
  async stop(): Promise<void> {
    await this.stack.stop();
    await this.dir.remove();
    await this.leaks.verify();
  }

  get configFile(): string {
    return this.stack.configFile;
  }

  /** The configuration that the services read. */
  async config(): Promise<{ nats: { url: string }; storage: { url: string } }> {
    return parse(await readFile(this.configFile, 'utf8')) as { nats: { url: string }; storage: { url: string } };
  }

  /** Submits a run; resolves as soon as the manager has taken it. */
  async submit({ inputs, ...request }: RunOptions): Promise<Run> {
    const named = [];
    for (const [name, source] of Object.entries(inputs)) {
      const upload = await this.client.uploads.of([source].flat());
      named.push({ name, upload: upload.id });
    }
    return this.client.runs.create({ ...request, inputs: named });
  }

  async run(options: RunOptions): Promise<Run> {
    return this.wait((await this.submit(options)).id);
  }

  /** The run when it has ended, whoever dies meanwhile. */
  wait(id: string, timeoutMs = 180_000): Promise<Run> {
    return eventually(
      async () => {
        const run = await this.client.runs.get(id);
        return isTerminal(run.state) ? run : null;
      },
      { timeoutMs, what: `run ${id} to end` },
    );
  }

  /** Waits until a step has so many rows done. */
  async untilDone(id: string, step: string, rows: number, timeoutMs = 120_000): Promise<void> {
    await eventually(
      async () => {
        const run = await this.client.runs.get(id);
        const counts = run.steps.find((one) => one.id === step)?.counts;
        const done = counts ? counts.ok + counts.failed : 0;
        if (done < rows && isTerminal(run.state)) throw new Error(`the run ended ${run.state}: ${run.error?.message ?? ''}`);
        return done >= rows;
      },
      { timeoutMs, what: `${rows} rows of ${step}` },
    );
  }

  /** The rows of a step's table, with the machinery's columns. */
  async rows(run: Run, step: string): Promise<Record<string, unknown>[]> {
    const tableId = run.steps.find(({ id }) => id === step)?.tableId;
    if (!tableId) throw new Error(`the run has no table for ${step}`);
    const { id } = await this.client.tables.export(tableId, { format: 'jsonl', rows: 'all', bookkeeping: true });
    await this.client.tables.waitForExport(id);
    const text = await new Response(await this.client.tables.content(id)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async modelStats(): Promise<ModelStats> {
    const url = this.stack.services.model?.url;
    if (!url) throw new Error('this system has no offline model');
    return (await (await fetch(new URL('/stats', url))).json()) as ModelStats;
  }

  /** The executor's stages of a run, asked over NATS as the manager does. */
  async stages(runId: string): Promise<Stage[]> {
    const { url, access } = this.stack.services.nats;
    const messaging = await Messaging.connect({ url, caFile: access.caFile }, { name: 'integration test' });
    try {
      return (await messaging.request(executorOperations.listStages, { owners: [runId] })).stages;
    } finally {
      await messaging.close();
    }
  }

  /** Rows of a statement, straight from the executor's schema: for what no message tells. */
  ledger<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.sql('executor', text, values);
  }

  /** The same of the manager's schema. */
  catalogue<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.sql('manager', text, values);
  }

  /** Objects in the storage, which is a folder, with their bytes. */
  async stored(): Promise<Map<string, number>> {
    const folder = fileURLToPath((await this.config()).storage.url);
    const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const objects = new Map<string, number>();
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const found = file.isFile() ? await stat(path).catch(() => null) : null;
      if (found) objects.set(relative(folder, path), found.size);
    }
    return objects;
  }

  private async sql<T extends object>(schema: string, text: string, values: unknown[]): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.stack.databaseUrl, options: `-c search_path=${schema}` });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Rows that are told apart by `id`, short enough for many of them. */
export const numberedRows = (count: number): { name: string; content: string } => ({
  name: 'rows.jsonl',
  content: Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: i, text: `Message ${i} from user${i}@example.com about order ${i * 7}.` }),
  ).join('\n'),
});

/** One call per row: the mail addresses of a text. */
export const mailPlan = (input = 'rows'): Plan => ({
  version: 1,
  steps: [
    {
      id: 'mails',
      kind: 'map',
      input,
      template: {
        mode: 'llm',
        instructions: 'List every email address in this message: {{text}}',
        output: {
          type: 'object',
          required: ['email'],
          properties: { email: { type: ['string', 'null'], description: 'The email address' } },
        },
      },
    },
  ],
  outputs: ['mails'],
});

/** Fails unless the rows are those of `numberedRows(count)`, each once, in order, with its own answer. */
export const expectEveryRowOnce = (rows: Record<string, unknown>[], count: number): void => {
  expect(rows).toHaveLength(count);
  expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: count }, (_, i) => i));
  const wrong = rows.filter(({ id, _status, email }) => _status !== 'ok' || email !== `user${Number(id)}@example.com`);
  expect(wrong.slice(0, 3)).toEqual([]);
};
