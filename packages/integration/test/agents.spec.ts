import { type AgentTemplate, type Plan } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel, type ScriptedRequest } from '@apwa/test-kit';
import { numberedRows, System } from './support/system.js';

const ROWS = 400;
/** Calls of the model for a row: turns that call a capability, and the answer. */
const CALLS = 6;

const turnOf = ({ messages }: ScriptedRequest): number => messages.filter(({ role }) => role === 'assistant').length;
const textOf = ({ messages }: ScriptedRequest): string =>
  /--- \[field "text"\] (\w+) ---\n([^]*?)\n===/.exec(String(messages.find(({ role }) => role === 'user')?.content))?.[2] ?? '';
const agent = (more: Partial<AgentTemplate> = {}): Plan => ({
  version: 1,
  steps: [
    {
      id: 'measured',
      kind: 'map',
      input: 'rows',
      template: {
        mode: 'agent',
        instructions: 'Measure {{text}} again and again.',
        capabilities: ['builtin:text_length'],
        output: { type: 'object', required: ['length'], properties: { length: { type: 'integer' } } },
        ...more,
      },
    },
    {
      id: 'said',
      kind: 'sql',
      inputs: ['measured'],
      query: `SELECT id, len(json_extract(_transcript, '$[*].role')) AS messages FROM measured WHERE _status = 'failed'`,
    },
  ],
  outputs: ['measured', 'said'],
});

/** Real: everything but the model, whose server the test runs. */
describe('a run of agents', () => {
  let system: System;
  let model: ScriptedModel;
  beforeAll(async () => {
    model = await scriptedModel();
    system = await System.asking(model);
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  /** Calls by row and turn. */
  const counted = () => {
    const calls = new Map<string, number>();
    model.otherwise((request) => {
      const [text, turn] = [textOf(request), turnOf(request)];
      const key = `${text} ${turn}`;
      calls.set(key, (calls.get(key) ?? 0) + 1);
      const answer =
        turn < CALLS - 1
          ? { toolCalls: [{ name: 'text_length', arguments: { text: `${text} ${turn}` } }] }
          : { content: { length: Number(/"characters":(\d+)/.exec(String(request.messages.at(-1)?.content))?.[1] ?? -1) } };
      return { ...answer, delayMs: 30 };
    });
    return calls;
  };

  it('should lose nothing and repeat one call of a row at most for each death, whoever dies in its midst', async () => {
    const calls = counted();
    const submitted = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: agent() });
    for (const share of [0.2, 0.5]) {
      await eventually(() => calls.size > share * ROWS * CALLS, { what: `${share} of the calls` });
      const [pid] = await system.stack.memberPids();
      if (pid) process.kill(pid, 'SIGKILL');
      await system.stack.whenStaffed();
    }
    const run = await system.wait(submitted.id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(run, 'measured');
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: ROWS }, (_, id) => id));
    // The last call measured the text and the turn's number behind it.
    expect(rows.filter(({ text, length, _attempts }) => length !== String(text).length + 2 || _attempts !== CALLS).slice(0, 3)).toEqual([]);
    expect(calls.size).toBe(ROWS * CALLS);
    const repeated = [...calls].filter(([, times]) => times > 1);
    // 128 rows at most are under way at a time.
    expect(repeated.length).toBeLessThanOrEqual(2 * 128);
    expect(Math.max(...calls.values())).toBeLessThanOrEqual(3);
    const perRow = new Map<string, number>();
    for (const [key, times] of repeated) {
      const text = key.slice(0, key.lastIndexOf(' '));
      perRow.set(text, (perRow.get(text) ?? 0) + times - 1);
    }
    expect(Math.max(0, ...perRow.values())).toBeLessThanOrEqual(2);
  });

  it('should keep conversations of failed rows where SQL and exports read them', async () => {
    model.otherwise((request) => {
      const text = textOf(request);
      if (turnOf(request) === 0) return { toolCalls: [{ name: 'text_length', arguments: { text } }] };
      return text.includes('7') ? { toolCalls: [{ name: 'blocked', arguments: { reason: 'a seven' } }] } : { content: { length: 1 } };
    });
    const run = await system.run({ inputs: { rows: numberedRows(20) }, plan: agent() });
    expect(run).toMatchObject({ state: 'partially_succeeded' });
    const rows = await system.rows(run, 'measured');
    const failed = rows.filter(({ _status }) => _status === 'failed');
    expect(failed.map(({ id }) => id)).toEqual(rows.filter(({ text }) => String(text).includes('7')).map(({ id }) => id));
    expect(new Set(failed.map(({ _error_code, _error }) => `${String(_error_code)}: ${String(_error)}`))).toEqual(
      new Set(['blocked: a seven']),
    );
    expect(JSON.parse(String(failed[0]?._transcript))).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'tool' },
      { role: 'assistant' },
      { role: 'tool', content: 'a seven' },
    ]);
    expect(rows.filter(({ _status, _transcript }) => _status === 'ok' && _transcript !== null)).toEqual([]);
    expect((await system.rows(run, 'said')).map(({ messages }) => Number(messages))).toEqual(failed.map(() => 5));
  });

  it('should stop calling when its budget is used up, and go on where it was when it is raised', async () => {
    const calls = counted();
    // Each call reads 10 tokens and writes 5.
    const budget = { tokens: 15 * 200 };
    const submitted = await system.submit({ inputs: { rows: numberedRows(100) }, plan: agent({ limits: { outputTokens: 5 } }), budget });
    const paused = await eventually(
      async () => {
        const run = await system.client.runs.get(submitted.id);
        return run.state === 'paused' ? run : null;
      },
      { what: 'the run to pause' },
    );
    expect(paused.paused?.reason).toBe('budget');
    expect(calls.size).toBeLessThan(100 * CALLS);
    await system.client.runs.resume(submitted.id, { budget: { tokens: 15 * 100 * CALLS * 2 } });
    const run = await system.wait(submitted.id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(calls.size).toBe(100 * CALLS);
    expect(Math.max(...calls.values())).toBe(1);
  });
});
