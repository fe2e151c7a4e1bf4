import { comesFromStage, type MapWork, type Plan, type Run, type StageInput, type TableHead, type TableReference } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { readManifest } from '@apwa/tables';
import { jest } from '@jest/globals';
import { type ExecutorScript } from './support/scripted-executor.js';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const ROWS = 50;
const map = (id: string, input: string, adds: string): Plan['steps'][number] => ({
  id,
  kind: 'map',
  input,
  template: {
    mode: 'llm',
    instructions: 'Judge {{text}}',
    output: { type: 'object', required: [adds], properties: { [adds]: { type: 'string' } } },
  },
});
const chain: Plan = {
  version: 1,
  steps: [
    map('first', 'rows', 'mood'),
    map('second', 'first', 'tone'),
    map('third', 'second', 'style'),
    { id: 'counted', kind: 'sql', inputs: ['third'], query: 'SELECT mood, count(*) AS n FROM third GROUP BY 1' },
  ],
  outputs: ['third', 'counted'],
};

/** Real: the manager, Postgres, NATS, storage. Executor and members are scripted. */
describe('steps that go row by row', () => {
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
      return work.kind === 'map' ? null : {};
    };
  });

  type Known = ReturnType<ExecutorScript['of']>[number];
  const mapsOf = (id: string): Known[] => world.executor.of('map').filter(({ submission }) => submission.ownerId === id);
  const begun = async (): Promise<{ id: string; maps: [Known, Known, Known] }> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan: chain, inputs: [{ name: 'rows', upload }] });
    await until(() => mapsOf(id).length === 3, { timeoutMs: 10_000, what: 'three stages' });
    return { id, maps: mapsOf(id) as [Known, Known, Known] };
  };
  const inputOf = ({ submission }: Known): StageInput => {
    const { input } = submission.work as MapWork;
    if (!comesFromStage(input)) throw new Error('the rows of a table');
    return input;
  };
  const stageOf = ({ submission }: Known): string => submission.stageId;
  const tableOf = async (id: string, step: string): Promise<string> =>
    (await api.run(id)).steps.find((one) => one.id === step)?.tableId ?? 'none';

  it('should be submitted while the one before is under way, each with what it needs to read rows as they come', async () => {
    const { id, maps } = await begun();
    const [first, second, third] = maps;
    expect(maps.map(({ submission }) => submission.followed)).toEqual([true, true, false]);
    const table = (first.submission.work as MapWork).input as TableReference;
    expect(inputOf(second)).toMatchObject({ stageId: stageOf(first), tableId: await tableOf(id, 'first'), rows: ROWS, base: table });
    expect(inputOf(second).columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['text', 'mood', '_status', '_error_code']));
    expect(inputOf(second).ownColumns.map(({ name }) => name)).toEqual(expect.arrayContaining(['mood', '_row']));
    expect(inputOf(second).ownColumns.map(({ name }) => name)).not.toContain('text');
    expect(inputOf(third)).toMatchObject({ stageId: stageOf(second), base: inputOf(second) });
    expect(inputOf(third).columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['text', 'mood', 'tone']));
    expect((await api.run(id)).steps.map(({ state, rows }) => [state, rows])).toEqual([
      ['running', ROWS],
      ['running', ROWS],
      ['running', ROWS],
      ['waiting', null],
    ]);
    await api.ok('POST', `/v1/runs/${id}/cancel`, {});
    await until(async () => (await api.run(id)).state === 'cancelled', { timeoutMs: 10_000, what: 'the cancel' });
  });

  it('should be read as far as they go, on as much of the ones before as there is', async () => {
    const { id, maps } = await begun();
    const [first, second] = maps;
    await world.executor.commitShards(stageOf(first), { first: 10, last: 19 }, { first: 30, last: 44 });
    await world.executor.commitShards(stageOf(second), { first: 30, last: 44 });
    const table = await tableOf(id, 'second');
    await until(async () => (await api.ok<TableHead>('GET', `/v1/tables/${table}/head?rows=50`)).partial?.rows === 15, {
      timeoutMs: 5_000,
      what: 'rows',
    });
    const manifest = await readManifest(world.storage, world.workers.read.at(-1) as TableReference);
    expect(manifest.parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([[30, 15]]);
    const base = await readManifest(world.storage, manifest.base as TableReference);
    expect(base.parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
      [10, 10],
      [30, 15],
    ]);
    await api.ok('POST', `/v1/runs/${id}/cancel`, {});
    await until(async () => (await api.run(id)).state === 'cancelled', { timeoutMs: 10_000, what: 'the cancel' });
    // As it stays, without the executor.
    expect(await api.ok('GET', `/v1/tables/${table}`)).toMatchObject({ state: 'cancelled', partial: { rows: 15, of: ROWS } });
  });

  it('should each be a table on the one before when all are done, in whatever order that is heard', async () => {
    const { id, maps } = await begun();
    for (const one of [...maps].reverse()) await world.executor.settle(stageOf(one), {});
    await until(async () => (await api.run(id)).state === 'succeeded', { timeoutMs: 20_000, what: 'the end' });
    const [first, second, third] = await Promise.all(
      ['first', 'second', 'third'].map(async (step) => {
        const table = await tableOf(id, step);
        await api.ok<TableHead>('GET', `/v1/tables/${table}/head?rows=1`);
        return world.workers.read.find((reference) => reference.tableId === table) as TableReference;
      }),
    );
    expect((await readManifest(world.storage, third as TableReference)).base).toEqual(second);
    expect((await readManifest(world.storage, second as TableReference)).base).toEqual(first);
  });

  it('should end with the one before when that fails, and go on after a restart of the manager', async () => {
    const failing = await begun();
    const fault = { code: 'authentication', class: 'refused' as const, message: 'wrong key' };
    await world.executor.settle(stageOf(failing.maps[0]), { state: 'failed', fault });
    await until(async () => (await api.run(failing.id)).state === 'failed', { timeoutMs: 10_000, what: 'the failure' });
    expect(mapsOf(failing.id).map(({ stage }) => stage.state)).toEqual(['failed', 'cancelled', 'cancelled']);

    const { id, maps } = await begun();
    await world.stopManagers();
    api = new Api((await world.manager()).url);
    for (const one of maps) await world.executor.settle(stageOf(one), {});
    await until(async () => (await api.run(id)).state === 'succeeded', { timeoutMs: 20_000, what: 'the end' });
  });
});
