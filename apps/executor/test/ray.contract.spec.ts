import { jest } from '@jest/globals';
import { Messaging } from '@apwa/messaging';
import { createLogger } from '@apwa/service';
import {
  canHaveRay,
  leakCheck,
  type LeakCheck,
  type NatsServer,
  RAY_INSTALL_TIMEOUT_MS,
  RayTestCluster,
  startNats,
  tempDir,
  type TempDir,
} from '@apwa/test-kit';
import { RemoteAccess } from '../src/ray/cluster-access.js';
import { RayBackend } from '../src/ray/ray-backend.js';
import { RayCluster } from '../src/ray/ray-cluster.js';
import { TIMING } from '../src/settings.js';
import { poolBackendContract, type Times } from './support/pools/contract.js';
import { type MemberFolder } from './support/pools/member-folder.js';

/** Real: Ray, its fabric, NATS, and the members' processes; they do no work. A fabric of its own for each test. */
jest.setTimeout(120_000);

/** A cluster that ends with its executor, so that members are drained; it is not this class' to stop. */
class Access extends RemoteAccess {
  override readonly outlivesExecutor = false as never;
}

const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

describeOnRay('on Ray', () => {
  let leaks: LeakCheck;
  let dir: TempDir;
  let ray: RayTestCluster;
  let nats: NatsServer;
  let messaging: Messaging;
  let generation = 0;
  const clusters: RayCluster[] = [];

  beforeAll(async () => {
    leaks = await leakCheck();
    dir = await tempDir('ray-contract');
    nats = await startNats({ dir: dir.path });
    messaging = await Messaging.connect(nats.url, 'test');
    ray = await RayTestCluster.start({ head: 16 });
  }, RAY_INSTALL_TIMEOUT_MS);
  afterEach(async () => {
    await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
  });
  afterAll(async () => {
    await ray.stop();
    await messaging.close();
    await nats.stop();
    await dir.remove();
    await leaks.verify();
  });

  const make = async ({ command: [program, ...args] }: MemberFolder, times: Times): Promise<RayBackend> => {
    const config = { name: 'contract', start: 'none' as const, member: { environment: {} }, pools: [], ...ray.access };
    const pool = { cpus: 1, gpus: 0, memoryBytes: 0, custom: {}, labels: {}, placement: 'spread' as const };
    const cluster = new RayCluster({
      config,
      access: new Access(config, nats.url),
      pools: { test: { ...pool, command: [program, ...args], env: {}, folder: null } },
      messaging,
      generations: { last: async () => null, next: async () => (generation += 1) },
      epoch: () => 1,
      times: { ...TIMING, ...times },
      log: createLogger('executor', (process.env.APWA_LOG_LEVEL as 'warn' | undefined) ?? 'silent'),
    });
    clusters.push(cluster);
    await cluster.open();
    cluster.start();
    return new RayBackend({ pool: 'test', resources: { cpus: 1 }, cluster, times });
  };
  poolBackendContract('ray', { keepsMembers: true, make });
});
