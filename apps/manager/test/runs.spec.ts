import { type Export, type Plan, type Run, type RunList, type Table } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { until } from '@apwa/stack';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

/** A step of SQL alone: what is asked of the worker pool is scripted. */
const counting: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};
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

describe('a run with a ready plan', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : {});
    world.executor.silent = false;
  });

  const begin = async (plan: Plan, more: object = {}): Promise<Run> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    return api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], ...more });
  };

  it('should import, run its steps in order, and export', async () => {
    world.executor.decide = ({ work }) =>
      work.kind === 'import'
        ? { columns: [{ name: 'text', type: 'VARCHAR' }], rows: 150 }
        : work.kind === 'export'
          ? { content: 'a,b\n' }
          : { columns: [{ name: 'n', type: 'BIGINT' }] };
    const { id } = await begin(judging, { outputs: [{ format: 'csv' }, { step: 'judged', format: 'jsonl' }], limits: { concurrency: 7 } });
    const run = await api.until(id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps.map(({ id, state, rows }) => [id, state, rows])).toEqual([
      ['judged', 'succeeded', 150],
      ['counted', 'succeeded', 3],
    ]);
    expect(run.outputs.map(({ step, format, rows }) => [step, format, rows])).toEqual([
      ['judged', 'csv', 'ok'],
      ['counted', 'csv', 'ok'],
      ['judged', 'jsonl', 'ok'],
    ]);
    const [map] = world.executor.of('map').filter(({ submission }) => submission.ownerId === id);
    expect(map?.submission).toMatchObject({ maxInFlight: 7, work: { model: 'small', input: { rows: 150 } } });
    const table = await api.ok<Table>('GET', `/v1/tables/${run.steps[0]?.tableId}`);
    expect(table).toMatchObject({
      name: 'judged',
      state: 'ready',
      rows: 150,
      lineage: { runId: id, stepId: 'judged', inputs: [run.inputs[0]?.tableId] },
    });
    const content = await fetch(`${api.url}/v1/exports/${run.outputs[0]?.exportId}/content`);
    expect(content.headers.get('content-disposition')).toBe('attachment; filename="judged.csv"');
    expect(content.headers.get('content-type')).toContain('text/csv');
    expect(await content.text()).toBe('a,b\n');
  });

  it('should keep the order in which a plan names the properties of its answers: models fill them in it', async () => {
    const properties = { reason: { type: 'string' }, urgency: { type: 'integer' }, a: { type: 'string' } };
    const output = { type: 'object', required: Object.keys(properties), properties };
    const template = { mode: 'llm' as const, instructions: 'Judge {{text}}', output };
    const { id } = await begin({ version: 1, steps: [{ id: 'judged', kind: 'map', input: 'rows', template }], outputs: ['judged'] });
    const run = await api.until(id);
    expect(JSON.stringify(run.plan?.steps[0])).toContain(JSON.stringify(properties));
    const [map] = world.executor.of('map').filter(({ submission }) => submission.ownerId === id);
    expect(JSON.stringify(map?.submission.work)).toContain(JSON.stringify(properties));
  });

  it('should end partially where rows failed, with a file of the failed rows', async () => {
    world.executor.decide = ({ work }) =>
      work.kind === 'import'
        ? { columns: [{ name: 'text', type: 'VARCHAR' }] }
        : work.kind === 'map'
          ? { failed: 1, errors: { timeout: 1 } }
          : {};
    const { id } = await begin(judging, { outputs: [{ step: 'judged', format: 'csv' }] });
    const run = await api.until(id);
    expect(run.state).toBe('partially_succeeded');
    expect(run.outputs.map(({ rows }) => rows)).toEqual(['ok', 'failed']);
    const exported = world.executor.of('export').filter(({ submission }) => submission.ownerId === id);
    expect(exported.map(({ submission: { work } }) => work.kind === 'export' && [work.rows, work.bookkeeping]).sort()).toEqual([
      ['failed', true],
      ['ok', false],
    ]);
  });

  it('should fail where all rows of a step failed, and name the error', async () => {
    world.executor.decide = ({ work }) =>
      work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : { failed: 3, errors: { timeout: 1, refused: 2 } };
    const run = await api.until((await begin(judging)).id);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'all_rows_failed', value: 'refused' } });
    expect(run.steps.map(({ state }) => state)).toEqual(['failed', 'cancelled']);
  });

  it('should fail with the fault of a stage, and stop the others', async () => {
    const plan: Plan = { ...judging, steps: [...judging.steps, { id: 'other', kind: 'sql', inputs: ['rows'], query: 'SELECT 1' }] };
    world.executor.decide = ({ work }) => {
      if (work.kind === 'import') return { columns: [{ name: 'text', type: 'VARCHAR' }] };
      return work.kind === 'map' ? { state: 'failed', fault: { code: 'authentication', class: 'refused', message: 'wrong key' } } : null;
    };
    const { id } = await begin(plan);
    const run = await api.until(id);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'authentication', message: 'wrong key' } });
    expect(run.steps.map(({ state }) => state)).toEqual(['failed', 'cancelled', 'cancelled']);
    expect(world.executor.controls).toContainEqual({ ownerId: id, version: 1, state: 'cancelled' });
  });

  it('should fail with the fault of an import', async () => {
    const fault = { code: 'empty_file', class: 'permanent' as const, message: 'rows.csv is empty', field: 'rows.csv' };
    world.executor.decide = () => ({ state: 'failed', fault });
    const run = await api.until((await begin(counting)).id);
    expect(run).toMatchObject({ state: 'failed', error: fault });
  });

  it('should check a plan when its tables are there, and fail with all of its faults', async () => {
    const output = { type: 'object', properties: { text: { type: 'string' } } };
    const template = { mode: 'llm' as const, instructions: 'Judge {{txet}}', output };
    const plan: Plan = { version: 1, steps: [{ id: 'a', kind: 'map', input: 'rows', template }], outputs: ['a'] };
    const run = await api.until((await begin(plan)).id);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'invalid_plan', class: 'refused' } });
    expect(run.error?.faults?.map(({ field }) => field)).toEqual([
      'steps[0].template.instructions',
      'steps[0].template.output.properties.text',
    ]);
    expect(world.executor.of('map').filter(({ submission }) => submission.ownerId === run.id)).toEqual([]);
  });

  it('should refuse a plan at once where its tables are there already', async () => {
    const { id: table } = await api.table();
    const steps = [{ ...counting.steps[0], query: 'SELECT broken FROM rows' }];
    const error = await api.refused('POST', '/v1/runs', { plan: { ...counting, steps }, inputs: [{ name: 'rows', table }] });
    expect(error).toMatchObject({ status: 400, code: 'invalid_plan', field: 'plan.steps[0].query', value: 'SELECT broken FROM rows' });
    expect(error.faults?.[0]?.message).toContain('broken');
  });

  it('should end after planning if that is all that is wanted', async () => {
    const { id: table } = await api.table();
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan: counting, inputs: [{ name: 'rows', table }], stopAfter: 'planning' });
    expect(await api.until(id)).toMatchObject({ state: 'succeeded', plan: counting, outputs: [] });
  });

  it('should be cancelled in the middle, and again, and not once it has ended otherwise', async () => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : null);
    const { id } = await begin(counting);
    await api.until(id, 'running');
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    expect(await api.until(id)).toMatchObject({ state: 'cancelled', steps: [{ state: 'cancelled' }] });
    expect(await api.ok<Run>('POST', `/v1/runs/${id}/cancel`)).toMatchObject({ state: 'cancelled' });
    world.executor.decide = () => ({});
    const done = await api.until((await begin(counting)).id);
    expect(await api.refused('POST', `/v1/runs/${done.id}/cancel`)).toMatchObject({ status: 409, value: done.state });
  });

  it('should go on although every notice is lost', async () => {
    world.executor.silent = true;
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : null);
    const { id } = await begin(counting);
    await api.until(id, 'running');
    const stage = await untilStage(world, id, 'sql');
    await world.executor.settle(stage, {});
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should submit again what the executor does not know any more', async () => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : null);
    const { id } = await begin(counting);
    const stage = await untilStage(world, id, 'sql');
    world.executor.forget();
    world.executor.decide = () => ({});
    await world.stopManagers();
    api = new Api((await world.manager()).url);
    expect((await api.until(id)).state).toBe('succeeded');
    expect(world.executor.submissions.filter(({ stageId }) => stageId === stage)).toHaveLength(2);
  });

  it('should be listed, newest first, a page at a time', async () => {
    const first = await api.ok<RunList>('GET', '/v1/runs?limit=2');
    expect(first.runs).toHaveLength(2);
    const second = await api.ok<RunList>('GET', `/v1/runs?limit=2&after=${first.next}`);
    const ids = [...first.runs, ...second.runs].map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it('should make a table of rows that an import left out', async () => {
    world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }], rejected: 2 });
    const upload = await api.upload(['rows.jsonl', '{}']);
    const run = await api.until(
      (await api.ok<Run>('POST', '/v1/runs', { plan: counting, inputs: [{ name: 'rows', upload, options: { skipBadRows: true } }] })).id,
    );
    const table = await api.ok<Table>('GET', `/v1/tables/${run.inputs[0]?.tableId}`);
    expect(await api.ok<Table>('GET', `/v1/tables/${table.rejectedTableId}`)).toMatchObject({
      name: 'rows_rejected',
      state: 'ready',
      rows: 2,
    });
  });

  it('should export a table by itself', async () => {
    world.executor.decide = ({ work }) =>
      work.kind === 'export' ? { content: '{"n":1}\n' } : { columns: [{ name: 'n', type: 'BIGINT' }] };
    const { id } = await api.table('numbers');
    const begun = await api.ok<Export>('POST', `/v1/tables/${id}/exports`, { format: 'jsonl' });
    expect(begun.state).toBe('writing');
    const ready = await untilExport(api, begun.id);
    expect(ready).toMatchObject({ rows: 'ok', rowCount: 3, bytes: 8 });
    expect(world.executor.of('export').at(-1)?.submission.ownerId).toBe(begun.id);
  });
});

const untilStage = async (world: World, ownerId: string, kind: 'sql' | 'map'): Promise<string> => {
  const found = await until(() => world.executor.of(kind).find(({ submission }) => submission.ownerId === ownerId), {
    timeoutMs: 10_000,
    what: `a ${kind} stage`,
  });
  return found.submission.stageId;
};

const untilExport = async (api: Api, id: string): Promise<Export> => {
  return until(
    async () => {
      const item = await api.ok<Export>('GET', `/v1/exports/${id}`);
      return item.state === 'ready' ? item : null;
    },
    { timeoutMs: 10_000, what: `export ${id}` },
  );
};
