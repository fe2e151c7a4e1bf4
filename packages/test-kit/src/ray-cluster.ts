import { join } from 'node:path';
import { ensureRay, hasPython, LocalHead, type LocalNode } from '@apwa/ray';
import { type TempDir, tempDir } from './temp-dir.js';

/** Whether suites on Ray can be run: it takes Python, without which everything else works. */
export const canHaveRay = hasPython;

/** The first start fetches Ray, some hundred megabytes. */
export const RAY_INSTALL_TIMEOUT_MS = 600_000;

export interface RayNodes {
  /** CPUs of the head. */
  head: number;
  /** CPUs of each further node. Default: none. */
  nodes?: number[];
  /** The Python that has Ray. Default: our own environment. */
  python?: string;
}

/** A real Ray cluster, all of its nodes on this machine. */
export class RayTestCluster {
  readonly nodes: LocalNode[] = [];

  private constructor(
    readonly head: LocalHead,
    private readonly dir: TempDir,
  ) {}

  static async start({ head: cpus, nodes = [], python }: RayNodes): Promise<RayTestCluster> {
    const dir = await tempDir('ray');
    const head = await LocalHead.start({ python: python ?? (await ensureRay()), cpus, logFile: join(dir.path, 'ray.log') });
    const cluster = new RayTestCluster(head, dir);
    for (const node of nodes) await cluster.addNode({ cpus: node });
    return cluster;
  }

  /** What the executor's configuration says of it. */
  get access(): { address: string; tokenFile: string } {
    return { address: this.head.address, tokenFile: this.head.tokenFile };
  }

  async addNode(resources: Parameters<LocalHead['addNode']>[0]): Promise<LocalNode> {
    const node = await this.head.addNode(resources);
    this.nodes.push(node);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.head.stop();
    await this.dir.remove();
  }
}
