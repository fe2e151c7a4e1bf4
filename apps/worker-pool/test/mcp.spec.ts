import { type CapabilityTemplate, McpCapability, workerPoolOperations } from '@apwa/contracts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type z } from 'zod';
import { hashOfTool } from '../src/mcp/tool-hash.js';
import { until } from './support/until.js';
import { World } from './support/world.js';

const PROGRAM = fileURLToPath(new URL('./support/mcp-server.mjs', import.meta.url));
const template: CapabilityTemplate = { mode: 'capability', capability: 'mcp:act', with: { text: '{{text}}' } };
const inputSchema = { type: 'object' as const, required: ['text'], properties: { text: { type: 'string' } } };
const HASH = hashOfTool({ name: 'act', description: 'Does as it is told', inputSchema });
const HEADER = 'canary-2b7e1516';

const definition = (more: Partial<z.input<typeof McpCapability>> = {}) =>
  McpCapability.parse({
    kind: 'mcp',
    name: 'act',
    description: 'Does as it is told',
    input: inputSchema,
    output: { type: 'object', required: ['size'], properties: { size: { type: 'integer' }, note: { type: 'string' } } },
    server: 'program',
    tool: 'act',
    hash: HASH,
    effects: 'none',
    timeoutMs: 3_000,
    ...more,
  });

/** Real: members as processes, NATS, storage, servers that members start or call, by the official client. The executor is scripted. */
describe('a tool of an MCP server', () => {
  let world: World;
  let folder: string;
  let server: Server;
  let handler: (
    request: IncomingMessage,
    response: ServerResponse,
    message: { id: number; method: string; params: { arguments: { text: string } } },
  ) => void;
  let headers: (string | undefined)[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-mcp-'));
    headers = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        headers.push(request.headers.authorization);
        const message = (body === '' ? {} : JSON.parse(body)) as { id?: number; method?: string; params?: { protocolVersion?: string } };
        const answer = (result: object) =>
          void response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
        if (message.method === 'initialize')
          return answer({
            protocolVersion: message.params?.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: 'test', version: '1' },
          });
        if (message.method === 'tools/list') return answer({ tools: [{ name: 'act', description: 'Does as it is told', inputSchema }] });
        if (message.method === 'ping') return answer({});
        if (message.method === 'tools/call') return handler(request, response, message as Parameters<typeof handler>[2]);
        return void response.writeHead(202).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const program = { command: process.execPath, args: [PROGRAM], env: { STARTS: join(folder, 'starts') } };
    world = await World.start({
      settings: {
        mcpServers: {
          program,
          brief: { ...program, idleMs: 500 },
          served: { url: `http://127.0.0.1:${port}/mcp`, headers: { Authorization: `Bearer ${HEADER}` } },
          absent: { command: join(folder, 'no-such-program') },
        },
      },
    });
    await world.member({ CANARY_OF_MEMBER: 'x' });
  });
  afterEach(async () => {
    await world.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const rowsOf = async (texts: string[], more: Partial<z.input<typeof McpCapability>> = {}) => {
    const { stageId } = await world.stage(texts, { template, capabilities: [definition(more)] });
    await until(() => world.script.done(stageId), 45_000);
    return world.result(stageId);
  };
  const faultOf = async (texts: string[], more: Partial<z.input<typeof McpCapability>> = {}) => {
    const { stageId } = await world.stage(texts, { template, capabilities: [definition(more)] });
    await until(() => world.script.stages.get(stageId)?.fault !== null, 45_000);
    return world.script.stages.get(stageId)?.fault;
  };
  const codes = (rows: Record<string, unknown>[]) => rows.map(({ _error_code }) => _error_code ?? null);
  const starts = async () => (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n');

  it('should be called over one connection, with an environment that is an allow-list, which ends when nobody needs it', async () => {
    const brief = { server: 'brief' };
    const rows = await rowsOf(['a', 'bcd', 'environment', 'fail', 'refuse', 'text', 'large'], brief);
    expect(rows.map(({ size }) => size ?? null)).toEqual([1, 3, 0, null, null, null, null]);
    expect(codes(rows).slice(3)).toEqual(['capability_failed', 'capability_failed', 'capability_bad_output', 'capability_bad_output']);
    expect(rows[3]?._error).toBe('it went wrong');
    expect(
      String(rows[2]?.note)
        .split(',')
        .filter((name) => /CANARY|APWA|NODE_/.test(name)),
    ).toEqual([]);
    expect((await starts())[1]).not.toBe('started');
    await until(async () => (await starts()).length === 2, 30_000);
    expect(await rowsOf(['again'], brief)).toMatchObject([{ size: 5 }]);
    expect((await starts()).slice(0, 3)).toEqual(['started', 'ended', 'started']);
  });

  it('should fail its row alone where the server hangs, dies, stops, floods or sends too much, and others be answered', async () => {
    const bad = ['hang', 'die', 'stop', 'flood', 'huge'];
    for (const text of bad) {
      const [failed] = await rowsOf([text], { timeoutMs: 1_500 });
      expect([text, failed?._status]).toEqual([text, 'failed']);
      expect(['capability_timeout', 'connection', 'capability_bad_output']).toContain(failed?._error_code);
      const others = await rowsOf(['fine', 'too'], { timeoutMs: 10_000 });
      expect(codes(others)).toEqual([null, null]);
    }
  });

  it.each([
    ['die', 'unknown'],
    ['hang', 'unknown'],
    ['text', 'unknown'],
    ['fail', 'capability_failed'],
  ])('should make its row "%s" %s where it must not be called twice', async (text, code) => {
    const [row] = await rowsOf([text], { effects: 'unsafe', timeoutMs: 1_500 });
    expect(row).toMatchObject({ _status: 'failed', _error_code: code });
    // Called once: whoever died was not started again.
    expect(await starts()).toEqual(['started']);
  });

  it('should not be called any more when the server has changed it', async () => {
    expect(codes(await rowsOf(['change']))).toEqual([null]);
    const fault = await faultOf(['a']);
    expect(fault).toMatchObject({ class: 'refused', code: 'tool_changed', field: 'hash' });
    expect(fault?.message).toContain(HASH);
    expect(fault?.allowed).toMatch(/^[0-9a-f]{64}$/);
    expect(fault?.allowed).not.toBe(HASH);
  });

  it.each<[string, Partial<z.input<typeof McpCapability>>, string, string]>([
    ['server', { server: 'none' }, 'unknown_server', 'program, brief, served, absent'],
    ['tool', { tool: 'other' }, 'unknown_tool', 'act'],
    ['hash', { hash: '0'.repeat(64) }, 'tool_changed', HASH],
  ])('should be refused before anything is called where its %s is not the one', async (field, more, code, allowed) => {
    const request = { definition: definition(more), examples: [] };
    await expect(world.messaging.request(workerPoolOperations.tryCapability, request)).rejects.toMatchObject({
      code,
      details: { field, allowed },
    });
  });

  it('should fail as a row where the server can not be started', async () => {
    const [row] = await rowsOf(['a'], { server: 'absent' });
    expect(row).toMatchObject({ _error_code: 'connection', _error: expect.stringMatching(/ENOENT/) as string });
  });

  it('should be called over HTTP, with headers that nobody is told', async () => {
    handler = (request, response, { id, params }) => {
      const result = (value: object) => JSON.stringify({ jsonrpc: '2.0', id, result: value });
      const json = (text: string) => void response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      response.on('error', () => undefined);
      switch (params.arguments.text) {
        case 'hang':
          return;
        case '500':
          return void response.writeHead(500).end(`broken for ${request.headers.authorization}`);
        case 'html':
          return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
        case 'huge':
          return json(result({ content: [{ type: 'text', text: 'x'.repeat(20_000_000) }] }));
        case 'away':
          return void response.writeHead(307, { location: 'http://169.254.169.254/' }).end();
        case 'stream':
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          return void response.end(`event: message\ndata: ${result({ content: [], structuredContent: { size: 6 } })}\n\n`);
        default:
          return json(result({ content: [], structuredContent: { size: 1 } }));
      }
    };
    const rows = await rowsOf(['a', 'stream', 'hang', '500', 'html', 'huge', 'away'], { server: 'served', timeoutMs: 1_500 });
    expect(rows.map(({ size }) => size ?? null)).toEqual([1, 6, null, null, null, null, null]);
    expect(rows.map(({ _status }) => _status).slice(2)).toEqual(Array(5).fill('failed'));
    expect(headers.every((value) => value === `Bearer ${HEADER}`)).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(HEADER);
    expect(world.log()).not.toContain(HEADER);
    expect(codes(await rowsOf(['b'], { server: 'served' }))).toEqual([null]);
  });
});
