import { type CapabilityTemplate, HttpCapability, workerPoolOperations } from '@apwa/contracts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type z } from 'zod';
import { until } from './support/until.js';
import { World } from './support/world.js';

const CANARY = 'canary-7f3a9c1e';
type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const template: CapabilityTemplate = { mode: 'capability', capability: 'http:under_test', with: { text: '{{text}}' } };

/** Real: members as processes, NATS with its journal, storage, a server of HTTP that is called. The executor is scripted. */
describe('an operation over HTTP', () => {
  let world: World;
  let server: Server;
  let port: number;
  let handler: Handler;
  let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
        handler(request, response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    world = await World.start({
      settings: {
        capabilities: { allowedHosts: [`127.0.0.1:${port}`] },
        secrets: { API_KEY: { value: CANARY, hosts: ['127.0.0.1'] }, OTHER: { value: 'other', hosts: ['api.example.com'] } },
      },
    });
    await world.member();
  });
  afterEach(async () => {
    await world.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const definition = (more: Partial<z.input<typeof HttpCapability>> = {}) =>
    HttpCapability.parse({
      kind: 'http',
      name: 'under_test',
      description: 'What a test wants',
      input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      output: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } },
      url: `http://127.0.0.1:${port}/items/{{text}}`,
      secrets: [{ name: 'API_KEY', as: 'Authorization', prefix: 'Bearer ' }],
      ...more,
    });
  const rowsOf = async (texts: string[], more: Partial<z.input<typeof HttpCapability>> = {}) => {
    const { stageId } = await world.stage(texts, { template, capabilities: [definition(more)] });
    await until(() => world.script.done(stageId), 30_000);
    return world.result(stageId);
  };
  const json = (response: ServerResponse, value: unknown, status = 200) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  it('should be called for each row, with its secret, and give what is wanted of the answer', async () => {
    handler = ({ url = '' }, response) => json(response, { size: url.length, more: 'than was asked for' });
    const rows = await rowsOf(['a', 'b c']);
    expect(rows.map(({ size, _status }) => [size, _status])).toEqual([
      [8, 'ok'],
      [12, 'ok'],
    ]);
    expect(rows[0]).not.toHaveProperty('more');
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${CANARY}`, `Bearer ${CANARY}`]);
    expect(seen.map(({ url }) => url).sort()).toEqual(['/items/a', '/items/b%20c']);
    expect(seen[0]?.headers['idempotency-key']).toBeUndefined();
  });

  it('should be tried again where that may help, with the same key, and no more often than makes sense', async () => {
    handler = ({ url = '' }, response) => {
      const times = seen.filter((one) => one.url === url).length;
      if (url.endsWith('heals') && times === 3) return json(response, { size: times });
      if (url.endsWith('refused')) return json(response, { error: 'no' }, 400);
      if (url.endsWith('broken') && times === 1) return void response.socket?.destroy();
      return json(response, { error: 'later' }, 503);
    };
    const rows = await rowsOf(['heals', 'refused', 'broken', 'down'], { method: 'PUT', body: { text: '{{text}}' } });
    expect(rows.map(({ _error_code }) => _error_code ?? null)).toEqual([null, 'capability_failed', 'provider_error', 'provider_error']);
    const of = (text: string) => seen.filter(({ url }) => url.endsWith(text));
    expect(['heals', 'refused', 'down'].map((text) => of(text).length)).toEqual([3, 1, 4]);
    const keys = of('heals').map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[0]).not.toBe(of('down')[0]?.headers['idempotency-key']);
    expect(of('heals')[0]?.body).toBe('{"text":"heals"}');
  });

  it('should be made once where it must not be made twice, and its row be unknown where nobody knows what came of it', async () => {
    handler = ({ url = '' }, response) => {
      if (url.endsWith('refused')) return json(response, { error: 'no' }, 422);
      if (url.endsWith('cut')) return void response.socket?.destroy();
      if (url.endsWith('broken')) return json(response, { error: 'who knows' }, 500);
      if (url.endsWith('odd')) return json(response, [1]);
      return json(response, { size: 1 });
    };
    const rows = await rowsOf(['fine', 'refused', 'cut', 'broken', 'odd'], { method: 'POST', body: { text: '{{text}}' } });
    expect(rows.map(({ _error_code }) => _error_code ?? null)).toEqual([null, 'capability_failed', 'unknown', 'unknown', 'unknown']);
    expect(seen.map(({ url }) => url).sort()).toEqual(['/items/broken', '/items/cut', '/items/fine', '/items/odd', '/items/refused']);
    expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(5);
  });

  it('should fail a row, and nothing else, by answers that are no answers', async () => {
    handler = ({ url = '' }, response) => {
      response.on('error', () => undefined);
      switch (url.split('/').at(-1)) {
        case 'html':
          return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>busy</html>');
        case 'huge': {
          const chunk = Buffer.alloc(1024 * 1024, 'x');
          const pump = (left: number): void => {
            if (left > 0 && !response.destroyed) response.write(chunk, () => pump(left - 1));
            else response.end();
          };
          return pump(100);
        }
        case 'slow':
          return void response.write('{');
        case 'wrong':
          return json(response, { size: 'large' });
        case 'list':
          return json(response, [1]);
        case 'away':
          return void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
        default:
          return json(response, { size: 1 });
      }
    };
    const rows = await rowsOf(['html', 'huge', 'slow', 'wrong', 'list', 'away', 'fine'], { timeoutMs: 1_000, maxBytes: 10_000 });
    expect(rows.map(({ _error_code }) => _error_code ?? null)).toEqual([
      'capability_bad_output',
      'capability_bad_output',
      'capability_timeout',
      'capability_bad_output',
      'capability_bad_output',
      'capability_failed',
      null,
    ]);
    expect(rows[0]?._error).toMatch(/answered with text\/html, which is no JSON/);
    expect(rows[1]?._error).toMatch(/more than 10000 bytes/);
    expect(rows[5]?._error).toMatch(/169\.254\.169\.254 is at no public address/);
  });

  it('should tell its secret to nobody, whatever the other side answers', async () => {
    handler = ({ headers, url = '' }, response) =>
      url.endsWith('fails') ? json(response, { error: `bad key ${headers.authorization}` }, 401) : json(response, { echo: headers });
    const rows = await rowsOf(['fails', 'echoes'], { into: 'all', output: { type: 'object', properties: { all: {} } } });
    expect(seen).toHaveLength(2);
    expect(rows.map(({ _status }) => _status)).toEqual(['failed', 'ok']);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
    expect(rows[0]?._error).toMatch(/answered 401: .*\[hidden\]/);
    expect(world.log()).not.toContain(CANARY);
  });

  it.each<[string, Partial<z.input<typeof HttpCapability>>, string, RegExp]>([
    ['there is no such secret', { secrets: [{ name: 'NONE', as: 'x-key' }] }, 'secrets[0].name', /no secret NONE/],
    ['it is for another host', { secrets: [{ name: 'OTHER', as: 'x-key' }] }, 'secrets[0].name', /may not be sent to 127\.0\.0\.1/],
  ])('should be refused before anything is called where %s', async (_, more, field, message) => {
    const request = { definition: definition(more), examples: [] };
    await expect(world.messaging.request(workerPoolOperations.tryCapability, request)).rejects.toMatchObject({
      code: 'missing_secret',
      message: expect.stringMatching(message) as string,
      details: { field },
    });
    const { stageId } = await world.stage(['a'], { template, capabilities: [definition(more)] });
    await until(() => world.script.stages.get(stageId)?.fault !== null);
    expect(world.script.stages.get(stageId)?.fault).toMatchObject({ class: 'refused', code: 'missing_secret' });
    expect(seen).toEqual([]);
  });
});
