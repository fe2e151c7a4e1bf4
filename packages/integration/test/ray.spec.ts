import { canHaveRay, eventually, type LocalNode, processTable, RAY_INSTALL_TIMEOUT_MS, RayTestCluster } from '@apwa/test-kit';
import { killProgram, startOnRay, workingOn } from './support/ray-system.js';
import { expectEveryRowOnce, mailPlan, numberedRows, type System } from './support/system.js';

/** Enough for the last fault to come in the middle on a busy machine too, where restarts take long. */
const ROWS = 15_000;
const MEMBERS = 3;
const SLOTS = 32;

// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

/** Real: everything, and a Ray cluster of two nodes whose processes are killed with SIGKILL; the offline model takes its time. */
describeOnRay('a run whose members are on the nodes of a Ray cluster', () => {
  let ray: RayTestCluster;
  let system: System;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ray = await RayTestCluster.start({ head: 2, nodes: [2] });
    const pool = { name: 'default', slots: SLOTS, min: MEMBERS, max: MEMBERS };
    ({ system, stop } = await startOnRay(ray, [pool], { offlineModel: { latencyMs: 200, jitterMs: 200 } }));
    await staffed();
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(() => stop());

  const pids = async (): Promise<number[]> => (await workingOn(system)).map(({ pid }) => pid);
  const staffed = (but: readonly number[] = []) =>
    eventually(
      async () => {
        const living = await pids();
        return living.length === MEMBERS && living.every((pid) => !but.includes(pid)) ? living : null;
      },
      { timeoutMs: 60_000, what: `${MEMBERS} members` },
    );
  const kill = (pid: number | undefined): void => void process.kill(pid as number, 'SIGKILL');
  const parentOf = async (pid: number) => (await processTable()).find((entry) => entry.pid === pid)?.parent;

  it('should have every row once, whatever of Ray and of ours dies', async () => {
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    const done = (rows: number) => system.untilDone(run.id, 'mails', rows);

    await done(500);
    const [member] = await pids();
    kill(member);
    await staffed([member as number]);

    await done(1_500);
    const [watched] = await pids();
    kill(await parentOf(watched as number));
    await staffed([watched as number]);

    await done(3_000);
    const [node] = ray.nodes as [LocalNode];
    await killProgram(node, '/raylet ');
    // Ray notices it after three seconds; the head alone has room for two, until the node is back.
    await node.stop();
    await ray.addNode({ cpus: 2 });
    await staffed();

    await done(5_000);
    const before = await pids();
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    await done(5_500);
    expect((await pids()).sort()).toEqual(before.sort());

    await done(6_500);
    await killProgram(ray.head, '/gcs_server ');
    // Members need no Ray for their work.
    await done(7_500);
    await Promise.all(ray.nodes.map((one) => one.stop()));
    await ray.head.restart();
    await ray.addNode({ cpus: 2 });
    await staffed();

    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    const { requests } = await system.modelStats();
    // Calls in flight of: a member, another one, those on a node, and all of them with the cluster; and 50 ms of answers each time.
    expect(requests).toBeLessThanOrEqual(ROWS + 2 * SLOTS * (1 + 1 + 2 + MEMBERS));
  });
});
