import { type AgentTemplate } from '@apwa/contracts';
import { answer, type Call, type Reply } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const template = (more: Partial<AgentTemplate> = {}): AgentTemplate => ({
  mode: 'agent',
  instructions: 'Measure and shout {{text}}',
  output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'], additionalProperties: false },
  capabilities: ['builtin:text_length', 'builtin:word_count'],
  ...more,
});
const measure = (text: string): Reply => ({ toolCalls: [{ name: 'text_length', arguments: { text } }] });
/** Results of tools that the model has seen. */
const turnsOf = ({ request }: Call): number => request.messages.filter(({ role }) => role === 'assistant').length;
const toolResults = ({ request }: Call): string[] => request.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));

/** Real: members as processes, NATS with its journal, storage. Scripted: the model's server and the executor. */
describe('a template of mode agent', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const run = async (rows: string[], script: (call: Call) => Reply | Promise<Reply>, more: Partial<AgentTemplate> = {}) => {
    await world.member();
    world.model.script = script;
    const { stageId } = await world.stage(rows, { template: template(more) });
    await until(() => world.script.done(stageId) || world.script.stages.get(stageId)?.fault !== null, 30_000);
    expect(world.script.stages.get(stageId)?.fault).toBeNull();
    return { rows: await world.result(stageId), content: world.script.shardsOf(stageId)[0]?.content };
  };

  it('should call capabilities, several in a turn, until it answers', async () => {
    const { rows, content } = await run(
      ['four words stand here'],
      (call) => {
        if (turnsOf(call) > 0) return answer(call.text);
        const given = { text: call.text };
        return {
          toolCalls: [
            { name: 'text_length', arguments: given },
            { name: 'word_count', arguments: given },
          ],
        };
      },
      { transcript: 'all' },
    );
    expect(rows).toEqual([expect.objectContaining({ upper: 'FOUR WORDS STAND HERE', _status: 'ok', _attempts: 2, _input_tokens: 200 })]);
    expect(content?.counts).toMatchObject({ ok: 1, calls: 2, usage: { input: 200, output: 20 } });
    const [first, second] = world.model.calls;
    expect(first?.request.tools?.map(({ function: { name } }) => name)).toEqual(['text_length', 'word_count', 'needs_split', 'blocked']);
    expect(toolResults(second as Call)).toEqual([
      expect.stringMatching(/=== data (\w{16}) begins ===[^]*"characters":21[^]*=== data \1 ends ===/),
      expect.stringContaining('"words":4'),
    ]);
    const transcript = JSON.parse(String(rows[0]?._transcript)) as { role: string }[];
    expect(transcript.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'assistant']);
  });

  it('should be told what is wrong with a call, and call nothing that its template does not carry', async () => {
    const { rows } = await run(
      ['x'],
      (call) => {
        switch (turnsOf(call)) {
          case 0:
            return { toolCalls: [{ name: 'identity', arguments: { value: 1 } }] };
          case 1:
            return { toolCalls: [{ name: 'text_length', arguments: { text: 7 } }] };
          case 2:
            return { toolCalls: [{ name: 'text_length', arguments: '{"text": ' }] };
          case 3:
            return { content: '{"upper": 7}' };
          default:
            return answer(call.text);
        }
      },
      { capabilities: ['builtin:text_length'] },
    );
    expect(rows).toEqual([expect.objectContaining({ upper: 'X', _attempts: 5 })]);
    const last = world.model.calls.at(-1) as Call;
    expect(toolResults(last)).toEqual([
      'There is no tool identity. Tools: text_length, needs_split, blocked.',
      expect.stringMatching(/The arguments of text_length are wrong: .*text.*Call it again/),
      expect.stringContaining('are not a JSON object'),
    ]);
    expect(last.request.messages.at(-1)?.content).toContain('upper: must be text');
  });

  it('should fail a row by the limit that it reaches, or by what it says of it', async () => {
    const { rows } = await run(
      ['endless', 'too large', 'impossible', 'fine'],
      (call) => {
        switch (call.text) {
          case 'too large':
            return { toolCalls: [{ name: 'needs_split', arguments: { reason: 'by chapters' } }] };
          case 'impossible':
            return { toolCalls: [{ name: 'blocked', arguments: { reason: 'the file is missing' } }] };
          case 'fine':
            return answer(call.text);
          default:
            return measure(call.text);
        }
      },
      { limits: { turns: 4 } },
    );
    expect(rows.map(({ _error_code, _error, _attempts }) => [_error_code, _error, _attempts])).toEqual([
      ['limit_exceeded', 'no answer after 4 turns, its limit', 4],
      ['needs_split', 'by chapters', 1],
      ['blocked', 'the file is missing', 1],
      [null, null, 1],
    ]);
    expect(
      world.model.calls
        .filter(({ text }) => text === 'endless')
        .at(-1)
        ?.request.messages.at(-1)?.content,
    ).toContain('answer now');
    // Conversations of failures are kept where nothing else is said.
    expect(rows.map(({ _transcript }) => _transcript !== null)).toEqual([true, true, true, false]);
  });

  it('should begin no turn when its tokens or its time are used up', async () => {
    const { rows } = await run(['a'], ({ text }) => measure(text), { limits: { tokens: 250 }, transcript: 'none' });
    // Each call of the scripted model reads 100 tokens and writes 10.
    expect(rows).toEqual([expect.objectContaining({ _error_code: 'limit_exceeded', _attempts: 3 })]);
    expect(rows[0]).not.toHaveProperty('_transcript');
  });

  it('should repeat one call at most when a member is killed in the ninth of ten turns', async () => {
    const first = await world.member();
    let killed = false;
    world.model.script = async (call) => {
      const turn = turnsOf(call);
      if (turn === 8 && !killed) {
        await until(() => killed, 30_000);
        return { drop: true };
      }
      return turn < 9 ? measure(`${call.text} ${turn}`) : answer(call.text);
    };
    const rows = texts(20);
    const { stageId } = await world.stage(rows, { template: template({ transcript: 'all' }) });
    await until(() => world.model.calls.filter((call) => turnsOf(call) === 8).length === rows.length, 30_000);
    await first.kill();
    killed = true;
    for (const attempt of world.script.attempts) if (attempt.state === 'active') world.script.revoke(attempt);
    await world.member();
    await until(() => world.script.done(stageId), 30_000);
    for (const text of rows) {
      const turns = world.model.calls.filter((call) => call.text === text).map(turnsOf);
      expect(turns.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9]);
    }
    const result = await world.result(stageId);
    expect(result.map(({ text, upper, _attempts }) => [text, upper, _attempts])).toEqual(
      rows.map((text) => [text, text.toUpperCase(), 10]),
    );
    const said = JSON.parse(String(result[7]?._transcript)) as { role: string; content: string }[];
    expect(said.filter(({ role }) => role === 'tool')).toHaveLength(9);
    expect(world.script.shardsOf(stageId)[0]?.content?.counts).toMatchObject({ ok: 20, calls: 200 });
  });

  it('should go on behind its last turn after a pause', async () => {
    await world.member();
    let paused = false;
    let ownerId = '';
    world.model.script = (call) => {
      if (turnsOf(call) === 2 && !paused) {
        paused = true;
        world.executor.control(ownerId, 1, 'paused');
      }
      return turnsOf(call) < 5 ? measure(`${call.text} ${turnsOf(call)}`) : answer(call.text);
    };
    const stage = await world.stage(['x'], { template: template() });
    ({ ownerId } = stage);
    const { stageId } = stage;
    await until(() => world.script.attempts[0]?.state === 'released', 30_000);
    const before = world.model.calls.length;
    world.executor.control(ownerId, 2, 'active');
    world.executor.hint();
    await until(() => world.script.done(stageId), 30_000);
    expect(before).toBe(3);
    expect(world.model.calls.map(turnsOf)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('should be asked by as many replicas as the template says, each with a conversation of its own', async () => {
    const { rows } = await run(['x', 'y'], (call) => (turnsOf(call) === 0 ? measure(call.text) : answer(call.text)), {
      replicas: { combine: 'all', count: 3 },
    });
    expect(rows).toEqual([expect.objectContaining({ _attempts: 6 }), expect.objectContaining({ _attempts: 6 })]);
    expect(JSON.stringify(rows[1]?.answers)).toBe(JSON.stringify([{ upper: 'Y' }, { upper: 'Y' }, { upper: 'Y' }]));
  });
});
