import { type Plan, type Run } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { once } from 'node:events';
import { spawnManager } from './support/manager-process.js';
import { Api, World } from './support/world.js';

jest.setTimeout(120_000);

const plan: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};
const COLUMNS = [{ name: 'text', type: 'VARCHAR' }];

/** A gate that opens once. */
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe('a manager that goes away', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  beforeEach(async () => {
    world.executor.decide = () => ({ columns: COLUMNS });
    world.workers.gate = Promise.resolve();
    await world.newDatabase();
    await start();
  });
  afterEach(async () => {
    await world.stopManagers();
    world.model.verify();
  });

  const start = async () => {
    api = new Api((await world.manager()).url);
  };
  const again = async () => {
    await world.stopManagers();
    await start();
  };
  const begin = async (more: object): Promise<string> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { inputs: [{ name: 'rows', upload }], outputs: [{ format: 'csv' }], ...more });
    return id;
  };
  const stageOf = async (id: string, kind: 'import' | 'sql' | 'export'): Promise<string> => {
    const what = `a stage of kind ${kind}`;
    const found = await until(() => world.executor.of(kind).find(({ submission }) => submission.ownerId === id), {
      timeoutMs: 10_000,
      what,
    });
    return found.submission.stageId;
  };
  const hold = (kind: string) => {
    world.executor.decide = ({ work }) => (work.kind === kind ? null : { columns: COLUMNS });
  };
  /** Each stage was made once, however often it was submitted. */
  const expectOnce = (id: string) => {
    const kinds = [...world.executor.stages.values()].flatMap(({ submission: { ownerId, work } }) => (ownerId === id ? [work.kind] : []));
    expect(kinds.sort()).toEqual(['export', 'import', 'sql']);
  };

  it.each(['import', 'sql', 'export'] as const)('should go on when it is back, with the %s under way', async (kind) => {
    hold(kind);
    const id = await begin({ plan });
    const stage = await stageOf(id, kind);
    await again();
    await world.executor.settle(stage, { columns: COLUMNS });
    expect((await api.until(id)).state).toBe('succeeded');
    expectOnce(id);
  });

  it.each(['import', 'sql', 'export'] as const)('should hear of what ended meanwhile: %s', async (kind) => {
    hold(kind);
    const id = await begin({ plan });
    const stage = await stageOf(id, kind);
    await world.stopManagers();
    await world.executor.settle(stage, { columns: COLUMNS });
    await start();
    expect((await api.until(id)).state).toBe('succeeded');
    expectOnce(id);
  });

  it('should describe a table again that it was describing', async () => {
    const { open, opened } = gate();
    world.workers.gate = opened;
    const id = await begin({ plan });
    await stageOf(id, 'import');
    await again();
    open();
    expect((await api.until(id)).state).toBe('succeeded');
    expectOnce(id);
  });

  it('should go on waiting for approval', async () => {
    const id = await begin({ plan, approval: 'required' });
    await api.until(id, 'awaiting_approval');
    await again();
    await api.ok('POST', `/v1/runs/${id}/approve`, { version: 1 });
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should go on cancelling', async () => {
    hold('sql');
    const id = await begin({ plan });
    await stageOf(id, 'sql');
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    await again();
    expect((await api.until(id)).state).toBe('cancelled');
  });

  it('should go on planning at the last turn', async () => {
    world.model.say({ tool: 'list_tables', arguments: {} }, null);
    const id = await begin({ goal: 'count' });
    await until(() => world.model.calls.length === 2, { timeoutMs: 10_000, what: 'the second turn' });
    const before = world.model.calls[1];
    await world.stopManagers();
    world.model.say((call) => {
      expect(call.messages).toEqual(before?.messages);
      return { tool: 'submit_plan', arguments: { plan } };
    });
    await start();
    expect(await api.until(id)).toMatchObject({ state: 'succeeded', planning: { turns: 2 } });
  });

  it('should do nothing twice where several are at work', async () => {
    await Promise.all([world.manager(), world.manager()]);
    world.model.say({ tool: 'list_tables', arguments: {} }, { tool: 'submit_plan', arguments: { plan } });
    const id = await begin({ goal: 'count' });
    expect(await api.until(id)).toMatchObject({ state: 'succeeded', planning: { turns: 2 } });
    const other = await begin({ plan });
    expect((await api.until(other)).state).toBe('succeeded');
    expectOnce(id);
    expectOnce(other);
  });

  it('should go on after Postgres and NATS were away', async () => {
    hold('sql');
    const id = await begin({ plan });
    const stage = await stageOf(id, 'sql');
    await world.postgres.kill();
    expect(await api.refused('GET', `/v1/runs/${id}`)).toMatchObject({ status: 503, class: 'transient' });
    expect(await api.send('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', parts: { postgres: 'unavailable', nats: 'ok' } },
    });
    await world.nats.kill();
    await Promise.all([world.postgres.restart(), world.nats.restart()]);
    await until(() => world.executor.messaging?.connected, { timeoutMs: 10_000, what: 'the connection' });
    await world.executor.settle(stage, {});
    expect((await api.until(id)).state).toBe('succeeded');
    expectOnce(id);
  });

  it('should go on planning after a kill -9 of its process', async () => {
    await world.stopManagers();
    world.model.say({ tool: 'list_tables', arguments: {} }, { tool: 'describe_table', arguments: { table: 'rows' } }, null);
    let process = await spawnManager(world);
    api = new Api(process.url);
    const id = await begin({ goal: 'count' });
    await until(() => world.model.calls.length === 3, { timeoutMs: 15_000, what: 'the third turn' });
    const before = world.model.calls[2];
    process.child.kill('SIGKILL');
    world.model.say((call) => {
      expect(call.messages).toEqual(before?.messages);
      return { tool: 'submit_plan', arguments: { plan } };
    });
    const returned = Date.now();
    process = await spawnManager(world);
    api = new Api(process.url);
    expect(await api.until(id)).toMatchObject({ state: 'succeeded', planning: { turns: 3 } });
    expect(Date.now() - returned).toBeLessThan(15_000);
    expectOnce(id);
    // SIGTERM ends it in order.
    const exit = once(process.child, 'exit');
    process.child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });
});
