import { type Plan, type PlanVersion, type PlanVersionList, type Run } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const counting = (query = 'SELECT count(*) AS n FROM rows'): Plan => ({
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query }],
  outputs: ['counted'],
});

describe('a plan that a person looks at', () => {
  let world: World;
  let api: Api;
  let table: string;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : {});
    ({ id: table } = await api.table());
  });
  afterAll(() => world.stop());

  const begin = async (request: object = { plan: counting() }): Promise<string> => {
    const inputs = [{ name: 'rows', table }];
    const { id } = await api.ok<Run>('POST', '/v1/runs', { inputs, approval: 'required', ...request });
    await api.until(id, 'awaiting_approval');
    return id;
  };
  const edit = (id: string, body: object) => api.ok<Run>('PUT', `/v1/runs/${id}/plan`, body);
  const versions = async (id: string) => (await api.ok<PlanVersionList>('GET', `/v1/runs/${id}/plans`)).versions;

  it('should keep each version that it had, with who wrote it and why, and run the one that was approved', async () => {
    const id = await begin();
    const edited = counting('SELECT 2 AS n FROM rows');
    expect(await edit(id, { plan: edited, reason: 'two will do', version: 1 })).toMatchObject({
      state: 'awaiting_approval',
      planVersion: 2,
      plan: edited,
    });
    // The same plan is no other version.
    expect(await edit(id, { plan: edited })).toMatchObject({ planVersion: 2 });
    expect(await versions(id)).toMatchObject([
      { version: 1, by: 'person', reason: 'given with the run' },
      { version: 2, by: 'person', reason: 'two will do' },
    ]);
    const [first, second] = [1, 2].map((version) => api.ok<PlanVersion>('GET', `/v1/runs/${id}/plans/${version}`));
    expect(await first).toMatchObject({ version: 1, plan: counting(), hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await second)?.hash).not.toBe((await first)?.hash);
    await api.ok('POST', `/v1/runs/${id}/approve`, { version: 2 });
    expect(await api.until(id)).toMatchObject({ state: 'succeeded', plan: edited, planVersion: 2 });
    const [stage] = world.executor.of('sql').filter(({ submission }) => submission.ownerId === id);
    expect(stage?.submission.work).toMatchObject({ query: 'SELECT 2 AS n FROM rows' });
  });

  it('should say that a planner wrote it', async () => {
    world.model.say({ tool: 'submit_plan', arguments: { plan: counting() } });
    const id = await begin({ goal: 'count' });
    expect(await versions(id)).toMatchObject([{ version: 1, by: 'planner', reason: 'planned in 1 turns' }]);
  });

  it('should refuse the approval and the edit of a version that has been changed since, and name both', async () => {
    const id = await begin();
    await edit(id, { plan: counting('SELECT 2 AS n FROM rows') });
    const stale = { status: 409, code: 'plan_changed', field: 'version', value: '1', allowed: expect.stringContaining('2') };
    expect(await api.refused('POST', `/v1/runs/${id}/approve`, { version: 1 })).toMatchObject(stale);
    expect(await api.refused('PUT', `/v1/runs/${id}/plan`, { plan: counting(), version: 1 })).toMatchObject(stale);
    expect(await api.ok<Run>('GET', `/v1/runs/${id}`)).toMatchObject({ state: 'awaiting_approval', planVersion: 2 });
    expect(await versions(id)).toHaveLength(2);
  });

  it('should name all faults of an edit, and wait on with the plan that was there', async () => {
    const id = await begin();
    const plan = {
      version: 1,
      steps: [
        { id: 'a', kind: 'sql', inputs: ['rowz'], query: 'SELECT 1', extra: true },
        { id: 'a', kind: 'map', input: 'rows', template: { instructions: 'x {{anything}}', output: { type: 'objekt' } } },
      ],
      outputs: ['nothing'],
    };
    const refused = await api.refused('PUT', `/v1/runs/${id}/plan`, { plan });
    expect(refused).toMatchObject({ status: 400, code: 'invalid_plan' });
    expect(refused.faults?.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['plan.steps[0].extra', 'plan.steps[1].template.output.type', 'plan.outputs[0]']),
    );
    expect(await api.refused('PUT', `/v1/runs/${id}/plan`, { plan: 'SELECT' })).toMatchObject({ status: 400, field: 'plan' });
    expect(await api.refused('PUT', `/v1/runs/${id}/plan`, { plan: counting(), reson: 'x' })).toMatchObject({
      status: 400,
      field: 'reson',
    });
    expect(await api.ok<Run>('GET', `/v1/runs/${id}`)).toMatchObject({ state: 'awaiting_approval', planVersion: 1, plan: counting() });
    await api.ok('POST', `/v1/runs/${id}/approve`, { version: 1 });
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should refuse to approve or edit where nothing waits for it, and an approval of no version', async () => {
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan: counting(), inputs: [{ name: 'rows', table }] });
    const run = await api.until(id);
    expect(run.state).toBe('succeeded');
    const notNow = { status: 409, code: 'wrong_state', value: 'succeeded', allowed: 'awaiting_approval' };
    expect(await api.refused('POST', `/v1/runs/${id}/approve`, { version: 1 })).toMatchObject(notNow);
    expect(await api.refused('PUT', `/v1/runs/${id}/plan`, { plan: counting() })).toMatchObject(notNow);
    expect(await api.refused('POST', `/v1/runs/${id}/approve`, {})).toMatchObject({ status: 400, field: 'version' });
    expect(await api.refused('GET', `/v1/runs/${id}/plans/2`)).toMatchObject({ status: 404, field: 'version', allowed: '1 to 1' });
    expect(await api.refused('GET', `/v1/runs/${id}/plans/0`)).toMatchObject({ status: 400, field: 'version' });
  });

  it('should be rejected with a reason, which the run keeps', async () => {
    const id = await begin();
    await api.ok('POST', `/v1/runs/${id}/cancel`, { reason: 'too dear' });
    expect(await api.until(id)).toMatchObject({ state: 'cancelled', cancelReason: 'too dear', error: null });
  });

  it('should take one edit of two that were made of the same version', async () => {
    const id = await begin();
    const outcomes = await Promise.allSettled([2, 3].map((n) => edit(id, { plan: counting(`SELECT ${n} AS n FROM rows`), version: 1 })));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await versions(id)).toHaveLength(2);
  });

  it('should be described by a JSON Schema that anybody may read', async () => {
    const schema = await api.ok<{ $schema: string; properties: object }>('GET', '/v1/plan.schema.json');
    expect(schema.$schema).toContain('draft-07');
    expect(Object.keys(schema.properties)).toEqual(['version', 'capabilities', 'steps', 'outputs']);
  });
});
