import { type PoolReport, type TableHead } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

/** Real: the manager, Postgres, NATS. Scripted: the executor, and members that are there or not. */
describe('pools', () => {
  let world: World;
  let api: Api;
  let table: string;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
    world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }] });
    table = (await api.table()).id;
  });
  afterAll(() => world.stop());

  it('should be shown as the executor sees them', async () => {
    const pool: PoolReport = {
      name: 'default',
      backend: 'processes',
      min: 0,
      max: 3,
      wanted: 2,
      members: { placing: 0, starting: 1, running: 1, draining: 0, restarting: 0 },
      slots: { total: 64, used: 60 },
      backlog: 1_200,
      largestMb: 180,
      waiting: null,
      crashLoop: null,
      lastEnd: { at: '2026-01-01T00:00:00.000Z', reason: 'signal SIGKILL' },
    };
    world.executor.pools = [pool];
    expect(await api.ok('GET', '/v1/pools')).toEqual({ pools: [pool] });
  });

  describe('without members', () => {
    beforeEach(() => world.stopWorkers());
    afterEach(() => world.stopWorkers());

    it('should have one called that answers a question, and wait for it', async () => {
      let calls = 0;
      const started: Promise<void>[] = [];
      world.executor.callMember = () => {
        calls += 1;
        if (calls === 3) started.push(world.startWorkers());
        return true;
      };
      const { rows } = await api.ok<TableHead>('GET', `/v1/tables/${table}/head`);
      await Promise.all(started);
      expect(rows).toHaveLength(2);
      expect(calls).toBeGreaterThanOrEqual(3);
    });

    it('should say so at once where none is coming', async () => {
      let calls = 0;
      world.executor.callMember = () => (calls++, false);
      expect(await api.refused('GET', `/v1/tables/${table}/head`)).toMatchObject({ status: 503, code: 'no_responder' });
      expect(calls).toBe(1);
    });

    it('should describe a table that was made meanwhile, as soon as one is there', async () => {
      const before = world.workers.described.length;
      const started: Promise<void>[] = [];
      world.executor.callMember = () => {
        if (started.length === 0) started.push(world.startWorkers());
        return true;
      };
      const { id } = await api.table();
      await Promise.all(started);
      expect(world.workers.described.slice(before)).toEqual([id]);
    });
  });
});
