import { type Member } from '@apwa/contracts';
import { canHaveRay, descendantsOf, eventually, type LocalNode, RAY_INSTALL_TIMEOUT_MS, RayTestCluster } from '@apwa/test-kit';
import { killProgram, startOnRay, workingOn } from './support/ray-system.js';
import { expectEveryRowOnce, mailPlan, numberedRows, type System } from './support/system.js';

const ROWS = 6_000;
const MEMBERS = 3;
const SLOTS = 32;

// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

/** Real: everything, and a Ray cluster of three nodes, all with room for two members; the offline model takes its time. */
describeOnRay('a run whose members are on three nodes', () => {
  let ray: RayTestCluster;
  let system: System;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ray = await RayTestCluster.start({ head: 2, nodes: [2, 2] });
    const pool = { name: 'default', slots: SLOTS, min: MEMBERS, max: MEMBERS };
    ({ system, stop } = await startOnRay(ray, [pool], { offlineModel: { latencyMs: 200, jitterMs: 200 } }));
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(() => stop());

  /** All members, once each has calls under way. */
  const atWork = (timeoutMs: number, but: readonly Member[] = []): Promise<Member[]> =>
    eventually(
      async () => {
        const busy = (await workingOn(system)).filter(({ slots }) => slots.free < slots.total);
        return busy.length === MEMBERS && !busy.some(({ id }) => but.some((gone) => gone.id === id)) ? busy : null;
      },
      { timeoutMs, what: `${MEMBERS} members at work` },
    );
  const onNode = async (node: LocalNode, members: readonly Member[]): Promise<Member[]> => {
    const inside = await descendantsOf(node.pid as number);
    return members.filter(({ pid }) => inside.includes(pid));
  };

  it('should have as many again, on the nodes that are left, when the raylet of one is killed, and every row once', async () => {
    const run = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    // The fabric and its first members may still be starting.
    const before = await atWork(120_000);
    const [node] = ray.nodes as [LocalNode];
    const lost = await onNode(node, before);
    // They are spread.
    expect(lost).toHaveLength(1);

    await killProgram(node, '/raylet ');
    // Ray notices it within three seconds; the rest is the start of a process of Ray's and of the member, on a machine that may be busy.
    const after = await atWork(30_000, lost);
    expect(await onNode(node, after)).toEqual([]);

    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    // One member's calls in flight, and 50 ms of its answers.
    expect((await system.modelStats()).requests).toBeLessThanOrEqual(ROWS + 2 * SLOTS);
  });
});
