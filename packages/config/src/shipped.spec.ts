import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadConfig } from './index.js';

const infra = fileURLToPath(new URL('../../../infra', import.meta.url));
const MODEL = { APWA__models__small__baseUrl: 'http://127.0.0.1:1/v1', APWA__models__small__name: 'tiny' };

/** The files that containers and pods get, where they have them. */
const DEPLOYMENTS = {
  compose: { config: 'compose/apwa.config.yaml', cluster: 'ray/clusters/compose.yaml', name: 'compose.yaml' },
  kubernetes: { config: 'kubernetes/base/apwa.config.yaml', cluster: 'ray/clusters/kuberay/cluster.yaml', name: 'cluster.yaml' },
};

describe('what is shipped in infra', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'apwa-shipped-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const load = async ({ config, cluster, name }: (typeof DEPLOYMENTS)['compose'], env: NodeJS.ProcessEnv) => {
    const path = join(folder, 'apwa.config.yaml');
    await cp(join(infra, config), path);
    await mkdir(join(folder, 'clusters'));
    await cp(join(infra, cluster), join(folder, 'clusters', name));
    return loadConfig({ path, env });
  };

  it('should have a configuration for the containers whose members run on Ray', async () => {
    const { pools, ray } = await load(DEPLOYMENTS.compose, {});
    expect(pools).toMatchObject([{ name: 'default', backend: 'ray', cluster: 'compose', resources: { cpus: 1 } }]);
    expect(ray.clusters[0]?.tokenFile).toMatch(/^\/run\//);
  });

  it('should have settings with which the same file does without Ray', async () => {
    const compose = parse(await readFile(join(infra, '..', 'docker-compose.yml'), 'utf8'), { merge: true }) as {
      services: Record<string, { environment: Record<string, string>; profiles?: string[] }>;
    };
    for (const service of ['executor-without-ray', 'worker-pool']) {
      const { environment, profiles } = compose.services[service] ?? {};
      expect(profiles).toEqual(['external-workers']);
      const { APWA_CONFIG: _file, APWA_POOL: _pool, TMPDIR: _scratch, ...settings } = environment ?? {};
      await rm(join(folder, 'clusters'), { recursive: true, force: true });
      expect(await load(DEPLOYMENTS.compose, settings)).toMatchObject({
        pools: [{ name: 'default', backend: 'external' }],
        ray: { clusters: [] },
      });
    }
  });

  it('should have settings with which all services of the containers speak TLS to NATS', async () => {
    const services = async (file: string) =>
      (
        parse(await readFile(join(infra, file), 'utf8'), { merge: true }) as {
          services: Record<string, { environment?: NodeJS.ProcessEnv }>;
        }
      ).services;
    const [base, tls] = [await services('../docker-compose.yml'), await services('compose/tls.yaml')];
    const caFile = '/run/secrets/nats-ca';
    for (const [name, natsCaFile] of Object.entries({
      manager: caFile,
      executor: caFile,
      'ray-worker': caFile,
      'worker-pool': undefined,
    })) {
      const { APWA_CONFIG: _file, APWA_POOL: _pool, ...settings } = { ...base[name]?.environment, ...tls[name]?.environment };
      await rm(join(folder, 'clusters'), { recursive: true, force: true });
      const { nats, ray } = await load(DEPLOYMENTS.compose, settings);
      expect(nats).toEqual({ url: 'tls://nats:4222', passwordFolder: '/run/apwa/nats', caFile });
      expect(ray.clusters[0]?.natsCaFile).toBe(natsCaFile);
    }
  });

  it('should have a configuration for Kubernetes, whose secrets come from the environment', async () => {
    const { pools, nats, executor } = await load(DEPLOYMENTS.kubernetes, {
      NATS_URL: 'nats://u:p@nats:4222',
      DATABASE_URL: 'postgresql://p',
    });
    expect(pools).toMatchObject([{ name: 'default', backend: 'ray', cluster: 'kuberay' }]);
    expect([nats.url, executor.databaseUrl]).toEqual(['nats://u:p@nats:4222', 'postgresql://p']);
  });

  it('should let the autoscaler of Kubernetes make as many pods as the pool may have members', async () => {
    const { pools } = await load(DEPLOYMENTS.kubernetes, { NATS_URL: 'nats://nats:4222' });
    const cluster = parse(await readFile(join(infra, 'ray/clusters/kuberay/raycluster.yaml'), 'utf8'), { merge: true }) as {
      spec: { rayVersion: string; workerGroupSpecs: { maxReplicas: number; rayStartParams: Record<string, string> }[] };
    };
    expect(cluster.spec.workerGroupSpecs).toMatchObject([{ maxReplicas: pools[0]?.max, rayStartParams: { 'num-cpus': '1' } }]);
    const requirements = await readFile(join(infra, 'ray/fabric/requirements.txt'), 'utf8');
    expect(requirements).toContain(`ray[default]==${cluster.spec.rayVersion}\n`);
    expect(await readFile(join(infra, 'ray/Dockerfile'), 'utf8')).toContain(`FROM rayproject/ray:${cluster.spec.rayVersion}-`);
  });

  it.each([['ray/clusters/local.yaml'], ['ray/clusters/two-clusters/cpu.yaml'], ['ray/clusters/two-clusters/gpu.yaml']])(
    'should define the cluster of %s',
    async (cluster) => {
      const path = join(folder, 'apwa.config.yaml');
      await writeFile(path, `ray: { clusters: ['${join(infra, cluster)}'] }\n`);
      const { ray, pools } = await loadConfig({ path, env: MODEL });
      expect(pools.map((pool) => 'cluster' in pool && pool.cluster)).toEqual([ray.clusters[0]?.name]);
    },
  );
});
