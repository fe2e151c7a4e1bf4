import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, type Service, type Stack } from '@apwa/stack';
import { Restarts } from './restarts.js';
import { isSource, watchSources } from './watch.js';
import { concernedBy, readWorkspaces } from './workspaces.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'apwa-dev-'));
  const put = async (folder: string, name: string, dependencies: Record<string, string>) => {
    await mkdir(join(root, folder, 'src/generated'), { recursive: true });
    await writeFile(join(root, folder, 'package.json'), JSON.stringify({ name, dependencies }));
  };
  await put('packages/contracts', '@apwa/contracts', { zod: '4' });
  await put('packages/tables', '@apwa/tables', { '@apwa/contracts': '*' });
  await put('apps/manager', '@apwa/manager', { '@apwa/tables': '*' });
  await put('apps/executor', '@apwa/executor', { '@apwa/contracts': '*' });
  await put('apps/worker-pool', '@apwa/worker-pool', { '@apwa/tables': '*' });
});
afterEach(() => rm(root, { recursive: true }));

describe('workspaces', () => {
  it('should be concerned by what they are built upon, however far below', async () => {
    const workspaces = await readWorkspaces(root);
    expect(workspaces.find(({ name }) => name === '@apwa/contracts')).toEqual({
      name: '@apwa/contracts',
      folder: 'packages/contracts',
      dependencies: [],
    });
    expect([...concernedBy(['@apwa/tables'], workspaces)].sort()).toEqual(['@apwa/manager', '@apwa/tables', '@apwa/worker-pool']);
    expect(concernedBy(['@apwa/contracts'], workspaces).size).toBe(5);
    expect([...concernedBy(['@apwa/executor'], workspaces)]).toEqual(['@apwa/executor']);
  });
});

describe('changes', () => {
  it.each([
    ['runs/runs.service.ts', true],
    ['migrations/1_x/migration.sql', true],
    ['runs/next.spec.ts', false],
    ['generated/client.ts', false],
    ['runs/.next.ts.swp', false],
  ])('should count or not: %s', (path, counts) => expect(isSource(path)).toBe(counts));

  it('should be noticed, several at once as one, and without what a build generates', async () => {
    const seen: string[][] = [];
    const watching = watchSources(root, await readWorkspaces(root), (names) => seen.push(names.sort()));
    try {
      await writeFile(join(root, 'apps/manager/src/generated/client.ts'), '');
      await writeFile(join(root, 'apps/executor/src/a.spec.ts'), '');
      await writeFile(join(root, 'packages/tables/src/a.ts'), '');
      await writeFile(join(root, 'packages/contracts/src/a.ts'), '');
      await until(() => seen.length, { timeoutMs: 5_000, what: 'the changes' });
      expect(seen).toEqual([['@apwa/contracts', '@apwa/tables']]);
    } finally {
      watching.close();
    }
  });
});

describe('restarts', () => {
  const said: string[] = [];
  const restarted: string[] = [];
  const service = (name: string, rest: Partial<Service> = {}) =>
    ({ name, logFile: `${name}.log`, running: true, restart: async () => void restarted.push(name), ...rest }) as Service;
  const make = async (services: Partial<Record<keyof Stack['services'], Service>>, build: (names: string[]) => Promise<boolean>) =>
    new Restarts({
      workspaces: await readWorkspaces(root),
      services: { manager: service('manager'), executor: service('executor'), ...services } as Stack['services'],
      build,
      say: (text) => said.push(text),
    });
  beforeEach(() => {
    said.length = 0;
    restarted.length = 0;
  });

  it('should start again what is made of the changed sources, the executor once for its members and itself', async () => {
    const restarts = await make({}, async () => true);
    await restarts.changed(['@apwa/contracts']);
    expect(restarted.sort()).toEqual(['executor', 'manager']);
    restarted.length = 0;
    await restarts.changed(['@apwa/worker-pool']);
    expect(restarted).toEqual(['executor']);
  });

  it('should leave everything as it is if the build fails', async () => {
    await (await make({}, async () => false)).changed(['@apwa/contracts']);
    expect(restarted).toEqual([]);
    expect(said.at(-1)).toContain('could not be built');
  });

  it('should build what is changed during a build in one more', async () => {
    const builds: string[][] = [];
    const restarts: Restarts = await make({}, async (names) => {
      builds.push(names);
      if (builds.length === 1) for (const name of ['@apwa/manager', '@apwa/executor']) void restarts.changed([name]);
      return true;
    });
    await restarts.changed(['@apwa/tables']);
    expect(builds).toEqual([['@apwa/tables'], ['@apwa/manager', '@apwa/executor']]);
  });

  it('should say what does not start, and go on with the others', async () => {
    const broken = service('manager', { restart: async () => Promise.reject(new Error('no port')) });
    await (await make({ manager: broken }, async () => true)).changed(['@apwa/contracts']);
    expect(said).toContain('manager could not be started again: no port');
    expect(restarted).toEqual(['executor']);
  });

  it('should say once that a service has ended by itself', async () => {
    const restarts = await make({ manager: service('manager', { running: false }) }, async () => true);
    restarts.lookAfter();
    restarts.lookAfter();
    expect(said).toEqual([expect.stringContaining('manager has ended by itself: see manager.log')]);
  });
});
