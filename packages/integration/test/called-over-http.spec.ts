import { tempDir, type TempDir } from '@apwa/test-kit';
import { createServer, type Server } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { apwa } from './support/command.js';
import { numberedRows, System } from './support/system.js';

/** Real: everything, and a server whose operations an OpenAPI document describes. */
describe('operations of an OpenAPI document', () => {
  let system: System;
  let server: Server;
  let folder: TempDir;
  let host: string;
  const seen: { method: string; url: string; key: unknown; body: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', url: request.url ?? '', key: request.headers['x-key'], body });
        const size = Number(request.url?.split('/').at(-1)?.split('?')[0]);
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(request.method === 'GET' ? { size, more: 1 } : ['done']));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = await tempDir();
    system = await System.start({
      config: { capabilities: { allowedHosts: [host] }, secrets: { ITEMS_KEY: { value: 'canary-4711', hosts: [host] } } },
    });
  });
  afterAll(async () => {
    await system.stop();
    await folder.remove();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('should be registered by the command, and called for rows as they are described', async () => {
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
    const content = (schema: object) => ({ 'application/json': { schema } });
    const document = {
      openapi: '3.0.3',
      servers: [{ url: `http://${host}/v1` }],
      security: [{ key: [] }],
      paths: {
        '/items/{id}': {
          parameters: [id],
          get: {
            operationId: 'getItem',
            parameters: [{ name: 'lang', in: 'query', schema: { type: 'string', nullable: true } }],
            responses: { 200: { description: 'x', content: content({ $ref: '#/components/schemas/Item' }) } },
          },
          put: {
            operationId: 'putItem',
            requestBody: { required: true, content: content({ type: 'object', properties: { text: { type: 'string' } } }) },
            responses: { 200: { description: 'x', content: content({ type: 'array', items: { type: 'string' } }) } },
          },
        },
      },
      components: {
        schemas: { Item: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } } },
        securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } },
      },
    };
    await writeFile(join(folder.path, 'items.json'), JSON.stringify(document));
    const added = await apwa(['capabilities', 'add', '--openapi', 'items.json', '--secret', 'key=ITEMS_KEY'], {
      cwd: folder.path,
      url: system.stack.url,
    });
    expect({ code: added.code, err: added.err }).toEqual({ code: 0, err: '' });
    expect(added.out).toContain('get_item@1 is registered, of getItem (effects: none)');
    expect(added.out).toContain('put_item@1 is registered, of putItem (effects: idempotent)');
    const run = await system.run({
      inputs: { rows: numberedRows(20) },
      plan: {
        version: 1,
        steps: [
          {
            id: 'got',
            kind: 'map',
            input: 'rows',
            template: { mode: 'capability', capability: 'http:get_item', with: { id: '{{id}}', lang: 'de' } },
          },
          {
            id: 'put',
            kind: 'map',
            input: 'got',
            template: { mode: 'capability', capability: 'http:put_item', with: { id: '{{id}}', body: { text: 'new' } } },
          },
        ],
        outputs: ['put'],
      },
    });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(run, 'put');
    expect(rows.map(({ size, result }) => [Number(size), result])).toEqual(Array.from({ length: 20 }, (_, n) => [n, ['done']]));
    expect(seen).toHaveLength(40);
    expect(seen.every(({ key }) => key === 'canary-4711')).toBe(true);
    expect(seen.find(({ method }) => method === 'GET')?.url).toMatch(/^\/v1\/items\/\d+\?lang=de$/);
    expect(seen.find(({ method }) => method === 'PUT')?.body).toBe('{"text":"new"}');
    expect(JSON.stringify(run)).not.toContain('canary-4711');
  });
});
