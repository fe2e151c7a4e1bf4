import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type JsonValue, type Plan, type Run } from '@apwa/contracts';
import { type ScriptedAnswer, type ScriptedModel, type ScriptedRequest, scriptedModel } from '@apwa/test-kit';
import { System } from './support/system.js';
import { sessionInputs } from './support/session-inputs.js';

const SESSIONS = fileURLToPath(new URL('./planner-sessions/', import.meta.url));

/** What was answered by hand to the requests of the planner for a goal, turn by turn. */
interface Session {
  goal: string;
  inputs: string[];
  answers: { name: string; arguments: JsonValue }[][];
}

const output = (name: string, schema: object = { type: 'string' }) => ({
  type: 'object',
  required: [name],
  properties: { [name]: schema },
});
const turnOf = ({ messages }: ScriptedRequest): number => messages.filter(({ role }) => role === 'assistant').length;
const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }], usage: TURN });
const TURN = { prompt_tokens: 1_000, completion_tokens: 100 };
const ROW = { prompt_tokens: 50, completion_tokens: 5 };

/** What a tool answered, out of its fence. */
const shown = ({ messages }: ScriptedRequest): Record<string, JsonValue> => {
  const text = String(messages.at(-1)?.content);
  const data = /<data [0-9a-f]{16}>\n([^]*)\n<\/data/.exec(text)?.[1];
  if (data === undefined) throw new Error(`nothing is fenced: ${text}`);
  return JSON.parse(data) as Record<string, JsonValue>;
};

/** Real: everything but the model, whose server the test runs. */
describe('planning', () => {
  let system: System;
  let model: ScriptedModel;
  /** What the planner's model says in a run of a goal, by goal. */
  const planners = new Map<string, (request: ScriptedRequest) => ScriptedAnswer>();
  /** Texts of rows that were asked about. */
  let asked: string[] = [];

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise((request) => {
      const text = String(request.messages[1]?.content);
      if (request.model === 'planner') {
        const goal = [...planners.keys()].find((one) => text.includes(one));
        if (goal === undefined) return { status: 400, error: { message: `no session for ${text.slice(0, 200)}` } };
        return planners.get(goal)?.(request) ?? {};
      }
      asked.push(/row \d+/.exec(text)?.[0] ?? text);
      const [name = ''] = (JSON.stringify(request.response_format).match(/"required":\["(\w+)"/) ?? []).slice(1);
      return { content: { [name]: name === 'summary' || name === 'mood' ? 'calm' : [] }, usage: ROW };
    });
    const prices = { input: 1, output: 4 };
    system = await System.start({
      config: {
        model: 'cheap',
        models: {
          planner: { baseUrl: model.url, name: 'planner', prices },
          cheap: { baseUrl: model.url, name: 'cheap', prices },
          strong: { baseUrl: model.url, name: 'strong', prices: { input: 10, output: 40 } },
        },
        planner: { model: 'planner' },
        capabilities: { fetchHosts: ['127.0.0.1:8397'] },
      },
    });
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });
  beforeEach(() => {
    asked = [];
    planners.clear();
  });

  const rows = (count: number) => ({
    name: 'rows.jsonl',
    content: Array.from({ length: count }, (_, i) =>
      JSON.stringify({ text: `This is row ${i} of them. It names Ada.\nAda wrote it.` }),
    ).join('\n'),
  });
  const plan: Plan = {
    version: 1,
    steps: [
      { id: 'few', kind: 'sql', inputs: ['rows'], query: 'SELECT text FROM rows ORDER BY text LIMIT 12' },
      { id: 'judged', kind: 'map', input: 'few', template: { mode: 'llm', instructions: 'Judge {{text}}', output: output('mood') } },
    ],
    outputs: ['judged'],
  };
  const begin = (goal: string, answers: (request: ScriptedRequest) => ScriptedAnswer, more: object = {}): Promise<Run> => {
    planners.set(goal, answers);
    return system.run({ goal, inputs: { rows: rows(20) }, ...more });
  };

  it('should come to a valid plan by what was answered by hand to its requests', async () => {
    const names = (await readdir(SESSIONS)).map((name) => name.replace('.json', ''));
    expect(names.length).toBeGreaterThanOrEqual(12);
    const sessions = new Map<string, Session>();
    for (const name of names) sessions.set(name, JSON.parse(await readFile(`${SESSIONS}${name}.json`, 'utf8')) as Session);
    for (const { goal, answers } of sessions.values())
      planners.set(goal, (request) => ({ toolCalls: answers[turnOf(request)] ?? [{ name: 'list_tables', arguments: {} }], usage: TURN }));
    const runs = await Promise.all(
      [...sessions].map(async ([name, { goal, inputs }]) => {
        const run = await system.submit({ goal, inputs: sessionInputs(inputs), stopAfter: 'planning' });
        return [name, run.id] as const;
      }),
    );
    for (const [name, id] of runs) {
      const run = await system.wait(id);
      const session = sessions.get(name);
      const last = session?.answers.at(-1)?.[0];
      const told = { name, state: run.state, error: run.error?.code, faults: run.error?.faults, turns: run.planning.turns };
      if (last?.name === 'decline_task') expect(told).toMatchObject({ state: 'failed', error: 'goal_declined' });
      else expect(told).toEqual({ name, state: 'succeeded', error: undefined, faults: undefined, turns: session?.answers.length });
      // Nothing that a session asked for was refused, but what the fault of a plan is told by.
      const steps = (last?.arguments as unknown as { plan?: Plan } | undefined)?.plan?.steps;
      expect(run.plan?.steps.map((step) => step.id)).toEqual(steps?.map((step) => step.id));
    }
    const tools = model.requests.flatMap(({ messages }) =>
      messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content)),
    );
    expect(tools.filter((content) => content.includes('did not work') || content.includes('notTried'))).toEqual([]);
  });

  it('should find texts where they stand, and show some of each row first', async () => {
    const found: Record<string, JsonValue>[] = [];
    let fault = '';
    const searches = [
      { text: 'ada', hits: 4 },
      { text: '^Ada \\w+', regex: true, ignoreCase: false, column: 'text', hits: 2 },
      { text: 'Row (', hits: 2 },
      { text: '(', regex: true },
    ];
    const answers = (request: ScriptedRequest): ScriptedAnswer => {
      const turn = turnOf(request);
      if (turn > 0 && turn < 4) found.push(shown(request));
      if (turn === 4) fault = String(request.messages.at(-1)?.content);
      return turn < searches.length ? call('search_text', { table: 'rows', ...searches[turn] }) : call('submit_plan', { plan });
    };
    expect(await begin('Find Ada', answers, { stopAfter: 'planning' })).toMatchObject({ error: null, state: 'succeeded' });
    expect(fault).toContain('search_text did not work (sql_failed): Invalid Input Error: missing )');
    const [words, pattern, none] = found;
    expect(words).toMatchObject({ columns: [{ column: 'text', rows: 20, places: 40 }], places: 40, more: '36 places are not shown' });
    const text = (i: number) => `This is row ${i} of them. It names Ada.\nAda wrote it.`;
    expect(words?.excerpts).toEqual(
      [0, 1, 2, 3].map((row) => ({ row, column: 'text', start: text(row).indexOf('Ada'), excerpt: text(row) })),
    );
    expect(pattern).toMatchObject({ places: 20, excerpts: [0, 1].map((row) => ({ row, start: text(row).indexOf('Ada wrote') })) });
    expect(none).toEqual({ columns: [], places: 0, excerpts: [] });
  });

  it('should try a step of a draft, count its cost, and ask no tried row again', async () => {
    let tried: Record<string, JsonValue> = {};
    const answers = (request: ScriptedRequest): ScriptedAnswer => {
      if (turnOf(request) === 0) return call('try_template', { plan, step: 'judged', rows: 3 });
      tried = shown(request);
      return call('submit_plan', { plan });
    };
    const run = await begin('Judge them', answers, { budget: { usd: 1 } });
    expect(run).toMatchObject({ state: 'succeeded', sampling: { calls: 3 }, planning: { turns: 2 } });
    expect(tried).toMatchObject({
      step: 'judged',
      spent: { calls: 3, tokens: 165, costUsd: 0.00021 },
      whole: { rows: 12, calls: { expected: 12 }, tokens: { expected: 660 } },
      before: [{ step: 'few', rows: 12, of: 'whole' }],
    });
    const triedRows = tried.rows as { text: string; mood: string; _status: string }[];
    expect(triedRows).toHaveLength(3);
    for (const row of triedRows) expect(row).toMatchObject({ text: expect.stringContaining('This is row'), mood: 'calm', _status: 'ok' });
    expect(Object.keys(triedRows[0] ?? {})).not.toContain('_cost_usd');
    expect(new Set(asked).size).toBe(12);
    expect(asked).toHaveLength(12);
    expect(run.steps.find(({ id }) => id === 'judged')?.counts).toMatchObject({ ok: 12, reused: 3, calls: 9 });
    // Turns, tried rows, and those of the step.
    expect(run.budget?.spent.tokens).toBe(2 * 1_100 + 12 * 55);
    expect((await system.client.runs.list({ limit: 50 })).runs.filter(({ goal }) => goal?.startsWith('Try step'))).toEqual([]);
  });

  it('should try nothing for which the budget leaves nothing, and say so', async () => {
    let last = '';
    const answers = (request: ScriptedRequest): ScriptedAnswer => {
      const said = String(request.messages.at(-1)?.content);
      if (turnOf(request) === 0) return call('try_template', { plan, step: 'judged' });
      last = said;
      return call('submit_plan', { plan });
    };
    // Enough for two turns, and for no row with the longest answer.
    const run = await begin('Judge them for little', answers, { budget: { tokens: 2_300 }, stopAfter: 'planning' });
    expect(last).toContain('try_template did not work (try_stopped): the try was stopped: ');
    expect(last).toContain('budget');
    expect(run).toMatchObject({ state: 'succeeded', sampling: { calls: 0 } });
    expect(asked).toEqual([]);
  });
});
