import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './load.js';

describe('what capabilities may have', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const load = async (more: object, env: NodeJS.ProcessEnv = {}) => {
    const path = join(folder, 'apwa.config.yaml');
    await writeFile(path, JSON.stringify({ models: { small: { baseUrl: 'http://x.test/v1', name: 'x' } }, ...more }));
    return loadConfig({ path, env });
  };

  it('should be nothing where it is not said', async () => {
    expect(await load({})).toMatchObject({ capabilities: { allowedHosts: [], fetchHosts: [] }, secrets: {} });
  });

  it('should be secrets of the environment', async () => {
    const config = await load({ secrets: { KEY: { value: '${MY_KEY}', hosts: ['api.test'] } } }, { MY_KEY: 'canary' });
    expect(config.secrets).toEqual({ KEY: { value: 'canary', hosts: ['api.test'] } });
  });

  it.each<[string, object]>([
    ['secrets.KEY.value', { secrets: { KEY: { hosts: ['api.test'] } } }],
    ['secrets.KEY.file', { secrets: { KEY: { hosts: ['api.test'], value: 'canary', file: 'x' } } }],
    ['secrets.KEY.hosts', { secrets: { KEY: { value: 'canary', hosts: [] } } }],
    ['secrets.KEY.hosts[0]', { secrets: { KEY: { value: 'canary', hosts: ['*'] } } }],
    ['mcpServers.tracker.limits.inFlight', { mcpServers: { tracker: { url: 'http://x.test', limits: { inFlight: 0 } } } }],
    ['mcpServers.tracker.limits', { mcpServers: { tracker: { url: 'http://x.test', limits: {} } } }],
    ['capabilities.allowedHosts[0]', { capabilities: { allowedHosts: ['*.example.com'] } }],
    ['capabilities.fetchHosts[0]', { capabilities: { fetchHosts: ['https://example.com/'] } }],
  ])('should be refused with what is wrong at %s', async (field, more) => {
    const error = await load(more).then(
      () => null,
      (thrown: unknown) => thrown as { details: { faults: { field: string }[] }; message: string },
    );
    expect(error?.details.faults.map((fault) => fault.field)).toEqual([field]);
    expect(error?.message).not.toContain('canary');
  });
});
