import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** Who may have what lets somebody in, as services of docker-compose.yml; `setup` makes all of it. */
const HOLDERS: Record<string, readonly string[]> = {
  secrets: ['postgres', 'roles'],
  'secrets-nats': ['nats'],
  'secrets-manager': ['manager'],
  'secrets-executor': ['executor', 'executor-without-ray'],
  'secrets-member': ['worker-pool', 'ray-worker'],
  'secrets-fabric': ['ray-head'],
};

describe('docker-compose.yml', () => {
  it('should hand passwords to those alone whose they are', async () => {
    const text = await readFile(new URL('../../../../docker-compose.yml', import.meta.url), 'utf8');
    const { services, volumes } = parse(text, { merge: true }) as {
      services: Record<string, { volumes?: string[] }>;
      volumes: Record<string, unknown>;
    };
    const mounted = Object.entries(services).flatMap(([service, { volumes: mounts = [] }]) =>
      mounts.filter((mount) => mount.startsWith('secrets')).map((mount) => ({ service, volume: mount.split(':')[0] ?? '', mount })),
    );
    const strangers = mounted.filter(({ service, volume }) => service !== 'setup' && !HOLDERS[volume]?.includes(service));
    expect(strangers).toEqual([]);
    expect(mounted.filter(({ service, mount }) => service !== 'setup' && !mount.endsWith(':ro'))).toEqual([]);
    expect(
      Object.keys(volumes)
        .filter((name) => name.startsWith('secrets'))
        .sort(),
    ).toEqual(Object.keys(HOLDERS).sort());
  });
});
