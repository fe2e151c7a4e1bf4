import { type Plan, type Run, RunEvent, type Table } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const COLUMNS = [{ name: 'text', type: 'VARCHAR' }];
const plan: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};

/** Real: the manager, Postgres, NATS. The executor is scripted: what it is told, and when it says what, is looked at. */
describe('a run that is paused', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    world.executor.away = false;
    world.executor.controls.length = 0;
  });
  afterEach(() => world.model.verify());

  const hold = (...kinds: string[]) => {
    world.executor.decide = ({ work }) => (kinds.includes(work.kind) ? null : { columns: COLUMNS });
  };
  const begin = async (more: object = { plan }): Promise<string> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    return (await api.ok<Run>('POST', '/v1/runs', { inputs: [{ name: 'rows', upload }], ...more })).id;
  };
  const find = (id: string, kind: 'import' | 'sql' | 'export') =>
    world.executor.of(kind).find(({ submission }) => submission.ownerId === id)?.submission.stageId;
  const stageOf = (id: string, kind: 'import' | 'sql' | 'export'): Promise<string> =>
    until(() => find(id, kind), { timeoutMs: 10_000, what: `a stage of kind ${kind}` });
  /** A run whose step is under way. */
  const running = async (more?: object): Promise<{ id: string; stage: string }> => {
    hold('sql');
    const id = await begin(more);
    return { id, stage: await stageOf(id, 'sql') };
  };
  const pause = (id: string) => api.ok<Run>('POST', `/v1/runs/${id}/pause`);
  const resume = (id: string) => api.ok<Run>('POST', `/v1/runs/${id}/resume`);
  const told = (id: string) =>
    world.executor.controls.filter(({ ownerId }) => ownerId === id).map(({ version, state }) => `${version} ${state}`);

  it('should be pausing while calls are in flight, then paused, and go on where it was', async () => {
    const { id, stage } = await running();
    world.executor.active(stage, 2);
    expect(await pause(id)).toMatchObject({ state: 'pausing', paused: { reason: 'user', message: 'It was paused by request.' } });
    await until(() => told(id).length > 0, { timeoutMs: 5_000, what: 'the executor to be told' });
    await api.until(id, 'pausing');
    world.executor.active(stage, 0);
    const paused = await api.until(id, 'paused');
    expect(paused).toMatchObject({ error: null, finishedAt: null, pausedMs: 0, steps: [{ state: 'running' }] });
    // Again is the same.
    expect(await pause(id)).toMatchObject({ state: 'paused', paused: paused.paused });
    expect(told(id)).toEqual(['1 paused']);

    expect(await resume(id)).toMatchObject({ state: 'running', paused: null });
    await until(() => told(id).length > 1, { timeoutMs: 5_000, what: 'the executor to be told' });
    expect(told(id)).toEqual(['1 paused', '2 active']);
    await world.executor.settle(stage, {});
    const ended = await api.until(id);
    expect(ended.state).toBe('succeeded');
    const since = Date.parse(paused.paused?.since ?? '');
    expect(ended.pausedMs).toBeGreaterThan(0);
    expect(ended.pausedMs).toBeLessThanOrEqual(Date.parse(ended.finishedAt ?? '') - since);
    expect(ended.steps[0]?.pausedMs).toBe(ended.pausedMs);
  });

  it('should be told to who watches it', async () => {
    const { id, stage } = await running();
    world.executor.active(stage, 1);
    const states: string[] = [];
    const response = await fetch(`${api.url}/v1/runs/${id}/events`);
    const following = (async () => {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          const event = data === undefined ? null : RunEvent.parse(JSON.parse(data));
          if (event?.type === 'run' && event.run.state !== states.at(-1)) states.push(event.run.state);
        }
      }
    })();
    const seen = (state: string) => until(() => states.at(-1) === state, { timeoutMs: 5_000, what: `the event of ${state}` });
    await pause(id);
    await seen('pausing');
    world.executor.active(stage, 0);
    await seen('paused');
    await resume(id);
    await seen('running');
    await world.executor.settle(stage, {});
    await following;
    expect(states).toEqual(['running', 'pausing', 'paused', 'running', 'succeeded']);
  });

  describe('is refused', () => {
    it('to be paused or resumed once it has ended, naming how', async () => {
      hold();
      const { id, state } = await api.until(await begin());
      const expected = { status: 409, code: 'wrong_state', class: 'refused', value: state };
      expect(await api.refused('POST', `/v1/runs/${id}/pause`)).toMatchObject({
        ...expected,
        message: `Run ${id} cannot be paused: it is succeeded.`,
        allowed: 'a run that has not ended',
      });
      expect(await api.refused('POST', `/v1/runs/${id}/resume`)).toMatchObject({
        ...expected,
        message: `Run ${id} cannot be resumed: it is succeeded.`,
        allowed: 'a run that is paused',
      });
      expect(told(id)).toEqual([]);
    });

    it('to be resumed while it runs, and after it was resumed', async () => {
      const { id } = await running();
      const expected = { status: 409, value: 'running', allowed: 'a run that is paused' };
      expect(await api.refused('POST', `/v1/runs/${id}/resume`)).toMatchObject(expected);
      await pause(id);
      await resume(id);
      expect(await api.refused('POST', `/v1/runs/${id}/resume`)).toMatchObject(expected);
      await api.ok('POST', `/v1/runs/${id}/cancel`);
      await api.until(id, 'cancelled');
      expect(await api.refused('POST', `/v1/runs/${id}/pause`)).toMatchObject({ status: 409, value: 'cancelled' });
    });

    it.each(['pause', 'resume'])('to %s what is not there', async (verb) => {
      expect(await api.refused('POST', `/v1/runs/run_unknown/${verb}`)).toMatchObject({ status: 404, code: 'not_found' });
      expect(await api.refused('POST', `/v1/runs/tbl_x/${verb}`)).toMatchObject({ status: 400, field: 'id' });
    });
  });

  it('should finish an import that is under way, and plan nothing', async () => {
    hold('import');
    const id = await begin({ goal: 'count' });
    const stage = await stageOf(id, 'import');
    world.executor.active(stage, 1);
    await pause(id);
    await world.executor.settle(stage, { columns: COLUMNS });
    const paused = await api.until(id, 'paused');
    const imported = () => api.ok<Table>('GET', `/v1/tables/${paused.inputs[0]?.tableId}`);
    await until(async () => (await imported()).state === 'ready', { timeoutMs: 10_000, what: 'the import to end' });
    await api.until(id, 'paused');
    expect(world.model.calls).toEqual([]);
    world.model.say({ tool: 'submit_plan', arguments: { plan } });
    await resume(id);
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should have its plan made to the end, and wait with it', async () => {
    hold();
    const [asked, paused] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    world.workers.rows = [{ text: 'hello' }];
    world.model.say({ tool: 'preview_rows', arguments: { table: 'rows', first: 0, count: 1 } }, async () => {
      asked.resolve();
      await paused.promise;
      return { tool: 'submit_plan', arguments: { plan } };
    });
    const id = await begin({ goal: 'count' });
    await asked.promise;
    expect((await pause(id)).state).toBe('pausing');
    paused.resolve();
    expect(await api.until(id, 'paused')).toMatchObject({ plan, planning: { turns: 2 }, steps: [{ state: 'waiting' }] });
    expect(find(id, 'sql')).toBeUndefined();
    await resume(id);
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should not be approved before it is resumed', async () => {
    hold();
    const id = await begin({ plan, approval: 'required' });
    await api.until(id, 'awaiting_approval');
    await pause(id);
    await api.until(id, 'paused');
    expect(await api.refused('POST', `/v1/runs/${id}/approve`, { version: 1 })).toMatchObject({
      status: 409,
      value: 'paused',
      allowed: 'awaiting_approval',
    });
    expect((await resume(id)).state).toBe('awaiting_approval');
    await api.ok('POST', `/v1/runs/${id}/approve`, { version: 1 });
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should not end although all of its exports are there, before it is resumed', async () => {
    hold('export');
    const id = await begin({ plan, outputs: [{ format: 'csv' }] });
    const stage = await stageOf(id, 'export');
    await pause(id);
    await world.executor.settle(stage, {});
    await until(
      async () => (await api.ok<{ state: string }>('GET', `/v1/exports/${(await api.run(id)).outputs[0]?.exportId}`)).state === 'ready',
      {
        timeoutMs: 5_000,
        what: 'the export',
      },
    );
    expect(await api.until(id, 'paused')).toMatchObject({ finishedAt: null });
    await resume(id);
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should be cancelled like any other', async () => {
    const { id } = await running();
    await pause(id);
    await api.until(id, 'paused');
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    const ended = await api.until(id);
    expect(ended).toMatchObject({ state: 'cancelled', paused: null, steps: [{ state: 'cancelled' }] });
    expect(ended.pausedMs).toBeGreaterThan(0);
    expect(told(id)).toEqual(['1 paused', '2 cancelled']);
  });

  it('should fail with a call in flight that ends its stage', async () => {
    const { id, stage } = await running();
    world.executor.active(stage, 1);
    await pause(id);
    const fault = { code: 'authentication', class: 'refused' as const, message: 'wrong key' };
    await world.executor.settle(stage, { state: 'failed', fault });
    expect(await api.until(id)).toMatchObject({ state: 'failed', error: fault, paused: null });
  });

  describe('while something is away', () => {
    it('should be pausing until the executor knows, though the manager starts again meanwhile', async () => {
      const { id, stage } = await running();
      world.executor.away = true;
      expect((await pause(id)).state).toBe('pausing');
      await world.stopManagers();
      api = new Api((await world.manager()).url);
      expect((await api.run(id)).state).toBe('pausing');
      world.executor.away = false;
      await api.until(id, 'paused');
      expect(told(id)).toEqual(['1 paused']);
      await world.stopManagers();
      world.executor.away = true;
      api = new Api((await world.manager()).url);
      expect((await api.run(id)).state).toBe('paused');
      // Paused again before the executor heard of anything: whatever it hears of on the way, the last word holds.
      await resume(id);
      await pause(id);
      await resume(id);
      world.executor.away = false;
      const held = () => world.executor.held.get(id);
      await until(() => held()?.version === 4, { timeoutMs: 5_000, what: 'the executor to be told' });
      expect(held()?.state).toBe('active');
      await world.executor.settle(stage, {});
      expect((await api.until(id)).state).toBe('succeeded');
    });

    it('should be told to an executor that holds a newer word than its own', async () => {
      const { id, stage } = await running();
      world.executor.held.set(id, { ownerId: id, version: 7, state: 'active' });
      await pause(id);
      await api.until(id, 'paused');
      expect(told(id)).toEqual(['1 paused', '8 paused']);
      await resume(id);
      await until(() => world.executor.held.get(id)?.state === 'active', { timeoutMs: 5_000, what: 'the executor to be told' });
      await world.executor.settle(stage, {});
      expect((await api.until(id)).state).toBe('succeeded');
    });

    it('should be told again to an executor that has forgotten everything, before its work is', async () => {
      const { id, stage } = await running();
      await pause(id);
      await api.until(id, 'paused');
      world.executor.forget();
      world.executor.controls.length = 0;
      world.executor.away = true;
      await world.stopManagers();
      api = new Api((await world.manager()).url);
      await api.until(id, 'pausing');
      expect(world.executor.stages.has(stage)).toBe(false);
      world.executor.away = false;
      await until(() => world.executor.stages.has(stage), { timeoutMs: 5_000, what: 'the stage to be submitted' });
      expect(told(id)).toEqual(['1 paused']);
      await api.until(id, 'paused');
      await resume(id);
      await world.executor.settle(stage, {});
      expect((await api.until(id)).state).toBe('succeeded');
    });
  });
});
