import { type AgentTemplate, type JsonObject } from '@apwa/contracts';
import { type Call, type Reply } from './support/scripted-model.js';
import { until } from './support/until.js';
import { World } from './support/world.js';

const LENGTH = 'builtin:text_length';
const COUNT = 'builtin:word_count';
const template: AgentTemplate = {
  mode: 'agent',
  instructions: 'Do it with {{text}}',
  capabilities: [LENGTH, COUNT],
  capabilitiesFrom: 'tools',
  output: { type: 'object', required: ['upper'], properties: { upper: { type: 'string' }, length: { type: 'integer' } } },
  outputFrom: 'wants',
};
const columns = [
  { name: 'text', type: 'VARCHAR' },
  { name: 'tools', type: 'VARCHAR[]' },
  { name: 'wants', type: 'VARCHAR[]' },
];
const toolsOf = ({ request }: Call) => (request.tools ?? []).map(({ function: { name } }) => name).filter((name) => name.includes('_'));
const wantsOf = ({ request }: Call) => Object.keys(request.response_format?.json_schema?.schema.properties ?? {});
const turnsOf = ({ request }: Call) => request.messages.filter(({ role }) => role === 'assistant').length;
const answerOf = (call: Call, given: JsonObject): Reply => ({
  content: JSON.stringify(Object.fromEntries(wantsOf(call).flatMap((name) => (name in given ? [[name, given[name]]] : [])))),
});

/** Real: members as processes, NATS with its journal, storage. Scripted: the model's server and the executor. */
describe('rows that choose what of their template they take', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const run = async (rows: JsonObject[], script: (call: Call) => Reply, more: Partial<AgentTemplate> = {}) => {
    await world.member();
    world.model.script = script;
    const { stageId } = world.stageOver(await world.tableOf(columns, rows), { template: { ...template, ...more } });
    await until(() => world.script.done(stageId) || world.script.stages.get(stageId)?.fault !== null, 30_000);
    expect(world.script.stages.get(stageId)?.fault).toBeNull();
    return world.result(stageId);
  };

  it('should equip each agent with what its row names, and refuse it the rest', async () => {
    const rows = await run(
      [
        { text: 'none', tools: null, wants: ['upper'] },
        { text: 'one', tools: [LENGTH], wants: ['upper'] },
        { text: 'both', tools: [COUNT, LENGTH], wants: ['upper'] },
      ],
      (call) =>
        turnsOf(call) === 0
          ? { toolCalls: [{ name: 'text_length', arguments: { text: call.text } }] }
          : answerOf(call, { upper: call.request.messages.at(-1)?.content ?? '' }),
    );
    expect(rows.map(({ upper }) => upper)).toEqual([
      'There is no tool text_length. Tools: needs_split, blocked.',
      expect.stringContaining('"characters":3'),
      expect.stringContaining('"characters":4'),
    ]);
    const offered = new Map(world.model.calls.map((call) => [call.text, toolsOf(call)]));
    // In the order of the template, whatever that of the row: what is sent begins alike for rows that choose the same.
    expect([...offered].sort()).toEqual([
      ['both', ['text_length', 'word_count', 'needs_split']],
      ['none', ['needs_split']],
      ['one', ['text_length', 'needs_split']],
    ]);
    expect(new Set(world.model.calls.map(({ request }) => request.messages[0]?.content)).size).toBe(1);
  });

  it('should ask each row for what it names, have a wrong answer repaired, and leave the rest NULL', async () => {
    const rows = await run(
      [
        { text: 'a', tools: [], wants: ['upper'] },
        { text: 'b', tools: [], wants: ['length', 'upper'] },
        { text: 'c', tools: [], wants: ['length'] },
      ],
      // The first answers lack what is wanted, or have what is not.
      (call) => (call.nth === 1 ? { content: JSON.stringify({ upper: call.text }) } : answerOf(call, { upper: 'X', length: 1 })),
    );
    expect(rows).toMatchObject([
      { upper: 'a', length: null, _attempts: 1 },
      { upper: 'X', length: 1, _attempts: 2 },
      { upper: null, length: 1, _attempts: 2 },
    ]);
    const asked = new Map(world.model.calls.map((call) => [call.text, wantsOf(call)]));
    expect([...asked].sort()).toEqual([
      ['a', ['upper']],
      ['b', ['upper', 'length']],
      ['c', ['length']],
    ]);
    expect(world.model.calls.find(({ text, nth }) => text === 'c' && nth === 2)?.request.messages.at(-1)?.content).toMatch(
      /length.*\n.*upper/,
    );
  });

  it('should ask rows apart that differ in what they choose alone, and those that agree once', async () => {
    const rows = await run(
      [
        { text: 'same', tools: [LENGTH], wants: ['upper'] },
        { text: 'same', tools: [], wants: ['upper'] },
        { text: 'same', tools: [LENGTH], wants: ['length'] },
        { text: 'same', tools: [LENGTH], wants: ['upper'] },
      ],
      (call) => answerOf(call, { upper: toolsOf(call).join(), length: 4 }),
      { transcript: 'none' },
    );
    expect(rows.map(({ upper, length }) => [upper, length === null ? null : Number(length)])).toEqual([
      ['text_length,needs_split', null],
      ['needs_split', null],
      [null, 4],
      ['text_length,needs_split', null],
    ]);
    expect(world.model.calls).toHaveLength(3);
  });

  it('should fail a row that names what its template does not have, without a call', async () => {
    const rows = await run(
      [
        { text: 'fetches', tools: [LENGTH, 'builtin:fetch'], wants: ['upper'] },
        { text: 'asks for more', tools: [], wants: ['lower'] },
        { text: 'asks for nothing', tools: [], wants: null },
        { text: 'fine', tools: [], wants: ['upper'] },
      ],
      (call) => answerOf(call, { upper: 'X' }),
    );
    expect(rows.map(({ _error_code, _error, _attempts }) => [_error_code, _error, _attempts])).toEqual([
      [
        'invalid_arguments',
        'tools holds builtin:fetch, which is no capability that the template carries (builtin:text_length, builtin:word_count)',
        0,
      ],
      ['invalid_arguments', 'wants holds lower, which is no property of the output (upper, length)', 0],
      ['invalid_arguments', 'wants holds null, which names no property of the output: nothing would be answered (upper, length)', 0],
      [null, null, 1],
    ]);
    expect(world.model.calls.map(({ text }) => text)).toEqual(['fine']);
  });

  it('should have replicas of a row take the same, and a judge see them', async () => {
    let drawn = 0;
    const rows = await run(
      [{ text: 'a', tools: [LENGTH], wants: ['length'] }],
      (call) =>
        wantsOf(call).includes('choice')
          ? { content: JSON.stringify({ why: 'it is larger', choice: 2 }) }
          : answerOf(call, { length: ++drawn }),
      { replicas: { combine: 'judge', count: 2, judge: { instructions: 'Which of {{answers}} is larger?' } }, transcript: 'none' },
    );
    expect(rows).toMatchObject([{ upper: null, replicas: { asked: 2, answered: 2, why: 'it is larger' }, _attempts: 3 }]);
    expect(world.model.calls.filter((call) => !wantsOf(call).includes('choice')).map(toolsOf)).toEqual([
      ['text_length', 'needs_split'],
      ['text_length', 'needs_split'],
    ]);
  });
});
