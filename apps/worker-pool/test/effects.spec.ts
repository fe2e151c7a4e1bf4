import { type AgentTemplate, HttpCapability } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberProcess } from './support/member-process.js';
import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

jest.setTimeout(600_000);
const KILLS = Number(process.env.APWA_KILLS ?? 10);
/** From one kill to the next: how much longer after a call it comes. Milliseconds. */
const STEP_MS = 50 / KILLS;
const SLOTS = 6;
const ROWS = 500;
/** Milliseconds that the other side takes for a call. */
const CALL_MS = 20;

/** Real: members as processes, NATS with its journal, storage, a server of HTTP that is called. Scripted: the model and the executor. */
describe('calls that must never be made twice', () => {
  let world: World;
  let server: Server;
  /** What the other side was told to do, in the order in which it was. */
  const orders: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        orders.push((JSON.parse(body) as { text: string }).text);
        setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ordered":true}'), CALL_MS);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    world = await World.start({ slots: SLOTS, settings: { capabilities: { allowedHosts: [`127.0.0.1:${port}`] } } });
  });
  afterAll(async () => {
    await world.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('should be made once or be told as unknown, whenever after such a call a member is killed', async () => {
    const { port } = server.address() as AddressInfo;
    const order = HttpCapability.parse({
      kind: 'http',
      name: 'order',
      description: 'Orders what the text says',
      method: 'POST',
      url: `http://127.0.0.1:${port}/orders`,
      input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      output: { type: 'object', required: ['ordered'], properties: { ordered: { type: 'boolean' } } },
      body: { text: '{{text}}' },
    });
    const template: AgentTemplate = {
      mode: 'agent',
      instructions: 'Order {{text}}',
      output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'] },
      capabilities: ['http:order'],
    };
    world.model.script = ({ text, request }) =>
      request.messages.some(({ role }) => role === 'tool') ? answer(text) : { toolCalls: [{ name: 'order', arguments: { text } }] };
    const rows = texts(ROWS);
    // Started ahead of their turn: the one shard is held by one of them at a time.
    let members: MemberProcess[] = [world.process(), world.process(), world.process()];
    const { stageId } = await world.stage(rows, { template, capabilities: [order], slots: SLOTS });
    for (let kill = 0; kill < KILLS; kill++) {
      const before = orders.length;
      await until(() => orders.length > before, 30_000);
      await sleep(kill * STEP_MS);
      const holder = world.script.members.get(world.script.attempts.at(-1)?.memberId ?? '')?.pid;
      await members.find(({ pid }) => pid === holder)?.kill();
      members = [...members.filter(({ pid }) => pid !== holder), world.process()];
      for (const attempt of world.script.attempts) world.script.revoke(attempt);
      world.executor.hint();
    }
    await until(() => world.script.done(stageId), 120_000);
    expect(orders.length - new Set(orders).size).toBe(0);
    const result = await world.result(stageId);
    expect(result.map(({ text }) => text)).toEqual(rows);
    const unknown = result.filter(({ _error_code }) => _error_code === 'unknown');
    expect(result.filter(({ _status, _error_code }) => _status !== 'ok' && _error_code !== 'unknown')).toEqual([]);
    // A death leaves those in doubt alone that were in flight, and every row that is well has had its order carried out.
    expect(unknown.length).toBeLessThanOrEqual(KILLS * SLOTS);
    const ordered = new Set(orders);
    expect(result.filter(({ _status, text }) => _status === 'ok' && !ordered.has(String(text)))).toEqual([]);
  });
});
