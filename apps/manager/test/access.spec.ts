import { type CreatedKey, type ErrorBody, Scope, scopeCovers } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { SECURITY_HEADERS } from '../src/http/security-headers.js';
import { type Route, routes } from '../src/openapi/routes.js';
import { type Config } from '../src/settings.js';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const UNKNOWN = `apwa_${'x'.repeat(32)}`;
const guarded = routes.filter(({ needs }) => needs !== 'open');
/** A path of the route, of something that is not there. */
const pathOf = ({ path, params = {} }: Route): string => {
  const kind = /^\/v1\/(\w+)/.exec(path)?.[1] ?? '';
  const prefix = { runs: 'run', tables: 'tbl', uploads: 'upl', exports: 'exp', keys: 'key' }[kind] ?? '';
  return Object.keys(params).length > 0 ? path.replace('{id}', `${prefix}_unknown`) : path;
};

describe('who may do what', () => {
  let world: World;
  let url: string;
  let keys: Record<Scope, string>;

  const configure = (manager: Partial<Config['manager']>) => {
    world.config = { ...world.config, manager: { ...world.config.manager, ...manager } };
  };

  beforeAll(async () => {
    world = await World.start();
    const firstKeyFile = join(world.dir, 'first-key');
    configure({ auth: 'keys', firstKeyFile });
    ({ url } = await world.manager());
    const admin = new Api(url, (await readFile(firstKeyFile, 'utf8')).trim());
    const made = await Promise.all(
      Scope.options.map(async (scope) => [scope, (await admin.ok<CreatedKey>('POST', '/v1/keys', { name: scope, scope })).key] as const),
    );
    keys = Object.fromEntries(made) as Record<Scope, string>;
    world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }] });
  });
  afterAll(() => world.stop());

  const call = async (route: Route, authorization?: string) => {
    const response = await fetch(`${url}${pathOf(route)}`, {
      method: route.method.toUpperCase(),
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      ...(route.method === 'get' ? {} : { body: '{}' }),
    });
    const text = await response.text();
    const error = response.ok ? undefined : (JSON.parse(text) as ErrorBody).error;
    return { status: response.status, error, headers: response.headers };
  };
  /** Everything that a request could have left behind. */
  const traces = () =>
    world.sql(`SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM tables) AS tables, (SELECT count(*) FROM uploads) AS uploads,
      (SELECT count(*) FROM exports) AS exports, (SELECT count(*) FROM api_keys) AS keys`);

  describe.each(guarded.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))('%s', (_, route) => {
    it.each<[string, string | undefined, string]>([
      ['nobody', undefined, 'key_missing'],
      ['somebody with a password', `Basic ${Buffer.from('admin:admin').toString('base64')}`, 'key_missing'],
      ['a key that is none', 'Bearer x', 'key_unknown'],
      ['an unknown key', `Bearer ${UNKNOWN}`, 'key_unknown'],
    ])('should be refused to %s, without a trace', async (_who, authorization, code) => {
      const before = await traces();
      const { status, error, headers } = await call(route, authorization);
      expect({ status, error }).toMatchObject({
        status: 401,
        error: { code, class: 'refused', field: 'authorization', allowed: expect.stringContaining('Authorization: Bearer KEY') },
      });
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(JSON.stringify(error)).not.toContain(UNKNOWN);
      expect(await traces()).toEqual(before);
    });

    it.each(Scope.options)('should be for the scopes that it is for: %s', async (scope) => {
      const before = await traces();
      const { status, error } = await call(route, `Bearer ${keys[scope]}`);
      if (scopeCovers(scope, route.needs as Scope)) return expect([401, 403, 500]).not.toContain(status);
      expect({ status, error }).toMatchObject({
        status: 403,
        error: { code: 'scope_too_small', class: 'refused', value: scope, allowed: expect.stringContaining(`the scope ${route.needs}`) },
      });
      expect(await traces()).toEqual(before);
    });
  });

  it.each(['/healthz', '/readyz', '/openapi.json'])('should answer anybody at %s', async (path) => {
    expect((await new Api(url).send('GET', path)).status).toBe(200);
    expect((await new Api(url, 'nonsense').send('GET', path)).status).toBe(200);
  });

  it.each(['/v1/nothing', '/', '/healthz/x', '/V1/runs', '//v1/runs', '/v1/runs/', '/readyz/..%2fv1/runs'])(
    'should not let who has no key find out what there is: %s',
    async (path) => {
      expect(await new Api(url).refused('GET', path)).toMatchObject({ status: 401, code: 'key_missing' });
    },
  );

  it('should let a key of the scope run do a whole run, and one of the scope read look at it', async () => {
    const [reader, runner] = [new Api(url, keys.read), new Api(url, keys.run)];
    const table = await runner.table();
    const plan = {
      version: 1,
      steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
      outputs: ['counted'],
    };
    const { id } = await runner.ok<{ id: string }>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', table: table.id }] });
    expect((await reader.until(id)).state).toBe('succeeded');
    const events = await fetch(`${url}/v1/runs/${id}/events`, { headers: reader.authorization });
    expect(events.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(events.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await events.text()).toContain('"succeeded"');
    expect(await runner.refused('DELETE', `/v1/tables/${table.id}`)).toMatchObject({ status: 403, code: 'scope_too_small' });
    await reader.ok('GET', `/v1/tables/${table.id}`);
    expect(await reader.refused('POST', `/v1/runs/${id}/cancel`)).toMatchObject({ status: 403 });
  });

  it('should refuse before anything of a body is read', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': 50_000_000 };
      const sending = request(`${url}/v1/runs`, { method: 'POST', headers }, (response) => resolve(response.statusCode ?? 0));
      sending.on('error', reject);
      sending.write('{"goal":"');
    });
    expect(status).toBe(401);
  });

  it.each<[string, string, string, number]>([
    ['an answer', 'GET', '/v1/runs', 200],
    ['a refusal', 'GET', '/v1/runs?limit=0', 400],
    ['what is not there', 'GET', '/v1/nothing', 404],
    ['what is open', 'GET', '/openapi.json', 200],
    ['a head alone', 'HEAD', '/v1/runs', 200],
  ])('should tell browsers and caches what not to do: %s', async (_, method, path, status) => {
    const response = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${keys.read}` } });
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(SECURITY_HEADERS);
    expect(response.headers.get('x-powered-by')).toBeNull();
    const refused = await fetch(`${url}${path}`, { method: 'POST', body: '{}' });
    expect(Object.fromEntries(refused.headers)).toMatchObject(SECURITY_HEADERS);
  });

  describe('with few requests a minute', () => {
    let limited: string;
    beforeAll(async () => {
      configure({ requestsPerMinute: 5 });
      limited = (await world.manager()).url;
    });

    const statuses = async (api: Api, method: string, path: string, times: number) => {
      const answers = [];
      for (let n = 0; n < times; n++) answers.push((await api.send(method, path)).status);
      return answers;
    };

    it('should hold each key back alone, and say when it may come again', async () => {
      const reader = new Api(limited, keys.read);
      expect(await statuses(reader, 'GET', '/v1/runs', 5)).toEqual([200, 200, 200, 200, 200]);
      const { status, headers, body } = await reader.send('GET', '/v1/runs');
      expect({ status, body }).toMatchObject({
        status: 429,
        body: { error: { code: 'too_many_requests', class: 'transient', allowed: '5 requests per minute (manager.requestsPerMinute)' } },
      });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(12);
      expect((await new Api(limited, keys.run).send('GET', '/v1/runs')).status).toBe(200);
      expect(await statuses(reader, 'GET', '/readyz', 10)).not.toContain(429);
    });

    it('should count files of uploads too', async () => {
      const runner = new Api(limited, keys.run);
      await expect(runner.upload(...Array.from({ length: 6 }, (_, n): [string, string] => [`${n}.txt`, 'x']))).rejects.toThrow(
        'too_many_requests',
      );
    });

    it('should hold an address back that tries keys, and nobody of that address who has one', async () => {
      expect(await statuses(new Api(limited, UNKNOWN), 'GET', '/v1/runs', 6)).toEqual([401, 401, 401, 401, 401, 429]);
      expect((await new Api(limited, keys.admin).send('GET', '/v1/runs')).status).toBe(200);
    });

    it('should hold addresses back where no keys are asked for', async () => {
      configure({ auth: 'none' });
      const open = new Api((await world.manager()).url);
      expect(await statuses(open, 'GET', '/v1/keys', 6)).toEqual([200, 200, 200, 200, 200, 429]);
    });
  });

  it('should let nobody in while Postgres is away, and say that it is', async () => {
    await world.postgres.kill();
    for (const key of [keys.admin, UNKNOWN])
      expect(await new Api(url, key).refused('GET', '/v1/runs')).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect(await new Api(url).refused('GET', '/v1/runs')).toMatchObject({ status: 401 });
    await world.postgres.restart();
    await until(async () => (await new Api(url, keys.admin).send('GET', '/v1/runs')).status === 200, {
      timeoutMs: 20_000,
      what: 'Postgres to be used again',
    });
  });

  it('should answer no page of the web where no keys are asked for, though a browser of this machine shows it', async () => {
    configure({ auth: 'none', requestsPerMinute: 1_000 });
    const open = (await world.manager()).url;
    const codeFor = (headers: Record<string, string>) =>
      new Promise<string | null>((resolve, reject) => {
        const asking = request(`${open}/v1/runs`, { headers }, (response) => {
          void json(response).then((body) => resolve((body as Partial<ErrorBody>).error?.code ?? null), reject);
        });
        asking.on('error', reject).end();
      });
    expect(await codeFor({ host: 'rebound.example' })).toBe('foreign_host');
    expect(await codeFor({ origin: 'https://page.example' })).toBe('foreign_origin');
    expect(await codeFor({ host: 'localhost', origin: 'http://localhost:3000' })).toBeNull();
  });

  it('should ask for keys wherever others can reach it, whatever the configuration says', async () => {
    configure({ host: '0.0.0.0', auth: 'none', requestsPerMinute: 1_000 });
    const { port } = new URL((await world.manager()).url);
    expect(await new Api(`http://127.0.0.1:${port}`).refused('GET', '/v1/runs')).toMatchObject({ status: 401, code: 'key_missing' });
  });
});
