import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

interface Service {
  volumes?: string[];
  environment?: Record<string, string>;
}
interface Compose {
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
}

/** Who may have what lets somebody in, as services of docker-compose.yml; `setup` makes all of it. */
const HOLDERS: Record<string, readonly string[]> = {
  secrets: ['postgres', 'roles'],
  'secrets-nats': ['nats'],
  'secrets-manager': ['manager'],
  'secrets-executor': ['executor', 'executor-without-ray'],
  'secrets-member': ['ray-worker', 'worker-pool'],
  'secrets-fabric': ['ray-head'],
};
const AT_S3 = ['executor', 'executor-without-ray', 'manager', 'ray-worker', 'worker-pool'];

const read = async (path: string): Promise<Compose> =>
  parse(await readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8'), { merge: true, logLevel: 'error' }) as Compose;

/** The services with another file laid over them, in which `volumes` of those that were there before are `!override`. */
const composed = async (...paths: string[]): Promise<[string, Service][]> => {
  const services = new Map<string, Service>();
  for (const path of paths)
    for (const [name, { volumes, environment }] of Object.entries((await read(path)).services)) {
      const before = services.get(name);
      services.set(name, { volumes: volumes ?? before?.volumes ?? [], environment: { ...before?.environment, ...environment } });
    }
  return [...services];
};

/** Who mounts what of the volumes with this name or beginning. */
const mountsOf = (services: [string, Service][], volume: RegExp) =>
  services.flatMap(([service, { volumes = [] }]) => volumes.filter((mount) => volume.test(mount)).map((mount) => ({ service, mount })));

describe.each([[[]], [['infra/compose/scale.yaml']], [['infra/compose/tls.yaml']]])('docker-compose.yml with %j', (over) => {
  it('should hand passwords to all those whose they are, and to nobody else', async () => {
    const mounted = mountsOf(await composed('docker-compose.yml', ...over), /^secrets/).filter(({ service }) => service !== 'setup');
    const holders = Object.keys(HOLDERS).map((volume) => [
      volume,
      mounted
        .filter(({ mount }) => mount.split(':')[0] === volume)
        .map(({ service }) => service)
        .sort(),
    ]);
    expect(Object.fromEntries(holders)).toEqual(HOLDERS);
    expect(mounted.filter(({ mount }) => !mount.endsWith(':ro'))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  it('should have no secrets that nobody is named for', async () => {
    const { volumes = {} } = await read('docker-compose.yml');
    expect(
      Object.keys(volumes)
        .filter((name) => name.startsWith('secrets'))
        .sort(),
    ).toEqual(Object.keys(HOLDERS).sort());
  });

  it("should hand S3's key, where tables are there, as a file to those alone who use it", async () => {
    const services = (await composed('docker-compose.yml', 'infra/compose/scale.yaml')).filter(([name]) => !name.startsWith('s3'));
    expect(mountsOf(services, /^s3-keys/)).toEqual(
      services.filter(([name]) => AT_S3.includes(name)).map(([service]) => ({ service, mount: 's3-keys:/run/apwa-s3:ro' })),
    );
    for (const [name, { environment = {} }] of services) {
      expect(environment.AWS_SHARED_CREDENTIALS_FILE).toBe(AT_S3.includes(name) ? '/run/apwa-s3/credentials' : undefined);
      expect(Object.keys(environment).filter((key) => /SECRET|ACCESS_KEY/.test(key))).toEqual([]);
    }
  });
});
