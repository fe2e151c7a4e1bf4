import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Member } from '@apwa/contracts';
import { commandOf, descendantsOf, isAlive, type RayTestCluster, type StackOptions, tempDir } from '@apwa/test-kit';
import { System } from './system.js';

type Document = Record<string, unknown>;

/** A system whose pools are on a Ray cluster, and on no other unless `clusters` names it. */
export const startOnRay = async (
  ray: RayTestCluster,
  pools: Document[],
  { clusters = [], ...options }: Partial<StackOptions> & { clusters?: Document[] } = {},
): Promise<{ system: System; stop: () => Promise<void> }> => {
  const dir = await tempDir('ray-run');
  const [configFile, natsUrlFile] = [join(dir.path, 'apwa.config.yaml'), join(dir.path, 'nats-url')];
  const natsCaFile = options.natsTls ? { natsCaFile: options.natsTls.caFile } : {};
  const others = clusters.map((one) => ('natsUrl' in one ? one : { natsUrlFile, ...natsCaFile, ...one }));
  const cluster = { name: 'test', ...ray.access, natsUrlFile, ...natsCaFile, member: { environment: { APWA_CONFIG: configFile } }, pools };
  const system = await System.start({
    ...options,
    dir: dir.path,
    config: { ...options.config, pools: [], ray: { clusters: [cluster, ...others] } },
    envOf: async (_, { nats }) => {
      await writeFile(natsUrlFile, nats.urlFor('fabric'), { mode: 0o600 });
      return {};
    },
  });
  const stop = async () => {
    // Members of a cluster outlive their executor: they end with the cluster.
    try {
      await ray.stop();
    } finally {
      // A service that runs on keeps Jest from ending.
      await system.stop();
      await dir.remove();
    }
  };
  return { system, stop };
};

/** The members that take work: their processes live, whatever the executor knows yet. */
export const workingOn = async (system: System): Promise<Member[]> =>
  (await system.stack.members()).filter(({ state, pid }) => state === 'running' && isAlive(pid));

/** Kills one of the processes of a node with SIGKILL, by what its command line has. */
export const killProgram = async (node: { pid: number | undefined }, program: string): Promise<void> => {
  for (const pid of await descendantsOf(node.pid as number))
    if ((await commandOf(pid))?.includes(program)) return void process.kill(pid, 'SIGKILL');
  throw new Error(`the node has no ${program}`);
};
