import { type Plan, type PoolReport, type Resources } from '@apwa/contracts';
import { canHaveRay, eventually, RAY_INSTALL_TIMEOUT_MS, RayTestCluster, tempDir } from '@apwa/test-kit';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apwa } from './support/command.js';
import { startOnRay } from './support/ray-system.js';
import { expectEveryRowOnce, mailPlan, numberedRows, type System } from './support/system.js';

const ROWS = 200;
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

/** The plan of mails with a template that asks for these resources. */
const planFor = (resources: Resources): Plan => {
  const plan = mailPlan();
  return {
    ...plan,
    steps: plan.steps.map((step) => (step.kind === 'map' ? { ...step, template: { ...step.template, resources } } : step)),
  };
};

/** Real: everything; the nodes are on one machine, the GPU is one by Ray's count alone, and one of two clusters asks for another token. */
describeOnRay('pools on Ray clusters', () => {
  let ray: RayTestCluster;
  let system: System;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ray = await RayTestCluster.start({ head: 2 });
    const secrets = await tempDir('ray-token');
    const tokenFile = join(secrets.path, 'token');
    await writeFile(tokenFile, '0'.repeat(48));
    const closed = { ...ray.access, tokenFile, name: 'closed', natsUrl: 'nats://127.0.0.1:9' };
    const gone = { name: 'gone', address: 'http://127.0.0.1:9', natsUrl: 'nats://127.0.0.1:9' };
    const started = await startOnRay(
      ray,
      [
        { name: 'default', slots: 4, min: 1, max: 3, idleMs: 1_500 },
        { name: 'gpu', slots: 4, min: 0, max: 1, idleMs: 1_500, resources: { cpus: 1, gpus: 1 } },
      ],
      {
        clusters: [
          { ...closed, pools: [{ name: 'behind-a-token', min: 0, max: 1, resources: { custom: { licence: 1 } } }] },
          { ...gone, pools: [{ name: 'nowhere', min: 0, max: 1, resources: { custom: { tape: 1 } } }] },
        ],
        offlineModel: { latencyMs: 200 },
      },
    );
    system = started.system;
    stop = async () => {
      await started.stop();
      await secrets.remove();
    };
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(() => stop());

  const pool = async (name: string): Promise<PoolReport> => {
    const found = (await system.client.pools.list()).pools.find((one) => one.name === name);
    if (!found) throw new Error(`there is no pool ${name}`);
    return found;
  };
  const untilPool = (name: string, is: (report: PoolReport) => boolean, what: string) =>
    eventually(async () => is(await pool(name)), { timeoutMs: 60_000, what: `pool ${name}: ${what}` });
  const submit = (plan: Plan) => system.submit({ inputs: { rows: numberedRows(ROWS) }, plan });
  const stepOf = async (runId: string) => (await system.client.runs.get(runId)).steps.find(({ id }) => id === 'mails');

  it('should say of a pool of which some members work what the others wait for', async () => {
    const run = await system.submit({ inputs: { rows: numberedRows(20 * ROWS) }, plan: mailPlan() });
    const words = '1 of 3 members of pool default waits for resources: 1 cpu, and cluster test has none free (nodes: 1)';
    await eventually(async () => (await stepOf(run.id))?.waitingFor === words, { timeoutMs: 60_000, what: 'the step to say so' });
    await untilPool('default', ({ waiting, members }) => waiting === words && members.running === 2, 'one that waits');
    const { out } = await apwa(['runs', 'show', run.id], { cwd: system.stack.dir, url: system.stack.url });
    expect(out).toContain(`mails: ${words}`);
    expect((await stepOf(run.id))?.counts.ok).toBeGreaterThan(0);
    await system.client.runs.cancel(run.id);
    await system.wait(run.id);
  });

  it('should have a stage that asks for a GPU wait for one, say so, and run when a node with one joins', async () => {
    const run = await submit(planFor({ gpus: 1 }));
    const words = /^waiting for resources: 1 gpu, and no node of cluster test has as much \(nodes: 1\), in pool gpu$/;
    await eventually(async () => words.test((await pool('gpu')).waiting ?? ''), { timeoutMs: 60_000, what: 'the pool to wait' });
    await eventually(async () => words.test((await stepOf(run.id))?.waitingFor ?? ''), { timeoutMs: 60_000, what: 'the step to wait' });
    expect(await pool('gpu')).toMatchObject({ wanted: 1, members: { placing: 1, running: 0 } });
    const { out } = await apwa(['pools'], { cwd: system.stack.dir, url: system.stack.url });
    expect(out).toMatch(/^gpu +ray +1 placing +1 +0–1 +0 of 0 +\d+ *$/m);
    expect(out).toContain('gpu: waiting for resources: 1 gpu');

    await ray.addNode({ cpus: 1, gpus: 1 });
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    // A member that stays would keep its node from being given back.
    await untilPool('gpu', ({ wanted, members }) => wanted === 0 && members.running === 0, 'nobody any more');
  });

  it('should grow as far as the cluster has room, further when a node joins, and shrink when there is nothing to do', async () => {
    const run = await submit(mailPlan());
    // Two CPUs of the head and one of the node.
    await untilPool('default', ({ members }) => members.running === 3, 'three members');
    const ended = await system.wait(run.id);
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    await untilPool('default', ({ wanted, members }) => wanted === 1 && members.running === 1, 'one member');
  });

  it.each([
    [
      'a cluster that does not take the token',
      { licence: 1 },
      'behind-a-token',
      /^Ray cluster closed: .*the cluster does not take the token/,
    ],
    [
      'a cluster that nobody reaches',
      { tape: 1 },
      'nowhere',
      /^Ray cluster gone: Ray at http:\/\/127\.0\.0\.1:9 can't be reached: ECONNREFUSED/,
    ],
  ])('should say of the work of %s what it waits for, and work on elsewhere', async (_, custom, name, words) => {
    const run = await submit(planFor({ custom }));
    await eventually(async () => words.test((await pool(name)).waiting ?? ''), { timeoutMs: 60_000, what: 'the reason' });
    const other = await system.wait((await submit(mailPlan())).id);
    expect(other.state).toBe('succeeded');
    await system.client.runs.cancel(run.id);
    expect((await system.wait(run.id)).state).toBe('cancelled');
  });

  it('should refuse a template that no pool can ever satisfy, with what there is', async () => {
    const run = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan: planFor({ gpus: 4 }) });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'no_such_pool' } });
    expect(run.error?.allowed).toContain('gpu has cpus 1, gpus 1');
  });
});
