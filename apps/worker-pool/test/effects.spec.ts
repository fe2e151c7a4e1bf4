import { type AgentTemplate, HttpCapability } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberProcess } from './support/member-process.js';
import { answer, type Call } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

jest.setTimeout(600_000);
const KILLS = Number(process.env.APWA_KILLS ?? 10);
/** From one kill to the next: how much longer after a call it comes. Milliseconds. */
const STEP_MS = 50 / KILLS;
const SLOTS = 6;
const ROWS = 500;
const template: AgentTemplate = {
  mode: 'agent',
  instructions: 'Order {{text}}',
  output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'] },
  capabilities: ['http:order'],
};
/** Milliseconds that the other side takes for a call. */
const CALL_MS = 20;

/** Real: members as processes, NATS with its journal, storage, a server of HTTP that is called. Scripted: the model and the executor. */
describe('calls that must never be made twice', () => {
  let world: World;
  let server: Server;
  /** What the other side was told to do, in the order in which it was. */
  const orders: string[] = [];
  /** The status by which it answers an order; null: not at all. */
  let statusOf: (text: string) => number | null = () => 200;

  beforeEach(async () => {
    orders.length = 0;
    statusOf = () => 200;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { text } = JSON.parse(body) as { text: string };
        orders.push(text);
        const status = statusOf(text);
        if (status === null) return;
        const headers = { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '600' } : {}) };
        setTimeout(() => response.writeHead(status, headers).end('{"ordered":true}'), CALL_MS);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    world = await World.start({ slots: SLOTS, settings: { capabilities: { allowedHosts: [`127.0.0.1:${port}`] } } });
  });
  afterEach(async () => {
    await world.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const ordering = () =>
    HttpCapability.parse({
      kind: 'http',
      name: 'order',
      description: 'Orders what the text says',
      method: 'POST',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`,
      input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      output: { type: 'object', required: ['ordered'], properties: { ordered: { type: 'boolean' } } },
      body: { text: '{{text}}' },
    });

  it('should be made once or be told as unknown, whenever after such a call a member is killed', async () => {
    const order = ordering();
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

  /** Hands the stage's shard on to another member, as after a death. */
  const handOn = async (holder: MemberProcess) => {
    await holder.kill();
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
  };
  const toldOf = ({ request }: Call): string[] => request.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));

  it('should leave a row in no doubt where the other side refused it outright, whoever takes the row over', async () => {
    statusOf = (text) => Number(text.split(' ')[1]);
    const holder = await world.member();
    let killed = false;
    world.model.script = async (call) => {
      if (toldOf(call).length === 0) return { toolCalls: [{ name: 'order', arguments: { text: call.text } }] };
      if (killed) return answer(toldOf(call).join());
      await until(() => killed, 30_000);
      return { drop: true };
    };
    const rows = ['taken 200', 'refused 422', 'early 425', 'elsewhere 307', 'broken 500', 'lost 524'];
    const { stageId } = await world.stage(rows, { template, capabilities: [ordering()] });
    await until(() => world.model.calls.filter((call) => toldOf(call).length > 0).length === 4, 60_000);
    const handedOn = handOn(holder);
    killed = true;
    await handedOn;
    await until(() => world.script.done(stageId), 60_000);
    const result = await world.result(stageId);
    expect(result.map(({ _error_code }) => _error_code ?? null)).toEqual([null, null, null, null, 'unknown', 'unknown']);
    expect(result[1]?.upper).toMatch(/FAILED \(CAPABILITY_FAILED\): .* ANSWERED 422/);
    // One that is asked to come back later is asked again while its turn lasts.
    expect(rows.map((row) => orders.filter((order) => order === row).length)).toEqual([1, 1, 4, 1, 1, 1]);
  });

  it('should be made again where it was refused in a turn that never ended, and not where nobody knows', async () => {
    const look = HttpCapability.parse({ ...ordering(), name: 'look', effects: 'none' });
    let killed = false;
    statusOf = (text) => (killed ? 200 : text === 'refused' ? 422 : null);
    const holder = await world.member();
    // What is looked up is answered after the death alone: the turn does not end before.
    world.model.script = (call) => {
      if (toldOf(call).length > 0) return answer(call.text);
      const calls = [
        { name: 'order', arguments: { text: call.text } },
        { name: 'look', arguments: { text: `${call.text} looked up` } },
      ];
      return { toolCalls: calls };
    };
    const capabilities = [ordering(), look];
    const both: AgentTemplate = { ...template, capabilities: ['http:order', 'http:look'] };
    const { stageId } = await world.stage(['refused', 'silent'], { template: both, capabilities });
    await until(() => orders.length === 4 && world.script.intentsOf(stageId).length === 1, 30_000);
    expect(world.script.intentsOf(stageId)).toMatchObject([{ row: 1 }]);
    const handedOn = handOn(holder);
    killed = true;
    await handedOn;
    await until(() => world.script.done(stageId), 60_000);
    expect(await world.result(stageId)).toMatchObject([{ _status: 'ok' }, { _error_code: 'unknown' }]);
    expect(orders.filter((order) => order === 'refused' || order === 'silent').sort()).toEqual(['refused', 'refused', 'silent']);
  });

  it('should be made by who takes over a row that was waiting to be let in', async () => {
    statusOf = () => 429;
    const holder = await world.member();
    world.model.script = (call) =>
      toldOf(call).length > 0 ? answer(call.text) : { toolCalls: [{ name: 'order', arguments: { text: call.text } }] };
    const { stageId } = await world.stage(['a'], { template, capabilities: [ordering()] });
    await until(() => orders.length === 1 && world.script.intentsOf(stageId).length === 0, 30_000);
    statusOf = () => 200;
    await handOn(holder);
    await until(() => world.script.done(stageId), 60_000);
    expect(await world.result(stageId)).toMatchObject([{ _status: 'ok' }]);
    expect(orders).toEqual(['a', 'a']);
  });
});
