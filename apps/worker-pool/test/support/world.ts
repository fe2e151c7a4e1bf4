import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentTemplate,
  type CapabilityDefinition,
  type CapabilityTemplate,
  type Column,
  type JsonObject,
  type LlmTemplate,
  type JsonSchema,
  comesFromStage,
  newId,
  noUsage,
  type RowResult,
  type ShardRange,
  type StageWork,
  type TableReference,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { openStorage, readManifest, readRows, type Storage, writeManifest, writeMapPart } from '@apwa/tables';
import { MemberProcess } from './member-process.js';
import { type NatsServer, startNatsServer } from './nats.js';
import { type ExecutorScript, ScriptedExecutor, type StageShare } from './scripted-executor.js';
import { ScriptedModel } from './scripted-model.js';

const OUTPUT: JsonSchema = {
  type: 'object',
  properties: { upper: { type: 'string' } },
  required: ['upper'],
  additionalProperties: false,
};

export interface WorldOptions {
  slots?: number;
  endpoint?: Record<string, unknown>;
  /** More of the configuration. */
  settings?: Record<string, unknown>;
}

/**
 * What stands around a member: a real NATS server, real files, a model server and an executor that are scripted, and the built
 * service in processes of its own.
 */
interface StageOptions extends StageShare {
  template?: Partial<LlmTemplate> | AgentTemplate | CapabilityTemplate;
  shardRows?: number;
  /** Of the plan, beside those that are built in. */
  capabilities?: CapabilityDefinition[];
}

export class World {
  private readonly members: MemberProcess[] = [];

  private constructor(
    readonly nats: NatsServer,
    readonly executor: ScriptedExecutor,
    /** An administrator's: the test reads and writes what others than the executor do. */
    readonly messaging: Messaging,
    readonly model: ScriptedModel,
    readonly storage: Storage,
    readonly config: string,
    private readonly folder: string,
    private readonly slots: number,
  ) {}

  static async start({ slots = 64, endpoint = {}, settings: more = {} }: WorldOptions = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'apwa-member-'));
    const nats = await startNatsServer();
    const model = await ScriptedModel.start();
    const executor = await ScriptedExecutor.start(nats.access);
    const messaging = await Messaging.connect({ url: nats.url }, { name: 'test' });
    const url = `file://${join(folder, 'storage')}`;
    const config = join(folder, 'apwa.config.yaml');
    const settings = {
      models: { small: { baseUrl: model.url, apiKey: 'sk-test-canary-1234', name: 'scripted', ...endpoint } },
      storage: { url },
      nats: nats.access,
      pools: [{ name: 'default', backend: 'external', slots }],
      ...more,
    };
    await writeFile(config, JSON.stringify(settings));
    return new World(nats, executor, messaging, model, await openStorage({ url }), config, folder, slots);
  }

  get script(): ExecutorScript {
    return this.executor.script;
  }

  /** A member that has joined. */
  member(env: NodeJS.ProcessEnv = {}): Promise<MemberProcess> {
    return this.process(env).ready();
  }

  process(env: NodeJS.ProcessEnv = {}): MemberProcess {
    const member = MemberProcess.start(this.config, env);
    this.members.push(member);
    return member;
  }

  /** A table of one column `text`. */
  table(texts: string[]): Promise<TableReference> {
    return this.tableOf(
      [{ name: 'text', type: 'VARCHAR' }],
      texts.map((text) => ({ text })),
    );
  }

  async tableOf(columns: Column[], rows: JsonObject[]): Promise<TableReference> {
    const tableId = newId('table');
    const results = rows.map((output, row) => inputRow(row, output));
    const part = await writeMapPart(this.storage, `parts/${newId('stage')}/${tableId}.parquet`, { columns, results });
    const parts = [{ ...part, firstRow: 0 }];
    return writeManifest(this.storage, { tableId, version: 1, columns, ownColumns: columns, rows: rows.length, parts });
  }

  work(
    input: TableReference,
    template: Partial<LlmTemplate> | AgentTemplate | CapabilityTemplate = {},
    capabilities?: CapabilityDefinition[],
  ): StageWork {
    const own = capabilities ? { capabilities } : {};
    if (template.mode === 'capability') return { kind: 'map', input, model: null, template, ...own };
    if (template.mode === 'agent') return { kind: 'map', input, model: 'small', template, ...own };
    return { kind: 'map', input, model: 'small', template: { mode: 'llm', instructions: 'Shout {{text}}', output: OUTPUT, ...template } };
  }

  /** A stage over these texts, and members are told. */
  async stage(texts: string[], options: StageOptions = {}) {
    return this.stageOver(await this.table(texts), options);
  }

  stageOver(table: TableReference, { template, shardRows = table.rows, capabilities, ...share }: StageOptions = {}) {
    const stage = this.script.addStage(this.work(table, template, capabilities), rangesOf(table.rows, shardRows), share);
    this.executor.hint();
    return stage;
  }

  /** The committed rows of a stage, in order. */
  async result(stageId: string): Promise<Record<string, unknown>[]> {
    const stage = this.script.stages.get(stageId);
    if (stage?.work.kind !== 'map') throw new Error('not a map');
    const base = stage.work.input;
    if (comesFromStage(base)) throw new Error('not of a table');
    const committed = this.script.shardsOf(stageId).flatMap(({ range, content }) => (content ? [{ range, content }] : []));
    const own = committed[0]?.content.columns ?? [];
    const { columns: inputColumns } = await readManifest(this.storage, base);
    const reference = await writeManifest(this.storage, {
      tableId: newId('table'),
      version: 1,
      columns: [...inputColumns, ...own, ...BOOKKEEPING],
      ownColumns: [...own, ...BOOKKEEPING],
      rows: base.rows,
      base,
      parts: committed.map(({ range, content }) => ({ ...content.part, firstRow: range.first })),
    });
    return readRows(this.storage, reference, { first: 0, last: base.rows - 1 });
  }

  /** What the members have logged. */
  log(): string {
    return this.members.map((member) => member.log()).join('\n');
  }

  /** Stops everything, and fails if a member has ever lost count of its slots (HAZARDS K11). */
  async stop(): Promise<void> {
    if (process.env.SHOW_LOG) for (const member of this.members) process.stderr.write(`${member.log()}\n`);
    await Promise.all(this.members.map((member) => member.kill()));
    await this.messaging.close();
    await this.executor.stop();
    await this.model.stop();
    await this.nats.stop();
    this.storage.close();
    await rm(this.folder, { recursive: true, force: true });
    expect(this.script.heartbeats.filter(({ leasedSlots, freeSlots }) => leasedSlots + freeSlots !== this.slots)).toEqual([]);
  }
}

const BOOKKEEPING = [
  { name: '_status', type: 'VARCHAR' },
  { name: '_error_code', type: 'VARCHAR' },
  { name: '_error', type: 'VARCHAR' },
  { name: '_attempts', type: 'INTEGER' },
  { name: '_input_tokens', type: 'BIGINT' },
];

const inputRow = (row: number, output: JsonObject): RowResult => ({
  row,
  status: 'ok',
  output,
  error: null,
  attempts: 0,
  model: null,
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 0,
  traceId: null,
});

const rangesOf = (rows: number, size: number): ShardRange[] =>
  Array.from({ length: Math.ceil(rows / size) }, (_, index) => ({ first: index * size, last: Math.min(rows, (index + 1) * size) - 1 }));

export const texts = (count: number, prefix = 'row'): string[] => Array.from({ length: count }, (_, row) => `${prefix}-${row}`);
