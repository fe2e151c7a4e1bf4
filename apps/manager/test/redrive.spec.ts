import { type Plan, type Run, type Table } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { readManifest } from '@apwa/tables';
import { until } from '@apwa/stack';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const ROWS = 140;
const template = {
  mode: 'llm' as const,
  instructions: 'Judge {{text}}',
  output: { type: 'object', required: ['mood'], properties: { mood: { type: 'string' } } },
};
const plan: Plan = {
  version: 1,
  steps: [
    { id: 'judged', kind: 'map', input: 'rows', template },
    { id: 'counted', kind: 'sql', inputs: ['judged'], query: 'SELECT mood, count(*) AS n FROM judged GROUP BY 1' },
    { id: 'aside', kind: 'sql', inputs: ['rows'], query: 'SELECT text FROM rows' },
  ],
  outputs: ['judged', 'counted'],
};

/** Real: the manager, Postgres, NATS, storage; what becomes of stages is scripted. */
describe('a redrive in the manager', () => {
  let world: World;
  let api: Api;
  let failed = 0;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    failed = 0;
    world.executor.shardsPerMap = 14;
    world.executor.decide = ({ work }) =>
      work.kind === 'import'
        ? { columns: [{ name: 'text', type: 'VARCHAR' }], rows: ROWS }
        : work.kind === 'map'
          ? { failed, errors: failed > 0 ? { timeout: failed } : {} }
          : { columns: [{ name: 'n', type: 'BIGINT' }] };
  });

  const begin = async (more: object = {}): Promise<Run> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    return api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], ...more });
  };
  const ended = async (more: object = {}): Promise<Run> => api.until((await begin(more)).id);
  const redriven = async ({ id }: Run, request: object = {}): Promise<Run> =>
    api.until((await api.ok<Run>('POST', `/v1/runs/${id}/redrive`, request)).id);
  const stepOf = ({ steps }: Run, id: string) => steps.find((step) => step.id === id);
  /** What a run has submitted, each stage once, also of stages that are forgotten by now. */
  const worksOf = ({ id }: Run) => [
    ...new Map(
      world.executor.submissions.filter(({ ownerId }) => ownerId === id).map(({ stageId, work }) => [stageId, work] as const),
    ).values(),
  ];
  const manifestOf = async (tableId: string | null | undefined) => {
    const [row] = await world.sql<{ reference: Parameters<typeof readManifest>[1] }>('SELECT reference FROM tables WHERE id = $1', [
      tableId,
    ]);
    return readManifest(world.storage, (row as NonNullable<typeof row>).reference);
  };

  it('should submit the parts with failed rows, keep the others, and make anew only what reads them', async () => {
    failed = 12;
    const before = await ended();
    expect(before).toMatchObject({ state: 'partially_succeeded', redriveOf: null });
    failed = 0;
    world.executor.shardsPerMap = 2;
    const after = await redriven(before);
    expect(after).toMatchObject({ state: 'succeeded', redriveOf: before.id, goal: before.goal });
    // Ten rows a part: of the first two some had failed.
    expect(worksOf(after)).toMatchObject([
      { kind: 'map', redo: { rows: [{ first: 0, last: 19 }], from: [{ tableId: stepOf(before, 'judged')?.tableId }] } },
      { kind: 'sql' },
    ]);
    expect(stepOf(after, 'judged')).toMatchObject({ rows: ROWS, counts: { ok: ROWS, failed: 0, reused: ROWS - 20 } });
    expect(stepOf(after, 'aside')).toMatchObject({ state: 'succeeded', stageId: null, counts: { ok: 3, reused: 3, calls: 0 } });
    const [old, made] = [await manifestOf(stepOf(before, 'judged')?.tableId), await manifestOf(stepOf(after, 'judged')?.tableId)];
    expect(made).toMatchObject({ version: 2, rows: ROWS, base: old.base });
    expect(made.parts.slice(2)).toEqual(old.parts.slice(2));
    expect(made.parts.slice(0, 2).every(({ key }) => key.startsWith(`parts/${stepOf(after, 'judged')?.stageId}/`))).toBe(true);
    expect(made.parts.map(({ firstRow, failed: none }) => [firstRow, none])).toEqual(Array.from({ length: 14 }, (_, at) => [at * 10, 0]));
    expect(await api.ok<Table>('GET', `/v1/tables/${stepOf(after, 'judged')?.tableId}`)).toMatchObject({
      version: 2,
      lineage: { previous: stepOf(before, 'judged')?.tableId, runId: after.id },
    });
    // The old one is as it was, and can be redriven again.
    expect(await api.run(before.id)).toMatchObject({ state: 'partially_succeeded', steps: before.steps });
    expect(await redriven(before)).toMatchObject({ state: 'succeeded' });
  });

  it('should be redriven itself where rows failed again', async () => {
    failed = 12;
    const first = await ended();
    failed = 5;
    world.executor.shardsPerMap = 2;
    const second = await redriven(first);
    expect(second).toMatchObject({
      state: 'partially_succeeded',
      steps: [{ counts: { ok: ROWS - 5, failed: 5, errors: { timeout: 5 } } }, {}, {}],
    });
    failed = 0;
    const third = await redriven(second);
    expect(third).toMatchObject({ state: 'succeeded', redriveOf: second.id });
    expect(worksOf(third)).toMatchObject([{ redo: { rows: [{ first: 0, last: 9 }] } }, { kind: 'sql' }]);
    const stages = new Set((await manifestOf(stepOf(third, 'judged')?.tableId)).parts.map(({ key }) => key.split('/')[1]));
    expect(stages).toEqual(new Set([first, second, third].map((run) => stepOf(run, 'judged')?.stageId)));
  });

  it('should keep the tables of the run before for as long as it reads them', async () => {
    failed = 12;
    const before = await ended();
    world.executor.decide = ({ work }) => (work.kind === 'map' ? null : { columns: [{ name: 'n', type: 'BIGINT' }] });
    const { id } = await api.ok<Run>('POST', `/v1/runs/${before.id}/redrive`, {});
    await until(async () => world.executor.of('map').some(({ submission }) => submission.ownerId === id), {
      timeoutMs: 10_000,
      what: 'a stage',
    });
    const tableId = stepOf(before, 'judged')?.tableId as string;
    for (const step of ['counted', 'judged'])
      expect(await api.refused('DELETE', `/v1/tables/${stepOf(before, step)?.tableId}`)).toMatchObject({ code: 'in_use' });
    const stage = world.executor.of('map').find(({ submission }) => submission.ownerId === id)?.submission.stageId as string;
    await world.executor.settle(stage, {});
    const after = await api.until(id);
    expect(after.state).toBe('succeeded');
    const kept = (await manifestOf(stepOf(after, 'judged')?.tableId)).parts.map(({ key }) => key);
    const only = (await manifestOf(tableId)).parts.map(({ key }) => key).filter((key) => !kept.includes(key));
    expect(only.length).toBe(2);
    for (const step of ['counted', 'judged']) await api.ok('DELETE', `/v1/tables/${stepOf(before, step)?.tableId}`);
    await until(async () => !(await world.keys()).some((key) => only.includes(key)), {
      timeoutMs: 10_000,
      what: 'parts that nobody names to go',
    });
    const keys = await world.keys();
    expect(kept.filter((key) => !keys.includes(key))).toEqual([]);
    expect(await api.refused('POST', `/v1/runs/${before.id}/redrive`, {})).toMatchObject({ status: 410, code: 'deleted' });
  });

  it('should say of what cannot be redriven why, and begin nothing', async () => {
    const good = await ended();
    expect(await api.refused('POST', `/v1/runs/${good.id}/redrive`, {})).toMatchObject({ code: 'invalid_redrive', field: 'steps' });
    failed = 12;
    const bad = await ended();
    const refusals: [object, object][] = [
      [{ steps: ['nothing'] }, { code: 'invalid_redrive', field: 'steps[0]', value: 'nothing', allowed: 'judged' }],
      [
        { templates: { judged: { output: { type: 'object', properties: { mood: { type: 'integer' } } } } } },
        { code: 'invalid_redrive', field: 'templates.judged.output', value: 'BIGINT', allowed: 'mood VARCHAR' },
      ],
      [
        { templates: { judged: { instructions: 'Judge {{txt}}' } } },
        { code: 'invalid_plan', field: 'plan.steps[0].template.instructions' },
      ],
      [{ templates: { judged: { model: 'huge' } } }, { code: 'invalid_plan', field: 'plan.steps[0].template.model', value: 'huge' }],
      [{ step: ['judged'] }, { code: 'invalid_request', field: 'step' }],
    ];
    for (const [request, refusal] of refusals)
      expect(await api.refused('POST', `/v1/runs/${bad.id}/redrive`, request)).toMatchObject(refusal);
    world.executor.decide = ({ work }) => (work.kind === 'map' ? null : { columns: [{ name: 'text', type: 'VARCHAR' }], rows: ROWS });
    const running = await begin();
    await api.until(running.id, 'running');
    expect(await api.refused('POST', `/v1/runs/${running.id}/redrive`, {})).toMatchObject({
      status: 409,
      code: 'wrong_state',
      value: 'running',
      allowed: 'a run that has ended',
    });
    await api.ok('POST', `/v1/runs/${running.id}/cancel`, {});
    await api.until(running.id);
  });

  it('should look for results in the runs that are named, by template and model, and go on without where that fails', async () => {
    const first = await ended();
    const tableId = stepOf(first, 'judged')?.tableId as string;
    const second = await ended({ reuse: { runs: [first.id] } });
    expect(
      worksOf(second)
        .map(({ kind }) => kind)
        .filter((kind) => kind !== 'import'),
    ).toEqual(expect.arrayContaining(['match', 'map', 'sql', 'sql']));
    const [match, map] = ['match', 'map'].map((kind) => worksOf(second).find((work) => work.kind === kind));
    expect(match).toMatchObject({ columns: ['text'], sources: [{ tableId }], output: [{ name: 'mood', type: 'VARCHAR' }] });
    expect(map).toMatchObject({ redo: { rows: [{ first: 0, last: ROWS - 1 }], from: [{ rows: ROWS }] } });
    // What was found has gone with the run.
    await until(
      async () =>
        (await world.sql('SELECT id FROM tables WHERE run_id = $1 AND match_of IS NOT NULL AND removed_at IS NULL', [second.id])).length ===
        0,
      { timeoutMs: 10_000, what: 'what was found to go' },
    );

    const { decide } = world.executor;
    const fault = { code: 'match_memory_limit', class: 'permanent' as const, message: 'too much' };
    world.executor.decide = (submission) => (submission.work.kind === 'match' ? { state: 'failed', fault } : decide(submission));
    const third = await ended({ reuse: 'any' });
    expect(third.state).toBe('succeeded');
    expect(worksOf(third).find(({ kind }) => kind === 'map')).not.toHaveProperty('redo');
    expect(worksOf(await ended({ reuse: 'off' })).some(({ kind }) => kind === 'match')).toBe(false);
    expect(worksOf(await ended()).some(({ kind }) => kind === 'match')).toBe(false);
    const nobody = first.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    expect(
      await api.refused('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], reuse: { runs: [first.id, nobody] } }),
    ).toMatchObject({ code: 'unknown_run', field: 'reuse.runs[1]', value: nobody });
  });
});
