import { type JsonObject, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { AttemptControl } from '../rows/control.js';
import { type Intents } from '../rows/intents.js';
import { createAgentTools, toolNamesOf } from './agent-tools.js';
import { NotCarriedOut, type OpenCapability } from './capability-call.js';

const control = new AttemptControl({
  begin: () => true,
  join: () => true,
  land: () => undefined,
  mayCall: () => true,
  mayBegin: () => true,
});
const schema = { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] };
/** Calls of one turn, what was written down before them, and what is wrong with their answers. */
interface Circumstances {
  may?: boolean;
  effects?: 'none' | 'unsafe';
  times?: number;
  wrong?: ReturnType<OpenCapability['wrong']>;
}
const capability = (call: OpenCapability['call'], { effects = 'unsafe', wrong = null }: Circumstances): OpenCapability => ({
  capability: { id: 'builtin:send', kind: 'builtin', description: 'Sends', effects, input: schema, output: schema },
  input: compileSchema(schema),
  gate: null,
  prepare: async () => undefined,
  call,
  wrong: () => wrong,
  wake: () => undefined,
});
const turn = async (call: OpenCapability['call'], more: Circumstances = {}) => {
  const { may = true, times = 1 } = more;
  const log: string[] = [];
  const tools = createAgentTools('stg_a', [capability((one) => (log.push('call'), call(one)), more)], 128_000);
  const intents = {
    uncertain: async () => false,
    record: async () => log.push('intent') > 0 && may,
    refused: () => void log.push('refused'),
  };
  const calls = Array.from({ length: times }, (_, n) => ({ id: `c${n}`, name: 'send', arguments: '{"to": "a"}' }));
  return {
    outcomes: await tools.call(calls, { ownerId: 'run_a', agent: null, row: 1, replica: 0, turn: 2, control, intents }),
    log,
    tools,
  };
};
/** A call that is refused once. `may`: the second try is let through. */
const tries = async (may: boolean) => {
  const keys: [string, string][] = [];
  const headers: string[] = [];
  const call: OpenCapability['call'] = async ({ admission, key }) => {
    headers.push(key());
    if ((await admission.again({ kind: 'refused', message: '429', retryAfterMs: 0 })) !== 'granted') return null;
    headers.push(key());
    return { to: 'a' };
  };
  const intents: Intents = {
    uncertain: async () => false,
    record: async (_, key) => keys.push(['intent', key]) === 1 || may,
    refused: (_, key) => void keys.push(['refused', key]),
  };
  const tools = createAgentTools('stg_a', [capability(call, {})], 128_000);
  const calls = [{ id: 'c', name: 'send', arguments: '{"to": "a"}' }];
  const outcomes = await tools.call(calls, { ownerId: 'run_a', agent: null, row: 1, replica: 0, turn: 2, control, intents });
  return { keys, headers, outcomes };
};
const sent = async (): Promise<JsonObject> => ({ to: 'a' });

describe('tools of an agent', () => {
  it('should be named as the capabilities are, by kind too where two have one name, and hide no way of giving up', () => {
    expect([...toolNamesOf(['builtin:look', 'python:look', 'python:blocked', 'builtin:fetch'])]).toEqual([
      ['builtin_look', 'builtin:look'],
      ['python_look', 'python:look'],
      ['python_blocked', 'python:blocked'],
      ['fetch', 'builtin:fetch'],
    ]);
  });

  it('should be narrowed under the names that they have among all, and refuse what is left out', async () => {
    const opened = (id: `${'builtin' | 'http'}:${string}`, effects: 'none' | 'unsafe'): OpenCapability => {
      const one = capability(sent, { effects });
      return { ...one, capability: { ...one.capability, id } };
    };
    const tools = createAgentTools('stg_a', [opened('builtin:send', 'none'), opened('http:send', 'unsafe')], 128_000);
    const only = tools.only(['builtin:send']);
    expect([tools, only].map(({ definitions }) => definitions.map(({ name }) => name))).toEqual([
      ['builtin_send', 'http_send', 'needs_split', 'blocked'],
      ['builtin_send', 'needs_split', 'blocked'],
    ]);
    expect([tools.unsafe, only.unsafe]).toEqual([true, false]);
    const intents = { uncertain: async () => false, record: async () => true, refused: () => undefined };
    const calls = ['builtin_send', 'http_send'].map((name) => ({ id: name, name, arguments: '{"to": "a"}' }));
    const outcomes = await only.call(calls, { ownerId: 'run_a', agent: null, row: 1, replica: 0, turn: 0, control, intents });
    expect(outcomes).toMatchObject({
      kind: 'results',
      messages: [
        { content: expect.stringContaining('"to":"a"') as string },
        { content: 'There is no tool http_send. Tools: builtin_send, needs_split, blocked.' },
      ],
    });
  });

  it('should write an unsafe call down before it is made, and say when it has ended', async () => {
    const { outcomes, log, tools } = await turn(sent);
    expect(tools.unsafe).toBe(true);
    expect(log).toEqual(['intent', 'call']);
    expect(outcomes).toMatchObject({ kind: 'results', intents: [expect.stringMatching(/^[0-9a-f]{64}$/)] });
  });

  it('should tell two calls of a turn apart, however alike they are', async () => {
    const { outcomes } = await turn(sent, { times: 2 });
    expect(new Set(outcomes.kind === 'results' ? outcomes.intents : []).size).toBe(2);
  });

  it('should not make an unsafe call that may not be made', async () => {
    const { outcomes, log } = await turn(sent, { may: false });
    expect(log).toEqual(['intent']);
    expect(outcomes).toEqual({ kind: 'abandoned', fault: null });
  });

  it.each([
    [
      'a fault that may have come after it was carried out',
      new TransientError('connection', 'reset'),
      { kind: 'given_up', code: 'unknown' },
    ],
    ['what nobody can tell', new Error('?'), { kind: 'given_up', code: 'unknown' }],
    [
      'an answer that cannot be read, after it was carried out',
      new PermanentError('capability_bad_output', 'no JSON'),
      { kind: 'given_up', code: 'unknown' },
    ],
    [
      'a refusal of the other side, which the agent is told',
      new PermanentError('capability_failed', 'no such address'),
      { kind: 'results' },
    ],
    ['a fault of all rows', new RefusedError('no_cluster', 'none'), { kind: 'abandoned', fault: { code: 'no_cluster' } }],
  ])('should take of an unsafe call %s for what it is', async (_, thrown, expected) => {
    const { outcomes } = await turn(() => Promise.reject(thrown));
    expect(outcomes).toMatchObject(expected);
  });

  it('should end what was written down where the other side says what came of it, and take it back where that proves it was not carried out', async () => {
    const failing = (error: Error) => turn(() => Promise.reject(error));
    const refused = await failing(new NotCarriedOut('capability_failed', 'no such address'));
    const failed = await failing(new PermanentError('capability_failed', 'half of it'));
    const ended = { kind: 'results', intents: [expect.stringMatching(/^[0-9a-f]{64}$/)], messages: [{ role: 'tool' }] };
    expect([refused.outcomes, failed.outcomes]).toMatchObject([ended, ended]);
    expect([refused.log, failed.log]).toEqual([
      ['intent', 'call', 'refused'],
      ['intent', 'call'],
    ]);
  });

  it('should write each try of an unsafe call down by itself, and take back what was refused while it waits for the next', async () => {
    const { keys, outcomes, headers } = await tries(true);
    expect(keys).toEqual([
      ['intent', expect.stringMatching(/^[0-9a-f]{64}$/)],
      ['refused', keys[0]?.[1]],
      ['intent', expect.stringMatching(/^[0-9a-f]{64}$/)],
    ]);
    expect(keys[2]?.[1]).not.toBe(keys[0]?.[1]);
    // What the other side knows it by stays the same.
    expect(new Set(headers).size).toBe(1);
    expect(outcomes).toMatchObject({ kind: 'results', intents: [keys[2]?.[1]] });
  });

  it('should give a row up, with nothing in doubt, where the next try of an unsafe call may not be made', async () => {
    const { keys, outcomes, headers } = await tries(false);
    expect(keys.map(([what]) => what)).toEqual(['intent', 'refused', 'intent']);
    expect(headers).toHaveLength(1);
    expect(outcomes).toEqual({ kind: 'abandoned', fault: null });
  });

  it('should not let an agent repeat an unsafe call whose answer is not what it promised', async () => {
    const { outcomes } = await turn(sent, { wrong: { code: 'capability_bad_output', message: 'to: must be an address' } });
    expect(outcomes).toMatchObject({ kind: 'given_up', code: 'unknown', reason: expect.stringContaining('to: must be an address') });
  });

  it('should show each of several long results in part, and hand over what can be read on of them', async () => {
    const { outcomes } = await turn(async () => ({ to: 'a'.repeat(200_000) }), { effects: 'none', times: 4 });
    if (outcomes.kind !== 'results') throw new Error('no results');
    expect(outcomes.long.map(({ id, text, characters }) => [id, text.length, characters])).toEqual(
      ['2.0', '2.1', '2.2', '2.3'].map((id) => [id, 65_536, 200_009]),
    );
    for (const { content } of outcomes.messages) expect(content?.length).toBeLessThan(33_000);
    expect(outcomes.messages[1]?.content).toContain(
      'characters 0 to 32000 of 200009 (only the first 65536 are kept). To read on: read_result {"result": "2.1", "offset": 32000}.',
    );
  });

  it('should let an agent try again what does no harm', async () => {
    const { outcomes, log } = await turn(() => Promise.reject(new TransientError('connection', 'reset')), { effects: 'none' });
    expect(log).toEqual(['call']);
    expect(outcomes).toMatchObject({ kind: 'results', messages: [{ content: 'send failed (capability_failed): reset' }] });
  });
});
