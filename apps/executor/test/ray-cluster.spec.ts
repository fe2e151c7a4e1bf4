import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { zipSync } from 'fflate';
import { JobsClient, rayVersion, tokenFrom } from '@apwa/ray';
import { canHaveRay, eventually, leakCheck, type LeakCheck, RAY_INSTALL_TIMEOUT_MS } from '@apwa/test-kit';
import { describeDeath } from '../src/pools/describe-death.js';
import { type PoolEvent } from '../src/pools/pool-backend.js';
import { RayBackend } from '../src/ray/ray-backend.js';
import { type RayCluster } from '../src/ray/ray-cluster.js';
import { TIMES } from './support/pools/contract.js';
import { MemberFolder } from './support/pools/member-folder.js';
import { RayWorld, type TestClusterOptions } from './support/ray-world.js';

/** Real: Ray, its fabrics, NATS, and the members' processes; they do no work. */
jest.setTimeout(120_000);
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

describeOnRay('a fabric', () => {
  let leaks: LeakCheck;
  let world: RayWorld;
  let folder: MemberFolder;
  let jobs: JobsClient;
  let name = '';
  let events: PoolEvent[];
  const backends: RayBackend[] = [];

  beforeAll(async () => {
    leaks = await leakCheck();
    world = await RayWorld.start();
    jobs = new JobsClient({ address: world.ray.access.address, token: tokenFrom(world.ray.access.tokenFile) });
  }, RAY_INSTALL_TIMEOUT_MS);
  beforeEach(async () => {
    folder = await MemberFolder.create();
    events = [];
    name = `c${world.clusters.length}-${expect.getState().currentTestName?.length ?? 0}`;
  });
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.stop(AbortSignal.abort())));
    await world.stopClusters();
    for (const { submissionId, status } of await jobs.jobs())
      if (status === 'RUNNING' || status === 'PENDING') await jobs.stop(submissionId as string);
    await eventually(() => folder.living().size === 0, { timeoutMs: 30_000, what: 'the end of all members' });
    await folder.remove();
  });
  afterAll(async () => {
    await world.stop();
    await leaks.verify();
  });

  const cluster = (more: Partial<TestClusterOptions> = {}) => world.cluster({ folder, name, ...more });
  const begin = async (on: RayCluster): Promise<RayBackend> => {
    const backend = new RayBackend({ pool: 'test', resources: { cpus: 1 }, labels: {}, cluster: on, times: TIMES });
    backends.push(backend);
    await backend.start((event) => events.push(event));
    return backend;
  };
  const alive = (count: number) => eventually(() => folder.living().size === count, { timeoutMs: 60_000, what: `${count} members` });
  const running = async () =>
    (await jobs.jobs()).flatMap(({ submissionId, status }) =>
      status === 'RUNNING' && submissionId?.startsWith(`apwa-fabric-${name}-`) ? [submissionId] : [],
    );
  const statusOf = async (generation: number) => (await jobs.job(`apwa-fabric-${name}-${generation}`))?.status;

  it('should be taken over by the next executor with its members, and listen to the one before no more', async () => {
    const before = await begin(await cluster({ outlivesExecutor: true }));
    await before.scale(2);
    await alive(2);
    const members = [...folder.living().keys()].sort();
    const fabrics = await running();
    expect(fabrics).toHaveLength(1);
    await eventually(() => before.slots().every(({ state }) => state === 'starting'));

    const taken = await cluster({ epoch: 2, outlivesExecutor: true });
    const after = await begin(taken);
    expect(members.map((instance) => [after.owns(instance), after.admits(instance)])).toEqual([
      [true, 'yes'],
      [true, 'yes'],
    ]);
    expect(after.admits('somebody-else')).toBe('no');
    // The one before does not know that it was replaced, and would have nobody.
    await before.scale(0);
    await after.scale(3);
    await alive(3);
    expect([...folder.living().keys()]).toEqual(expect.arrayContaining(members));
    expect(folder.drained()).toEqual([]);
    expect(await running()).toEqual(fabrics);
  });

  it('should end by itself, with its members, when no executor asks for it any more', async () => {
    const left = await cluster({ outlivesExecutor: true, times: { fabricLeaseMs: 2_000 } });
    await (await begin(left)).scale(2);
    await alive(2);
    await left.stop();
    await alive(0);
    expect(folder.drained()).toHaveLength(2);
    await eventually(async () => (await statusOf(1)) === 'SUCCEEDED', { timeoutMs: 30_000 });
  });

  it('should be submitted again when its job was stopped, and its members be lost and replaced', async () => {
    const backend = await begin(await cluster());
    await backend.scale(2);
    await alive(2);
    const before = [...folder.living().keys()];
    await jobs.stop(`apwa-fabric-${name}-1`);
    await eventually(() => events.filter(({ kind }) => kind === 'member_died').length === 2, { timeoutMs: 60_000, what: 'two deaths' });
    expect(before.map((instance) => backend.admits(instance))).toEqual(['no', 'no']);
    await eventually(() => folder.living().size === 2 && before.every((instance) => !folder.living().has(instance)), {
      timeoutMs: 60_000,
      what: 'two other members',
    });
    await eventually(async () => (await statusOf(2)) === 'RUNNING');
  });

  it('should give way to a later generation, whoever still gives it orders', async () => {
    const first = await begin(await cluster({ outlivesExecutor: true }));
    await first.scale(1);
    await alive(1);
    const [old = ''] = folder.living().keys();
    const second = await begin(await cluster({ epoch: 2, outlivesExecutor: true, adopts: false }));
    await second.scale(1);
    await eventually(() => folder.living().size === 1 && !folder.living().has(old), { timeoutMs: 60_000, what: 'another member' });
    // Ray tells it a moment later.
    await eventually(async () => (await running()).join() === `apwa-fabric-${name}-2`);
    expect([second.admits(old), second.owns([...folder.living().keys()][0] as string)]).toEqual(['no', true]);
  });

  it('should end a member that takes up more memory than its pool allows, and have another in its place', async () => {
    folder.behave('greedy');
    const backend = await begin(await cluster({ pool: { memoryBytes: 250 * 2 ** 20 } }));
    await backend.scale(1);
    const death = await eventually(() => events.find((event) => event.kind === 'member_died')?.death, {
      timeoutMs: 60_000,
      what: 'its end',
    });
    expect(death).toMatchObject({ end: { kind: 'killed', signal: 'SIGKILL' }, asked: false });
    expect(describeDeath(death)).toMatch(
      /^signal SIGKILL: fatal: it took up [2-4]\d\d MB of memory, and its pool allows 250 \(resources.memoryMb\)$/,
    );
    folder.behave('serve');
    await alive(1);
  });

  it('should have its fault told, and be tried again ever less often', async () => {
    const broken = await cluster({ natsUrl: 'nats://127.0.0.1:9' });
    const backend = await begin(broken);
    await backend.scale(1);
    await eventually(
      () =>
        /the fabric failed: ConnectionError: NATS can't be reached from this node within 15 s: .*Connect call failed/.test(
          broken.trouble ?? '',
        ),
      { timeoutMs: 60_000, what: 'the reason' },
    );
    expect(backend.waitingFor()).toContain('pool test waits for it');
    expect(backend.slots()).toMatchObject([{ state: 'placing' }]);
  });

  it("should have told why it can't be loaded, and keep members waiting", async () => {
    const broken = zipSync({ 'apwa_fabric/__main__.py': Buffer.from('import surely_no_package\n') });
    const uri = `gcs://_ray_pkg_${createHash('sha256').update(broken).digest('hex').slice(0, 32)}.zip`;
    const unloadable = await cluster({ pack: () => ({ uri, zip: broken }) });
    const backend = await begin(unloadable);
    await backend.scale(1);
    await eventually(() => unloadable.trouble?.includes('the fabric failed'), { timeoutMs: 60_000, what: 'the reason' });
    expect(unloadable.trouble).toContain("ModuleNotFoundError: No module named 'surely_no_package'");
    expect(backend.waitingFor()).toContain('pool test waits for it');
    expect(backend.slots()).toMatchObject([{ state: 'placing' }]);
  });

  describe('where Ray is another', () => {
    let server: Server;
    beforeEach(async () => {
      server = createServer((_, response) => response.end(JSON.stringify({ ray_version: '2.40.0', session_name: 's' })));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    it('should not be submitted, and both versions be named', async () => {
      const { port } = server.address() as AddressInfo;
      const other = await cluster({ address: `http://127.0.0.1:${port}` });
      await eventually(() => other.trouble?.includes('2.40.0'));
      expect(other.trouble).toBe(`Ray cluster ${name}: Cluster ${name} runs Ray 2.40.0, and this executor drives Ray ${rayVersion()}.`);
    });
  });
});
