import { jest } from '@jest/globals';
import { type FabricPool } from '@apwa/contracts';
import { canHaveRay, descendantsOf, eventually, leakCheck, type LeakCheck, RAY_INSTALL_TIMEOUT_MS } from '@apwa/test-kit';
import { RayBackend } from '../src/ray/ray-backend.js';
import { TIMES } from './support/pools/contract.js';
import { MemberFolder } from './support/pools/member-folder.js';
import { RayWorld } from './support/ray-world.js';

/** Real: Ray on three nodes, then four, its fabrics, NATS, and the members' processes; they do no work. */
jest.setTimeout(120_000);
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

describeOnRay('members of a pool on three nodes', () => {
  let leaks: LeakCheck;
  let world: RayWorld;
  let folder: MemberFolder;
  const backends: RayBackend[] = [];

  beforeAll(async () => {
    leaks = await leakCheck();
    world = await RayWorld.start({ head: 2, nodes: [2, 2] });
  }, RAY_INSTALL_TIMEOUT_MS);
  beforeEach(async () => {
    folder = await MemberFolder.create();
  });
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.stop(AbortSignal.abort())));
    await world.stopClusters();
    await eventually(() => folder.living().size === 0, { timeoutMs: 30_000, what: 'the end of all members' });
    await folder.remove();
  });
  afterAll(async () => {
    await world.stop();
    await leaks.verify();
  });

  const begin = async (pool: Partial<FabricPool>): Promise<RayBackend> => {
    const cluster = await world.cluster({ folder, pool });
    const backend = new RayBackend({ pool: 'test', resources: { cpus: 1 }, labels: pool.labels ?? {}, cluster, times: TIMES });
    backends.push(backend);
    await backend.start(() => undefined);
    return backend;
  };
  const alive = (count: number) => eventually(() => folder.living().size === count, { timeoutMs: 60_000, what: `${count} members` });
  /** How many members each of the nodes has, the head first. */
  const counts = async (): Promise<number[]> => {
    const inside = await Promise.all([world.ray.head, ...world.ray.nodes].map(({ pid }) => descendantsOf(pid as number)));
    const members = [...folder.living().values()];
    return inside.map((pids) => members.filter((pid) => pids.includes(pid)).length);
  };

  it('should be on all of them, where it is spread', async () => {
    await (await begin({ placement: 'spread' })).scale(3);
    await alive(3);
    expect(await counts()).toEqual([1, 1, 1]);
  });

  it('should fill one after the other, where it is packed', async () => {
    const backend = await begin({ placement: 'pack' });
    await backend.scale(4);
    await alive(4);
    expect((await counts()).sort()).toEqual([0, 2, 2]);
    expect(backend.someWaitFor()).toBeNull();
    await backend.scale(7);
    await alive(6);
    await eventually(
      () => backend.waitingFor() === 'waiting for resources: 1 cpu, and cluster test has none free (nodes: 3), in pool test',
      {
        timeoutMs: 30_000,
        what: 'the reason',
      },
    );
    const words = '1 of 7 members of pool test waits for resources: 1 cpu, and cluster test has none free (nodes: 3)';
    await eventually(() => backend.someWaitFor() === words, { timeoutMs: 30_000, what: 'the reason of the one that waits' });
    await backend.scale(6);
    expect(backend.someWaitFor()).toBeNull();
  });

  it('should wait for a node with its labels, say so, and be on that one alone', async () => {
    const backend = await begin({ labels: { zone: 'east', disk: 'ssd' } });
    await backend.scale(2);
    const words = 'waiting for resources: a node with zone=east, disk=ssd, and cluster test has none (nodes: 3), in pool test';
    await eventually(() => backend.waitingFor() === words, { timeoutMs: 60_000, what: 'the reason' });
    await world.ray.addNode({ cpus: 2, labels: { zone: 'east', disk: 'ssd', rack: '7' } });
    await alive(2);
    expect(await counts()).toEqual([0, 0, 0, 2]);
  });

  it('should say of members that Ray does not take why they are not there', async () => {
    const backend = await begin({ custom: { GPU: 1 } });
    await backend.scale(1);
    await eventually(() => backend.waitingFor().includes("Use the 'num_cpus' and 'num_gpus' keyword"), {
      what: 'the reason',
      timeoutMs: 60_000,
    });
  });
});
