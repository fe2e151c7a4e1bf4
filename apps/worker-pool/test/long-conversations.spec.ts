import { type AgentTemplate, JavascriptCapability } from '@apwa/contracts';
import { answer, type Call, type Reply } from './support/scripted-model.js';
import { until } from './support/until.js';
import { World } from './support/world.js';

const CONTEXT = 8_000;
/** A page of so many characters, of which each part tells where it stands. */
const PAGE = JavascriptCapability.parse({
  kind: 'javascript',
  name: 'page',
  description: 'A page of a book',
  input: {
    type: 'object',
    required: ['number', 'characters'],
    properties: { number: { type: 'integer' }, characters: { type: 'integer' } },
  },
  output: { type: 'object', required: ['page'], properties: { page: { type: 'string' } } },
  source: `function run({ number, characters }) {
    let page = 'page ' + number + ':';
    for (let word = 0; page.length < characters; word++) page += ' word ' + word;
    return { page: page.slice(0, characters) };
  }`,
});
const template: AgentTemplate = {
  mode: 'agent',
  instructions: 'Read the book and shout {{text}}',
  output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'], additionalProperties: false },
  capabilities: ['javascript:page'],
  limits: { turns: 30 },
};
const page = (number: number, characters: number): Reply => ({ toolCalls: [{ name: 'page', arguments: { number, characters } }] });
const turnsOf = ({ request }: Call): number => request.messages.filter(({ role }) => role === 'assistant').length;
const results = ({ request }: Call): string[] => request.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
const toolsOf = ({ request }: Call): string[] => request.tools?.map(({ function: { name } }) => name) ?? [];
/** As a model counts whose tokens are shorter than those that are reckoned with. */
const tokensOf = ({ request }: Call): number =>
  request.messages.reduce((sum, { content }) => sum + Buffer.byteLength(content ?? ''), 0) / 2;
const dataIn = (result: string): string => /\w+ ---\n([^]*)\n=== data \w+ ends ===/.exec(result)?.[1] ?? '';

/** Real: members as processes, NATS with its journal, storage, the sandbox. Scripted: the executor, and the model's server, which refuses what is above its window. */
describe('an agent whose conversation outgrows the context of its model', () => {
  let world: World;
  let window = CONTEXT;
  let refused: Call[] = [];
  beforeEach(async () => {
    world = await World.start({ endpoint: { contextTokens: CONTEXT, outputTokens: 500 } });
    window = CONTEXT;
    refused = [];
  });
  afterEach(() => world.stop());

  const begin = async (rows: string[], script: (call: Call) => Reply | Promise<Reply>) => {
    world.model.script = (call) => {
      if (tokensOf(call) <= window) return script(call);
      refused.push(call);
      const message = `This model's maximum context length is ${window} tokens.`;
      return { status: 400, body: { error: { message, code: 'context_length_exceeded', type: 'invalid_request_error' } } };
    };
    return world.stage(rows, { template, capabilities: [PAGE] });
  };
  /** The only member dies, and another one takes over. */
  const replaceMember = async (member: Awaited<ReturnType<World['member']>>): Promise<void> => {
    await member.kill();
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
  };
  const ended = async (stageId: string) => {
    await until(() => world.script.done(stageId) || world.script.stages.get(stageId)?.fault !== null, 60_000);
    expect(world.script.stages.get(stageId)?.fault).toBeNull();
    return world.result(stageId);
  };

  it('should be shown the latest results, read older ones again, and answer; and the same to whoever takes it over', async () => {
    const first = await world.member();
    const held: Call[] = [];
    let killed = false;
    const { stageId } = await begin(['x'], async (call) => {
      const turn = turnsOf(call);
      if (turn < 9) return page(turn, 6_000);
      if (turn === 9) {
        held.push(call);
        await until(() => killed, 60_000);
        return { toolCalls: [{ name: 'read_result', arguments: { result: '0.0' } }] };
      }
      return answer(call.text);
    });
    await until(() => held.length === 1, 60_000);
    await replaceMember(first);
    killed = true;
    expect(await ended(stageId)).toEqual([expect.objectContaining({ upper: 'X', _status: 'ok' })]);

    const [before, after] = held as [Call, Call];
    expect(results(after)).toEqual(results(before));
    expect(results(before)[0]).toMatch(/^This result was left out to make room: it had \d+ characters.*\{"result": "0.0"\}/);
    expect(results(before).at(-1)).toContain('page 8:');
    expect(toolsOf(world.model.calls[0] as Call)).not.toContain('read_result');
    expect(toolsOf(before)).toContain('read_result');
    expect(results(world.model.calls.at(-1) as Call).at(-1)).toContain('page 0:');
    // It learns once how much the model takes.
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(2);
  });

  it('should read on in a result that is too long for it, also where its member dies in between', async () => {
    const first = await world.member();
    const parts: string[] = [];
    let killed = false;
    let asked = 0;
    const { stageId } = await begin(['x'], async (call) => {
      const turn = turnsOf(call);
      if (turn === 0) return page(1, 20_000);
      if (turn === 2 && !killed) {
        asked++;
        await until(() => killed, 60_000);
        return { drop: true };
      }
      const result = results(call).at(-1) ?? '';
      parts[turn] = dataIn(result);
      const next = /read_result (\{[^}]*\})/.exec(result)?.[1];
      return next === undefined ? answer(call.text) : { toolCalls: [{ name: 'read_result', arguments: next }] };
    });
    await until(() => asked === 1, 60_000);
    await replaceMember(first);
    killed = true;
    expect(await ended(stageId)).toEqual([expect.objectContaining({ _status: 'ok' })]);
    expect(parts.slice(1).map(({ length }) => length)).toEqual([8_000, 8_000, 4_011]);
    expect(JSON.parse(parts.slice(1).join(''))).toEqual({ page: expect.stringMatching(/^page 1: word 0 .{19900}/) });
    expect(results(world.model.calls.at(-1) as Call).at(-1)).toMatch(/These are characters 16000 to 20011 of 20011\.$/);
  });

  it('should be asked for its answer where not even its latest result has room, and fail by name where nothing helps', async () => {
    await world.member();
    const nudges: string[] = [];
    const long = 'y'.repeat(5_000);
    const { stageId } = await begin(['x', long], (call) => {
      if (turnsOf(call) > 0) {
        nudges.push(call.request.messages.at(-1)?.content ?? '');
        return answer(call.text);
      }
      window = 2_500;
      return page(1, 6_000);
    });
    const rows = await ended(stageId);
    expect(rows.map(({ _status, _error_code }) => [_status, _error_code])).toEqual([
      ['ok', null],
      ['failed', 'context_exceeded'],
    ]);
    expect(nudges).toEqual(['There is no room for further results: answer now, with what you know.']);
    expect(rows[1]?._error).toMatch(
      /maximum context length is 2500.*: it has about \d+ tokens \(\d+ of instructions and record, \d+ of what was said/,
    );
    expect(rows[1]?._error).toMatch(/and the context 8000$/);
  });
});
