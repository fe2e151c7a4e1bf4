import { type ApiKey, type ApiKeyList, ApiKeyText, type CreatedKey } from '@apwa/contracts';
import { createLogger } from '@apwa/service';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config } from '../src/settings.js';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const GIVEN = `apwa_${'Zz09-_Yy'.repeat(4)}`;

describe('keys of the API', () => {
  let world: World;
  let folder: string;
  let log: string[];

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    await world.newDatabase();
    folder = await mkdtemp(join(world.dir, 'keys-'));
    log = [];
  });
  afterEach(() => world.stopManagers());
  afterAll(() => world.stop());

  const file = () => join(folder, 'first-key');
  const logged = () => createLogger('manager', 'trace', { destination: { write: (line) => log.push(line) } });
  const start = async (manager: Partial<Config['manager']> = { firstKeyFile: file() }): Promise<string> => {
    world.config = { ...world.config, manager: { ...world.config.manager, auth: 'keys', ...manager } };
    return (await world.manager({}, logged())).url;
  };
  const admin = async (url: string) => new Api(url, (await readFile(file(), 'utf8')).trim());
  const make = (api: Api, request: object = { name: 'ci', scope: 'run' }) => api.ok<CreatedKey>('POST', '/v1/keys', request);
  const listed = async (api: Api) => (await api.ok<ApiKeyList>('GET', '/v1/keys')).keys;

  describe('the first one', () => {
    it('should be made in its file, for its owner alone, and be told nobody else', async () => {
      const api = await admin(await start());
      expect(ApiKeyText.safeParse(api.key).success).toBe(true);
      expect((await stat(file())).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['first-key']);
      expect(await listed(api)).toMatchObject([{ name: 'first key', scope: 'admin', prefix: api.key?.slice(0, 9), expiresAt: null }]);
      expect(log.join('')).toContain('the first key is the one in the file');
      expect(log.join('')).not.toContain(api.key?.slice(9));
      expect(JSON.stringify(await world.sql('SELECT * FROM api_keys'))).not.toContain(api.key?.slice(9));
    });

    it('should be the one that a file holds', async () => {
      await writeFile(file(), `${GIVEN}\n`);
      await listed(new Api(await start(), GIVEN));
      expect(log.join('')).not.toContain(GIVEN);
    });

    it('should be the same for managers that start at once', async () => {
      const urls = await Promise.all([start(), start(), start()]);
      const { key } = await admin(urls[0] ?? '');
      for (const url of urls) expect(await listed(new Api(url, key))).toHaveLength(1);
    });

    it('should not come back once it is revoked, and none be made in its place', async () => {
      const api = await admin(await start());
      const [first] = await listed(api);
      const second = await make(api, { name: 'second', scope: 'admin' });
      await new Api(api.url, second.key).ok('POST', `/v1/keys/${first?.id}/revoke`);
      await world.stopManagers();
      expect(await new Api(await start(), api.key).refused('GET', '/v1/keys')).toMatchObject({ status: 401, code: 'key_revoked' });
    });

    it('should be missed in the log where no file is named', async () => {
      const url = await start({});
      expect(log.join('')).toContain('manager.firstKeyFile names the file of a first one');
      expect(await new Api(url).refused('GET', '/v1/keys')).toMatchObject({ status: 401 });
    });

    it.each<[string, () => Promise<string>, string]>([
      ['a file that holds something else', async () => (await writeFile(file(), 'hunter2-and-more'), file()), 'holds no key'],
      ['a folder', async () => folder, "can't be read (EISDIR)"],
      ['a file in no folder', async () => join(folder, 'none', 'key'), "can't be written (ENOENT)"],
    ])('should keep the manager from starting, with the reason: %s', async (_, place, message) => {
      const firstKeyFile = await place();
      await chmod(folder, 0o700);
      const starting = start({ firstKeyFile });
      await expect(starting).rejects.toMatchObject({
        class: 'refused',
        code: 'first_key_file',
        message: `manager.firstKeyFile: ${firstKeyFile} ${message}.`,
        details: { field: 'manager.firstKeyFile', value: firstKeyFile, allowed: expect.stringContaining('a file') },
      });
      await expect(starting).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
      expect(await world.sql('SELECT 1 FROM api_keys')).toEqual([]);
    });
  });

  it('should be told once, and be listed without what would let anybody use them', async () => {
    const api = await admin(await start());
    const made = await make(api, { name: 'Ada’s laptop', scope: 'read', expiresIn: '90d' });
    expect(made).toMatchObject({ name: 'Ada’s laptop', scope: 'read', prefix: made.key.slice(0, 9), lastUsedAt: null, revokedAt: null });
    expect(Date.parse(made.expiresAt ?? '') - Date.parse(made.createdAt)).toBeCloseTo(90 * 24 * 3_600_000, -4);
    const keys = await listed(api);
    expect(keys.map(({ name }) => name)).toEqual(['Ada’s laptop', 'first key']);
    expect(keys[0]).toEqual({ ...made, key: undefined });
    const [row] = await world.sql<{ hash: string }>('SELECT hash FROM api_keys WHERE id = $1', [made.id]);
    expect(JSON.stringify(keys)).not.toContain(row?.hash);
    expect(JSON.stringify(keys)).not.toContain(made.key.slice(9));
    expect(log.join('')).not.toContain(made.key.slice(9));
  });

  it('should be listed in pages', async () => {
    const api = await admin(await start());
    for (const name of ['a', 'b', 'c']) await make(api, { name, scope: 'run' });
    const first = await api.ok<ApiKeyList>('GET', '/v1/keys?limit=3');
    const second = await api.ok<ApiKeyList>('GET', `/v1/keys?limit=3&after=${first.next}`);
    expect([...first.keys, ...second.keys].map(({ name }) => name)).toEqual(['c', 'b', 'a', 'first key']);
    expect(second.next).toBeNull();
  });

  it('should be good for nothing from their revocation on, for every manager', async () => {
    const urls = [await start(), await start()];
    const api = await admin(urls[0] ?? '');
    const { id, key } = await make(api);
    for (const url of urls) await new Api(url, key).ok('GET', '/v1/runs');
    const revoked = await api.ok<ApiKey>('POST', `/v1/keys/${id}/revoke`);
    expect(revoked.revokedAt).not.toBeNull();
    for (const url of urls)
      expect(await new Api(url, key).refused('GET', '/v1/runs')).toMatchObject({ status: 401, code: 'key_revoked', class: 'refused' });
    expect(await api.ok('POST', `/v1/keys/${id}/revoke`)).toEqual(revoked);
    expect(await api.refused('POST', '/v1/keys/key_unknown/revoke')).toMatchObject({ status: 404, code: 'not_found', field: 'id' });
  });

  it('should be good for nothing once they have expired', async () => {
    const api = await admin(await start());
    const { id, key } = await make(api, { name: 'a', scope: 'run', expiresIn: '1h' });
    await new Api(api.url, key).ok('GET', '/v1/runs');
    await world.sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
    expect(await new Api(api.url, key).refused('GET', '/v1/runs')).toMatchObject({ status: 401, code: 'key_expired' });
  });

  it('should keep an admin who can make others, also where two revoke each other at once', async () => {
    const api = await admin(await start());
    const [first] = await listed(api);
    await make(api, { name: 'for a day', scope: 'admin', expiresIn: '1d' });
    expect(await api.refused('POST', `/v1/keys/${first?.id}/revoke`)).toMatchObject({ status: 409, code: 'last_admin_key', field: 'id' });
    const second = await make(api, { name: 'second', scope: 'admin' });
    const both = await Promise.all([
      api.send('POST', `/v1/keys/${second.id}/revoke`),
      new Api(api.url, second.key).send('POST', `/v1/keys/${first?.id}/revoke`),
    ]);
    // Who comes second has been revoked by then, or would revoke the last one.
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    const left = await world.sql(`SELECT 1 FROM api_keys WHERE scope = 'admin' AND revoked_at IS NULL AND expires_at IS NULL`);
    expect(left).toHaveLength(1);
  });

  it('should say when they were last used, written down once a minute', async () => {
    const api = await admin(await start());
    const { id, key } = await make(api);
    const used = async () => (await world.sql<{ at: Date | null }>('SELECT last_used_at AS at FROM api_keys WHERE id = $1', [id]))[0]?.at;
    const user = new Api(api.url, key);
    await user.ok('GET', '/v1/runs');
    const first = await until(used, { timeoutMs: 5_000, what: 'the use to be noted' });
    for (let n = 0; n < 5; n++) await user.ok('GET', '/v1/runs');
    expect(await used()).toEqual(first);
    await world.sql(`UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1`, [id]);
    await user.ok('GET', '/v1/runs');
    await until(async () => ((await used()) ?? 0) >= (first ?? 0), { timeoutMs: 5_000, what: 'the next use to be noted' });
    expect((await listed(api))[0]?.lastUsedAt).not.toBeNull();
  });

  it.each<[string, object, object]>([
    ['no name', { scope: 'run' }, { field: 'name' }],
    ['a name of nothing', { name: '', scope: 'run' }, { field: 'name' }],
    ['no scope', { name: 'a' }, { field: 'scope', allowed: 'read, run, admin' }],
    ['an unknown scope', { name: 'a', scope: 'root' }, { field: 'scope', value: 'root', allowed: 'read, run, admin' }],
    ['an impossible expiry', { name: 'a', scope: 'run', expiresIn: 'soon' }, { field: 'expiresIn', value: 'soon' }],
    ['a key of its own', { name: 'a', scope: 'run', key: GIVEN }, { field: 'key' }],
  ])('should not be made with %s', async (_, request, expected) => {
    const api = await admin(await start());
    expect(await api.refused('POST', '/v1/keys', request)).toMatchObject({ status: 400, class: 'refused', ...expected });
    expect(await listed(api)).toHaveLength(1);
  });
});
