import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@apwa/config';
import { parse } from 'yaml';
import { merge, serviceEnvironment, writeStackConfig } from './stack-config.js';

const addresses = {
  nats: { url: 'nats://127.0.0.1:1234', passwordFolder: '/somewhere/passwords' },
  database: { manager: 'postgresql://m:secret@127.0.0.1:5/apwa', executor: 'postgresql://e:secret@127.0.0.1:5/apwa' },
  managerPort: 8485,
  storageDir: '/somewhere/storage',
  offlineModelUrl: 'http://127.0.0.1:9/v1',
};

describe('the configuration of a stack', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const file = () => join(folder, 'apwa.config.yaml');

  it('should be one that services accept, and that nobody else can read', async () => {
    await writeStackConfig(file(), {}, addresses, { members: 3, slots: 7 });
    const config = await loadConfig({ path: file(), env: {} });
    expect(config).toMatchObject({ model: 'offline', nats: addresses.nats, manager: { port: 8485 } });
    expect(config.pools).toMatchObject([{ name: 'default', backend: 'processes', min: 3, max: 3, slots: 7 }]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('should ask for no key, whatever the user has configured for others', async () => {
    const base = { manager: { host: '0.0.0.0', auth: 'keys', firstKeyFile: '/nowhere/key', requestsPerMinute: 7 } };
    await writeStackConfig(file(), base, addresses, {});
    const { manager } = await loadConfig({ path: file(), env: {} });
    expect(manager).toMatchObject({ host: '127.0.0.1', auth: 'none', requestsPerMinute: 7 });
  });

  it('should keep what the user configured, and variables as variables', async () => {
    const base = {
      models: { small: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: '${KEY}', name: 'm' } },
      pools: [{ name: 'big', backend: 'external', slots: 9 }],
      storage: { url: 's3://bucket/x' },
      executor: { leaseMs: 4000 },
    };
    await writeStackConfig(file(), base, { ...addresses, offlineModelUrl: null }, {});
    expect(parse(await readFile(file(), 'utf8'))).toMatchObject({
      models: { small: { apiKey: '${KEY}' } },
      pools: [{ name: 'big', backend: 'processes', slots: 9 }],
      storage: { url: 's3://bucket/x' },
      executor: { leaseMs: 4000, databaseUrl: addresses.database.executor },
    });
  });

  it('should let overrides win', () => {
    expect(merge({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: 3 }, d: [4] })).toEqual({ a: { b: 3, c: 2 }, d: [4] });
  });

  it('should not let the caller’s environment move the stack’s own servers', () => {
    process.env.APWA__nats__url = 'nats://elsewhere:1';
    process.env.APWA__models__small__name = 'kept';
    process.env.APWA_KEY = 'of another manager';
    try {
      const env = serviceEnvironment('/x.yaml');
      expect(env).toMatchObject({ APWA_CONFIG: '/x.yaml', APWA__models__small__name: 'kept' });
      expect(env).not.toHaveProperty('APWA__nats__url');
      expect(env).not.toHaveProperty('NODE_OPTIONS');
      expect(env).not.toHaveProperty('APWA_KEY');
    } finally {
      delete process.env.APWA__nats__url;
      delete process.env.APWA__models__small__name;
      delete process.env.APWA_KEY;
    }
  });
});
