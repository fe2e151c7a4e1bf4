import { type AgentTemplate, type CapabilityDefinition, HttpCapability, TemplateCapability } from '@apwa/contracts';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type z } from 'zod';
import { answer, type Call, type Reply } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const agent = (more: Partial<AgentTemplate> = {}): AgentTemplate => ({
  mode: 'agent',
  instructions: 'Shout {{text}} when it was studied',
  output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'], additionalProperties: false },
  capabilities: ['template:translate', 'template:study'],
  transcript: 'all',
  ...more,
});
const definition = (name: string, more: Partial<z.input<typeof TemplateCapability>> = {}) =>
  TemplateCapability.parse({
    kind: 'template',
    name,
    description: `What is to ${name}`,
    instructions: `Please ${name} this: {{text}}`,
    input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } }, additionalProperties: false },
    output: { type: 'object', required: ['said'], properties: { said: { type: 'string' } }, additionalProperties: false },
    ...more,
  });
const study = (more: Partial<z.input<typeof TemplateCapability>> = {}) =>
  definition('study', { capabilities: ['builtin:text_length'], ...more });
const translate = definition('translate');
const call = (...names: string[]): Reply => ({ toolCalls: names.map((name) => ({ name, arguments: { text: 'inner' } })) });
const measure: Reply = { toolCalls: [{ name: 'text_length', arguments: { text: 'x' } }] };
const said = (text: string): Reply => ({ content: JSON.stringify({ said: text }) });

/** Whose call it is. */
const askerOf = ({ request }: Call): 'agent' | 'study' | 'translate' => {
  const system = request.messages.find(({ role }) => role === 'system')?.content ?? '';
  return system.includes('Please study') ? 'study' : system.includes('Please translate') ? 'translate' : 'agent';
};
const turnsOf = ({ request }: Call): number => request.messages.filter(({ role }) => role === 'assistant').length;
const results = ({ request }: Call): string[] => request.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
const toolsOf = ({ request }: Call) => request.tools?.map(({ function: { name } }) => name);

/** Real: members as processes, NATS with its journal, storage, a server of HTTP that is called. Scripted: the model's server and the executor. */
describe('a template as a capability', () => {
  let world: World;
  let server: Server;
  let sent: number;
  let status: number;
  beforeEach(async () => {
    sent = 0;
    status = 200;
    server = createServer((_, response) => {
      sent++;
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"size": 1}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    world = await World.start({ settings: { capabilities: { allowedHosts: [`127.0.0.1:${(server.address() as AddressInfo).port}`] } } });
  });
  afterEach(async () => {
    await world.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const stageOf = (rows: string[], template: AgentTemplate, capabilities: CapabilityDefinition[]) =>
    world.stage(rows, { template, capabilities });
  const run = async (
    script: (call: Call) => Reply | Promise<Reply>,
    more: Partial<AgentTemplate> = {},
    capabilities: CapabilityDefinition[] = [translate, study()],
  ) => {
    await world.member();
    world.model.script = script;
    const { stageId } = await stageOf(['outer'], agent(more), capabilities);
    await until(() => world.script.done(stageId), 30_000);
    const [row] = await world.result(stageId);
    return { row, counts: world.script.shardsOf(stageId)[0]?.content?.counts };
  };
  const callsOf = (asker: ReturnType<typeof askerOf>) => world.model.calls.filter((one) => askerOf(one) === asker);

  it('should be asked as one call, or as an agent, and count for the row', async () => {
    const { row, counts } = await run((one) => {
      if (askerOf(one) === 'translate') return said('ICI');
      if (askerOf(one) === 'study') return turnsOf(one) === 0 ? measure : said('LONG');
      return turnsOf(one) === 0 ? call('translate', 'study') : answer(results(one).join());
    });
    expect(row).toMatchObject({ _status: 'ok', _attempts: 5, _input_tokens: 500 });
    expect(row?.upper).toEqual(expect.stringMatching(/"SAID":"ICI"[^]*"SAID":"LONG"/));
    expect(counts).toMatchObject({ ok: 1, calls: 5, usage: { input: 500, output: 50 } });
    const [inner] = callsOf('translate');
    expect(inner?.text).toBe('inner');
    expect(inner && toolsOf(inner)).toBeUndefined();
    // Its conversation is none of the row's.
    expect((JSON.parse(String(row?._transcript)) as unknown[]).length).toBe(5);
  });

  it('should give neither side the capabilities of the other, though the model asks for them', async () => {
    const { row } = await run(
      (one) => {
        if (askerOf(one) === 'study') {
          if (turnsOf(one) === 0) return { toolCalls: ['translate', 'study', 'fetch'].map((name) => ({ name, arguments: { text: 'x' } })) };
          return said(results(one).join(' | '));
        }
        if (turnsOf(one) === 0) return { toolCalls: [{ name: 'text_length', arguments: { text: 'x' } }, ...callsIn(call('study'))] };
        return answer(results(one).join(' || '));
      },
      { capabilities: ['template:study'] },
    );
    expect(callsOf('agent').map(toolsOf)[0]).toEqual(['study', 'needs_split', 'blocked']);
    expect(callsOf('study').map(toolsOf)[0]).toEqual(['text_length', 'needs_split', 'blocked']);
    expect(row?.upper).toContain('THERE IS NO TOOL TEXT_LENGTH. TOOLS: STUDY');
    for (const name of ['TRANSLATE', 'STUDY', 'FETCH']) expect(row?.upper).toContain(`THERE IS NO TOOL ${name}. TOOLS: TEXT_LENGTH`);
    expect(callsOf('translate')).toEqual([]);
  });

  it('should go no further than its own limits, nor than what is left of its caller’s', async () => {
    const endless = (one: Call): Reply => {
      if (askerOf(one) === 'study') return measure;
      return turnsOf(one) === 0 ? call('study') : answer(results(one).join());
    };
    const own = await run(endless, {}, [translate, study({ limits: { turns: 2 } })]);
    expect(own.row).toMatchObject({ _attempts: 4, upper: 'STUDY FAILED (LIMIT_EXCEEDED): NO ANSWER AFTER 2 TURNS, ITS LIMIT' });
    const turns = await run(endless, { limits: { turns: 5 } });
    expect(turns.row).toMatchObject({ _attempts: 5, upper: expect.stringContaining('IT HAS ONE OF 5 TURNS LEFT') as string });
    // Each call of the scripted model reads 100 tokens and writes 10: the caller has no turn left for an answer.
    const tokens = await run(endless, { limits: { tokens: 330 } });
    expect(tokens.row).toMatchObject({ _error_code: 'limit_exceeded', _attempts: 3 });
  });

  it('should not be asked again for what it was asked before its member was killed', async () => {
    const first = await world.member();
    let killed = false;
    world.model.script = async (one) => {
      if (askerOf(one) === 'translate') return said('ICI');
      if (askerOf(one) === 'agent') return turnsOf(one) === 0 ? call('translate', 'study') : answer(one.text);
      if (turnsOf(one) < 2) return measure;
      if (killed) return said('LONG');
      await until(() => killed, 30_000);
      return { drop: true };
    };
    const rows = texts(5);
    const { stageId } = await stageOf(rows, agent(), [translate, study()]);
    await until(() => callsOf('study').filter((one) => turnsOf(one) === 2).length === rows.length, 30_000);
    await until(() => callsOf('translate').length === rows.length);
    await first.kill();
    killed = true;
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
    await until(() => world.script.done(stageId), 30_000);
    const byTurn = (asker: ReturnType<typeof askerOf>) =>
      callsOf(asker)
        .map(turnsOf)
        .toSorted((a, b) => a - b)
        .filter((turn, at, all) => all.indexOf(turn) === at)
        .map((turn) => callsOf(asker).filter((one) => turnsOf(one) === turn).length);
    expect({ agent: byTurn('agent'), translate: byTurn('translate'), study: byTurn('study') }).toEqual({
      agent: [10, 5],
      translate: [5],
      study: [5, 5, 10],
    });
    expect((await world.result(stageId)).map(({ _status, _attempts }) => [_status, _attempts])).toEqual(rows.map(() => ['ok', 6]));
  });

  const sending = () =>
    HttpCapability.parse({
      kind: 'http',
      name: 'send',
      description: 'Sends',
      method: 'POST',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      input: { type: 'object', properties: {} },
      output: { type: 'object', properties: { size: { type: 'integer' } } },
    });

  it('should leave nothing in doubt where all that it called was refused outright', async () => {
    status = 422;
    const { row } = await run(
      (one) => {
        if (askerOf(one) === 'agent') return turnsOf(one) === 0 ? call('study') : answer(results(one).join());
        return turnsOf(one) === 0
          ? { toolCalls: [{ name: 'send', arguments: {} }] }
          : { toolCalls: [{ name: 'blocked', arguments: { reason: 'they refuse it' } }] };
      },
      { capabilities: ['template:study'] },
      [study({ capabilities: ['http:send'], effects: 'unsafe' }), sending()],
    );
    expect(row).toMatchObject({ _status: 'ok', upper: 'STUDY FAILED (BLOCKED): THEY REFUSE IT' });
    expect(sent).toBe(1);
  });

  it('should make the row unknown where it called what must not be called twice, and then failed or was killed', async () => {
    const capabilities = [study({ capabilities: ['http:send'], effects: 'unsafe' }), sending()];
    const first = await world.member();
    let killed = false;
    world.model.script = async (one) => {
      if (askerOf(one) === 'agent')
        return turnsOf(one) === 0 ? { toolCalls: [{ name: 'study', arguments: { text: one.text } }] } : answer(one.text);
      if (turnsOf(one) === 0) return { toolCalls: [{ name: 'send', arguments: {} }] };
      if (one.text === 'fine') return said('sent');
      if (one.text === 'failed') return { toolCalls: [{ name: 'blocked', arguments: { reason: 'no more' } }] };
      await until(() => killed, 30_000);
      return { drop: true };
    };
    const ended = (await stageOf(['fine', 'failed'], agent({ capabilities: ['template:study'] }), capabilities)).stageId;
    await until(() => world.script.done(ended), 30_000);
    expect(await world.result(ended)).toMatchObject([
      { _status: 'ok' },
      { _error_code: 'unknown', _error: expect.stringContaining('blocked: no more') as string },
    ]);
    const { stageId } = await stageOf(['killed'], agent({ capabilities: ['template:study'] }), capabilities);
    await until(() => world.model.calls.some((one) => one.text === 'killed' && askerOf(one) === 'study' && turnsOf(one) === 1), 30_000);
    await first.kill();
    killed = true;
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
    await until(() => world.script.done(stageId), 30_000);
    expect(sent).toBe(3);
    expect(await world.result(stageId)).toMatchObject([{ _error_code: 'unknown' }]);
  });

  it('should end the stage where its model is not there, or where it calls itself', async () => {
    await world.member();
    const faultOf = async (...capabilities: CapabilityDefinition[]) => {
      const { stageId } = await stageOf(['x'], agent({ capabilities: ['template:study'] }), capabilities);
      await until(() => world.script.stages.get(stageId)?.fault !== null, 30_000);
      return world.script.stages.get(stageId)?.fault;
    };
    expect(await faultOf(study({ model: 'none' }))).toMatchObject({ class: 'refused', code: 'unknown_model' });
    const circle = [study({ capabilities: ['template:translate'] }), definition('translate', { capabilities: ['template:study'] })];
    expect(await faultOf(...circle)).toMatchObject({
      code: 'recursive_template',
      value: 'template:study → template:translate → template:study',
    });
  });
});

const callsIn = (reply: Reply) => ('toolCalls' in reply ? reply.toolCalls : []);
