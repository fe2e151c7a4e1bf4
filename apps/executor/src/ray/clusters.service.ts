import { type ClusterConfig, type RayPoolConfig } from '@apwa/config';
import { type FabricPool } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { EpochService } from '../epoch/epoch.service.js';
import { memberCommand, memberEnvironment } from '../pools/member-command.js';
import { CONFIG, type Config, LOG, type Logger, MEMBER_COMMAND, TIMES, type Timing } from '../settings.js';
import { LocalAccess, RemoteAccess } from './cluster-access.js';
import { FabricsRepository } from './fabrics.repository.js';
import { RayCluster } from './ray-cluster.js';

const MEBIBYTE = 1024 * 1024;

/** The Ray clusters of the configuration. */
@Injectable()
export class ClustersService {
  readonly #clusters = new Map<string, RayCluster>();

  constructor(
    private readonly database: Database,
    private readonly fabrics: FabricsRepository,
    private readonly messaging: Messaging,
    private readonly epoch: EpochService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(MEMBER_COMMAND) private readonly command: readonly string[] | null,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Once. Resolves when it is known which fabrics live. RefusedError if the members of a cluster can't be started at all. */
  async open(): Promise<void> {
    for (const config of this.config.ray.clusters) this.#clusters.set(config.name, this.#clusterOf(config));
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.open()));
  }

  /** After the pools have taken over whoever lives. */
  start(): void {
    for (const cluster of this.#clusters.values()) cluster.start();
  }

  /** Opened before. */
  cluster(name: string): RayCluster {
    return this.#clusters.get(name) as RayCluster;
  }

  /** In the order of the configuration; none before they are opened. */
  list(): RayCluster[] {
    return [...this.#clusters.values()];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.stop()));
  }

  #clusterOf(config: ClusterConfig): RayCluster {
    const { database, fabrics, messaging, times, log } = this;
    const { nats } = this.config;
    return new RayCluster({
      config,
      access: config.start === 'local' ? new LocalAccess(config, nats, log) : new RemoteAccess(config, nats),
      pools: Object.fromEntries(config.pools.map((pool) => [pool.name, this.#fabricPoolOf(pool, config)])),
      messaging,
      generations: {
        last: () => database.read((queries) => fabrics.last(queries, config.name)),
        next: (session) => database.transaction((queries) => fabrics.next(queries, config.name, session)),
      },
      epoch: () => this.epoch.epoch,
      times,
      log,
    });
  }

  #fabricPoolOf(pool: RayPoolConfig, { start, member }: ClusterConfig): FabricPool {
    const { cpus = 0, gpus = 0, memoryMb = 0, custom = {} } = pool.resources;
    const { program, args } = memberCommand(pool, member.command ?? this.command);
    return {
      cpus,
      gpus,
      memoryBytes: memoryMb * MEBIBYTE,
      custom,
      labels: pool.labels,
      placement: pool.placement,
      command: [program, ...args],
      // On this machine members are what children of this process would be.
      env: { ...(start === 'local' ? defined(memberEnvironment(pool.name, '')) : {}), ...member.environment },
      folder: member.folder ?? (start === 'local' ? process.cwd() : null),
    };
  }
}

const defined = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
