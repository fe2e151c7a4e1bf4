import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FabricPool, TransientError } from '@apwa/contracts';
import { createLogger } from '@apwa/service';
import { Messaging } from '@apwa/messaging';
import { type NatsServer, type RayNodes, RayTestCluster, startNats, tempDir, type TempDir } from '@apwa/test-kit';
import { RemoteAccess } from '../../src/ray/cluster-access.js';
import { RayCluster } from '../../src/ray/ray-cluster.js';
import { type FabricPackage } from '@apwa/ray';
import { TIMING, type Timing } from '../../src/settings.js';
import { type MemberFolder } from './pools/member-folder.js';

export interface TestClusterOptions {
  folder: MemberFolder;
  /** Fabrics of the same name are generations of each other. Default `test`. */
  name?: string;
  times?: Partial<Timing>;
  /** Of its pool `test`, if not a CPU for each member, spread. */
  pool?: Partial<FabricPool>;
  /** Where the cluster is, if not at this world's Ray. */
  address?: string;
  /** Where the fabric finds NATS, if not at this world's. */
  natsUrl?: string;
  /** The fabric's code, if not ours. */
  pack?: () => FabricPackage;
  /** Default: it ends with its executor, so that members are drained. */
  outlivesExecutor?: boolean;
  epoch?: number;
  /** Whether it takes over the fabric that is there. Default true. */
  adopts?: boolean;
}

/** Real: a Ray, of 16 CPUs by its own count unless nodes are named, and NATS. Generations are counted here instead of in Postgres. */
export class RayWorld {
  readonly clusters: RayCluster[] = [];
  /** Of the latest executor, by cluster: as in Postgres, others take no generation. */
  readonly #epochs = new Map<string, number>();
  readonly #generations = new Map<string, { generation: number; session: string }>();

  private constructor(
    readonly ray: RayTestCluster,
    readonly nats: NatsServer,
    private readonly natsUrlFile: string,
    readonly messaging: Messaging,
    private readonly dir: TempDir,
  ) {}

  static async start(nodes: RayNodes = { head: 16 }): Promise<RayWorld> {
    const dir = await tempDir('ray-world');
    const nats = await startNats({ dir: dir.path });
    const natsUrlFile = join(dir.path, 'nats-url');
    await writeFile(natsUrlFile, nats.urlFor('fabric'), { mode: 0o600 });
    const messaging = await Messaging.connect(nats.access, { name: 'test', service: 'executor' });
    return new RayWorld(await RayTestCluster.start(nodes), nats, natsUrlFile, messaging, dir);
  }

  /** Opened and started. */
  async cluster(options: TestClusterOptions): Promise<RayCluster> {
    const { folder, name = 'test', times = {}, natsUrl, outlivesExecutor = false, epoch = 1, adopts = true } = options;
    this.#epochs.set(name, epoch);
    const [program, ...args] = folder.command;
    const config = {
      name,
      start: 'none' as const,
      sandbox: 'namespaces' as const,
      member: { environment: {} },
      pools: [],
      ...this.ray.access,
    };
    const place = natsUrl === undefined ? { natsUrlFile: this.natsUrlFile } : { natsUrl };
    const access = new RemoteAccess({ ...config, ...place, ...(options.address ? { address: options.address } : {}) }, this.nats.access);
    const pool = { cpus: 1, gpus: 0, memoryBytes: 0, custom: {}, labels: {}, placement: 'spread' as const };
    const cluster = new RayCluster({
      config,
      access: Object.assign(access, { outlivesExecutor }),
      pools: { test: { ...pool, command: [program, ...args], env: {}, folder: null, ...options.pool } },
      messaging: this.messaging,
      ...(options.pack ? { pack: options.pack } : {}),
      generations: {
        last: async () => (adopts && this.#generations.get(name)) || null,
        next: async (session) => {
          if (epoch < (this.#epochs.get(name) ?? 0)) throw new TransientError('executor_replaced', 'Another executor has taken over.');
          const generation = (this.#generations.get(name)?.generation ?? 0) + 1;
          this.#generations.set(name, { generation, session });
          return generation;
        },
      },
      epoch: () => epoch,
      times: { ...TIMING, ...times },
      log: createLogger('executor', (process.env.APWA_LOG_LEVEL as 'warn' | undefined) ?? 'silent'),
    });
    this.clusters.push(cluster);
    await cluster.open();
    cluster.start();
    return cluster;
  }

  async stopClusters(): Promise<void> {
    await Promise.all(this.clusters.splice(0).map((cluster) => cluster.stop()));
  }

  async stop(): Promise<void> {
    await this.stopClusters();
    await this.ray.stop();
    await this.messaging.close();
    await this.nats.stop();
    await this.dir.remove();
  }
}
