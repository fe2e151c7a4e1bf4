import { type Export, type Plan, type Run, type Table, type TableHead } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { readManifest } from '@apwa/tables';
import { jest } from '@jest/globals';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const ROWS = 50;
const judging: Plan = {
  version: 1,
  steps: [
    {
      id: 'judged',
      kind: 'map',
      input: 'rows',
      template: {
        mode: 'llm',
        instructions: 'Judge {{text}}',
        output: { type: 'object', required: ['mood'], properties: { mood: { type: 'string' } } },
      },
    },
    { id: 'counted', kind: 'sql', inputs: ['judged'], query: 'SELECT mood, count(*) AS n FROM judged GROUP BY 1' },
  ],
  outputs: ['judged', 'counted'],
};
const SOME = [
  { first: 10, last: 19 },
  { first: 30, last: 44 },
];

/** Real: the manager, Postgres, NATS, storage. Executor and members are scripted: what is looked at is which parts the manager names. */
describe('a table that is not complete', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    world.workers.read.length = 0;
    world.executor.decide = ({ work }) => {
      if (work.kind === 'import') return { columns: [{ name: 'text', type: 'VARCHAR' }], rows: ROWS };
      return work.kind === 'export' ? { content: 'a\n' } : null;
    };
  });

  const begun = async (kind: 'map' | 'sql' = 'map', plan = judging): Promise<{ id: string; stage: string; tables: string[] }> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }] });
    const found = await until(() => world.executor.of(kind).find(({ submission }) => submission.ownerId === id), {
      timeoutMs: 10_000,
      what: 'the stage',
    });
    const tables = (await api.run(id)).steps.flatMap(({ tableId }) => tableId ?? []);
    return { id, stage: found.submission.stageId, tables };
  };
  const show = (table: string | undefined) => api.ok<Table>('GET', `/v1/tables/${table}`);
  const partially = (table: string | undefined, rows: number) =>
    until(async () => ((await show(table)).partial?.rows === rows ? show(table) : null), { timeoutMs: 5_000, what: `${rows} rows` });
  const head = (table: string | undefined, rows = 10) => api.ok<TableHead>('GET', `/v1/tables/${table}/head?rows=${rows}`);
  /** First rows of the parts of the table that members were asked to read last. */
  const read = async () => {
    const reference = world.workers.read.at(-1);
    if (!reference) throw new Error('nothing was read');
    const manifest = await readManifest(world.storage, reference);
    expect(manifest).toMatchObject({
      rows: reference.rows,
      base: { rows: ROWS },
      columns: expect.arrayContaining([{ name: 'mood', type: 'VARCHAR' }]),
    });
    return manifest.parts.map(({ firstRow, rows }) => [firstRow, rows]);
  };
  const exported = async (table: string | undefined) => {
    const { id } = await api.ok<Export>('POST', `/v1/tables/${table}/exports`, { format: 'csv', rows: 'all' });
    const done = await until(
      async () => {
        const item = await api.ok<Export>('GET', `/v1/exports/${id}`);
        return item.state === 'writing' ? null : item;
      },
      { timeoutMs: 10_000, what: 'the export' },
    );
    expect(done).toMatchObject({ state: 'ready', error: null });
    const work = world.executor.of('export').find(({ submission }) => submission.ownerId === id)?.submission.work;
    if (work?.kind !== 'export') throw new Error('no stage for the export');
    return (await readManifest(world.storage, work.input)).parts.map(({ firstRow, rows }) => [firstRow, rows]);
  };

  it('should say how much there is of it, and be read as far as it is committed at that moment', async () => {
    const { id, stage, tables } = await begun();
    const [table] = tables;
    expect(await show(table)).toMatchObject({ state: 'writing', rows: null, partial: { rows: 0, of: ROWS } });
    expect(await head(table)).toMatchObject({ partial: { rows: 0, of: ROWS } });
    expect(await read()).toEqual([]);

    await world.executor.commitShards(stage, ...SOME);
    // What is committed counts, whether the manager has heard of it or not.
    await head(table, 40);
    expect(await read()).toEqual([
      [10, 10],
      [30, 15],
    ]);
    await partially(table, 25);
    // Ten rows stand in the first part.
    expect(await head(table, 10)).toMatchObject({ partial: { rows: 25, of: ROWS } });
    expect(await read()).toEqual([[10, 10]]);
    expect(await exported(table)).toEqual([
      [10, 10],
      [30, 15],
    ]);

    await world.executor.settle(stage, {});
    await until(async () => (await show(table)).state === 'ready', { timeoutMs: 5_000, what: 'the table' });
    expect(await show(table)).toMatchObject({ rows: ROWS, partial: null });
    expect(await head(table)).toMatchObject({ partial: null });
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await api.until(id);
    expect(await show(table)).toMatchObject({ state: 'ready', rows: ROWS, partial: null });
  });

  it('should keep its rows when its run is cancelled, and say so, though the executor forgets them', async () => {
    const { id, stage, tables } = await begun();
    const [table] = tables;
    await world.executor.commitShards(stage, ...SOME);
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await api.until(id, 'cancelled');
    world.executor.forget();
    expect(await show(table)).toMatchObject({ state: 'cancelled', rows: null, partial: { rows: 25, of: ROWS }, error: null });
    expect(await head(table, 5)).toMatchObject({ partial: { rows: 25, of: ROWS } });
    expect(await read()).toEqual([
      [10, 10],
      [30, 15],
    ]);
    expect(await exported(table)).toEqual([
      [10, 10],
      [30, 15],
    ]);
    // It is no input of another run.
    const inputs = [{ name: 'rows', table }];
    expect(await api.refused('POST', '/v1/runs', { plan: judging, inputs })).toMatchObject({ code: 'table_not_ready', value: 'cancelled' });
  });

  it('should not hold up a cancel when storage takes nothing, and be read from the executor then', async () => {
    const { id, stage, tables } = await begun();
    const [table] = tables;
    await world.executor.commitShards(stage, ...SOME);
    await partially(table, 25);
    // Where the manifests of the table would stand there is a file.
    const place = join(world.dir, 'storage', 'manifests', table ?? '');
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, '');
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await api.until(id, 'cancelled');
    expect(await api.refused('GET', `/v1/tables/${table}/head`)).toMatchObject({ status: 503, code: 'storage_unavailable' });
    await rm(place);
    expect(await head(table)).toMatchObject({ partial: { rows: 25, of: ROWS } });
    expect(await show(table)).toMatchObject({ state: 'cancelled', partial: { rows: 25, of: ROWS } });
  });

  it('should keep its rows when its step fails', async () => {
    const { id, stage, tables } = await begun();
    await world.executor.commitShards(stage, ...SOME);
    const fault = { code: 'authentication', class: 'refused' as const, message: 'wrong key' };
    await world.executor.settle(stage, { state: 'failed', fault });
    await api.until(id, 'failed');
    expect(await show(tables[0])).toMatchObject({ state: 'failed', error: fault, partial: { rows: 25, of: ROWS } });
    await head(tables[0]);
    expect(await read()).toHaveLength(2);
  });

  it('should be empty where a cancelled run had committed nothing', async () => {
    const { id, tables } = await begun();
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await api.until(id, 'cancelled');
    expect(await show(tables[0])).toMatchObject({ state: 'cancelled', partial: { rows: 0, of: ROWS } });
    await head(tables[0]);
    expect(await read()).toEqual([]);
  });

  it('should be refused to be read where there is nothing yet, or never will be', async () => {
    const { id, tables } = await begun();
    const refusal = { status: 409, code: 'wrong_state', field: 'id' };
    expect(await api.refused('GET', `/v1/tables/${tables[1]}/head`)).toMatchObject({ ...refusal, value: 'waiting' });
    expect(await api.refused('POST', `/v1/tables/${tables[1]}/exports`, { format: 'csv' })).toMatchObject({ ...refusal, value: 'waiting' });
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await api.until(id, 'cancelled');
    expect(await show(tables[1])).toMatchObject({ state: 'cancelled', partial: null });
    expect(await api.refused('GET', `/v1/tables/${tables[1]}/head`)).toMatchObject({ ...refusal, value: 'cancelled' });
    // Rows of a query come all at once.
    const query = await begun('sql', {
      ...judging,
      steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT 1' }],
      outputs: ['counted'],
    });
    await until(async () => (await show(query.tables[0])).state === 'writing', { timeoutMs: 5_000, what: 'the query' });
    expect(await api.refused('GET', `/v1/tables/${query.tables[0]}/head`)).toMatchObject({ ...refusal, value: 'writing' });
    await api.ok('POST', `/v1/runs/${query.id}/cancel`);
    await api.until(query.id, 'cancelled');
  });
});
