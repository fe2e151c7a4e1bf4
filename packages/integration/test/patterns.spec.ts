import { type JsonObject, type Plan, type Run } from '@apwa/contracts';
import { type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { numberedRows, System } from './support/system.js';

const ROWS = 300;
const words = (text: string): string => text.split('=== data')[0] ?? '';

/** Real: everything but the model, whose server the test runs. */
describe('patterns of parallel work', () => {
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

  const rowsOf = async (run: Run, step: string) => {
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    return system.rows(run, step);
  };

  it('should have each row of a table of the plan carried out by its own instructions, without an input (task-parallel)', async () => {
    const tasks = ['Name a colour.', 'Name a river.', 'Say "yes" \'twice\'.'];
    const seen = new Map<string, string>();
    model.otherwise(({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const task = tasks.find((one) => words(text).includes(one)) ?? '';
      seen.set(task, text);
      return { content: { answer: `done: ${task}` } };
    });
    const plan: Plan = {
      version: 1,
      steps: [
        { id: 'tasks', kind: 'table', rows: tasks.map((task, n) => ({ n, task, note: `IGNORE ${n}` })) },
        {
          id: 'done',
          kind: 'map',
          input: 'tasks',
          template: {
            mode: 'llm',
            instructions: 'Do the task of this record. Mind {{note}}.',
            instructionColumns: ['task'],
            output: { type: 'object', required: ['answer'], properties: { answer: { type: 'string' } } },
          },
        },
        {
          id: 'joined',
          kind: 'sql',
          inputs: ['done', 'tasks'],
          query: 'SELECT d.n, d.answer, t.task FROM done d JOIN tasks t USING (n) ORDER BY n',
        },
      ],
      outputs: ['joined'],
    };
    const rows = await rowsOf(await system.run({ inputs: {}, plan }), 'joined');
    expect(rows).toMatchObject(tasks.map((task, n) => ({ n, task, answer: `done: ${task}` })));
    // What is no instruction stands with the data.
    for (const [task, text] of seen) {
      expect([task, words(text).includes('IGNORE')]).toEqual([task, false]);
      expect(text).toContain('IGNORE');
    }
  });

  it('should give each task of a table its own instructions, capabilities and output, and refuse its agent the others', async () => {
    const calls = new Map<string, { tools: string[]; wanted: string[] }>();
    const tasks: (JsonObject & { task: string })[] = [
      { task: 'Measure "abcd".', tools: ['builtin:text_length'], wants: ['characters'] },
      { task: 'Work out 6 * 7.', tools: ['builtin:calculate'], wants: ['result', 'how'] },
      { task: 'Name a colour.', wants: 'how' },
    ];
    // Each agent asks for both tools first, and then says what came of it, in what it was asked for.
    model.otherwise(({ messages, tools, response_format }) => {
      const text = words(String(messages[1]?.content));
      const task = tasks.find((one) => text.includes(one.task))?.task ?? '';
      const { json_schema } = response_format as { json_schema: { schema: { properties: object } } };
      const wanted = Object.keys(json_schema.schema.properties);
      calls.set(task, { tools: (tools ?? []).map(({ function: { name } }) => name), wanted });
      if (messages.length === 2)
        return {
          toolCalls: [
            { name: 'text_length', arguments: { text: 'abcd' } },
            { name: 'calculate', arguments: { expression: '6 * 7' } },
          ],
        };
      const said = messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content));
      const figure = (name: string) => Number(new RegExp(`"${name}":(\\d+)`).exec(said.join())?.[1] ?? -1);
      const refused = said.flatMap((one) => /There is no tool (\w+)/.exec(one)?.[1] ?? []).join();
      const all: Record<string, unknown> = { characters: figure('characters'), result: figure('value'), how: `without ${refused}` };
      return { content: Object.fromEntries(wanted.map((name) => [name, all[name]])) };
    });
    const plan: Plan = {
      version: 1,
      steps: [
        { id: 'tasks', kind: 'table', rows: tasks },
        {
          id: 'done',
          kind: 'map',
          input: 'tasks',
          template: {
            mode: 'agent',
            instructions: 'Do the task of this record.',
            instructionColumns: ['task'],
            capabilities: ['builtin:text_length', 'builtin:calculate'],
            capabilitiesFrom: 'tools',
            output: {
              type: 'object',
              properties: { characters: { type: 'integer' }, result: { type: 'number' }, how: { type: 'string' } },
            },
            outputFrom: 'wants',
          },
        },
      ],
      outputs: ['done'],
    };
    const run = await system.run({ inputs: {}, plan });
    const rows = await rowsOf(run, 'done');
    expect(rows.map(({ characters, result, how }) => [characters, result, how])).toEqual([
      [4, null, null],
      [null, 42, 'without text_length'],
      [null, null, 'without text_length,calculate'],
    ]);
    expect(tasks.map(({ task }) => calls.get(task))).toEqual([
      { tools: ['text_length', 'needs_split', 'blocked'], wanted: ['characters'] },
      { tools: ['calculate', 'needs_split', 'blocked'], wanted: ['result', 'how'] },
      { tools: ['needs_split', 'blocked'], wanted: ['how'] },
    ]);
    // Rows that choose otherwise are other rows.
    calls.clear();
    const other = structuredClone(plan);
    Object.assign(other.steps[0] ?? {}, {
      rows: [tasks[0], { ...tasks[1], wants: ['how'] }, { ...tasks[2], tools: ['builtin:calculate'] }],
    });
    const again = await rowsOf(await system.run({ inputs: {}, plan: other, reuse: { runs: [run.id] } }), 'done');
    expect(again.map(({ characters, result, how }) => [characters, result, how])).toEqual([
      [4, null, null],
      [null, null, 'without text_length'],
      [null, null, 'without text_length'],
    ]);
    expect([...calls.keys()].sort()).toEqual(
      tasks
        .slice(1)
        .map(({ task }) => task)
        .sort(),
    );
    const wrong = structuredClone(plan);
    Object.assign(wrong.steps[0] ?? {}, { rows: [tasks[0], { ...tasks[1], tools: ['builtin:fetch'] }] });
    await expect(system.submit({ inputs: {}, plan: wrong })).rejects.toMatchObject({
      code: 'invalid_plan',
      details: {
        faults: [
          {
            field: 'plan.steps[0].rows[1].tools',
            value: 'builtin:fetch',
            message: expect.stringContaining('no capability that the template carries') as string,
            allowed: 'builtin:text_length, builtin:calculate',
          },
        ],
      },
    });
  });

  it('should have a judge choose among replicas, by a model of its own calls', async () => {
    let drawn = 0;
    model.otherwise(({ messages }) => {
      const [system, row] = [String(messages[0]?.content), String(messages.at(-1)?.content)];
      if (!system.includes('most exact')) return { content: { answer: `draft ${drawn++ % 3}` } };
      const numbered = JSON.parse(/\[\{"number".*\}\]/.exec(row)?.[0] ?? '[]') as { number: number; answer: { answer: string } }[];
      return { content: { why: 'it is draft 2', choice: numbered.find(({ answer }) => answer.answer === 'draft 2')?.number } };
    });
    const instructions = 'Which of {{answers}} to {{text}} is the most exact?';
    const plan: Plan = {
      version: 1,
      steps: [
        {
          id: 'judged',
          kind: 'map',
          input: 'rows',
          template: {
            mode: 'llm',
            instructions: 'Answer {{text}}',
            output: { type: 'object', required: ['answer'], properties: { answer: { type: 'string' } } },
            replicas: { combine: 'judge', count: 3, judge: { instructions } },
          },
        },
      ],
      outputs: ['judged'],
    };
    const rows = await rowsOf(await system.run({ inputs: { rows: numberedRows(1) }, plan }), 'judged');
    expect(rows).toMatchObject([{ answer: 'draft 2', replicas: { asked: 3, answered: 3, why: 'it is draft 2' }, _attempts: 4 }]);
  });

  it('should cut texts into chunks, ask for each, and count by text', async () => {
    model.otherwise(({ messages }) => ({ content: { lines: (String(messages.at(-1)?.content).match(/^line \d+\.$/gm) ?? []).length } }));
    const lines = (n: number) => Array.from({ length: n }, (_, i) => `line ${i}.`).join('\n');
    const docs = [1, 40, 400].map((n) => ({ name: `d${n}`, n, body: `${lines(n)}\n` }));
    const plan: Plan = {
      version: 1,
      steps: [
        { id: 'chunks', kind: 'split', input: 'docs', column: 'body', by: { kind: 'sentences' }, maxTokens: 50, overlapTokens: 0 },
        {
          id: 'counted',
          kind: 'map',
          input: 'chunks',
          template: {
            mode: 'llm',
            instructions: 'Count the lines of {{body}}',
            output: { type: 'object', required: ['lines'], properties: { lines: { type: 'integer' } } },
          },
        },
        {
          id: 'sums',
          kind: 'sql',
          inputs: ['counted'],
          query: 'SELECT name, n, sum(lines) AS lines, count(*) AS chunks FROM counted GROUP BY ALL ORDER BY n',
        },
      ],
      outputs: ['sums'],
    };
    const content = docs.map((row) => JSON.stringify(row)).join('\n');
    const rows = await rowsOf(await system.run({ inputs: { docs: { name: 'docs.jsonl', content } }, plan }), 'sums');
    expect(rows.map(({ n, lines: counted }) => [Number(n), Number(counted)])).toEqual([
      [1, 1],
      [40, 40],
      [400, 400],
    ]);
    expect(Number(rows[2]?.chunks)).toBeGreaterThan(10);
  });

  it('should ask replicas of each row until a majority stands, and say how far they agree (replication-parallel)', async () => {
    const calls = new Map<number, number>();
    // Each third row is answered by the second of its replicas as by no other.
    model.otherwise(({ messages }) => {
      const row = Number(/user(\d+)@/.exec(String(messages.at(-1)?.content))?.[1]);
      const call = (calls.get(row) ?? 0) + 1;
      calls.set(row, call);
      return { content: { even: row % 3 === 0 && call === 2 ? row % 2 !== 0 : row % 2 === 0 } };
    });
    const plan: Plan = {
      version: 1,
      steps: [
        {
          id: 'judged',
          kind: 'map',
          input: 'rows',
          template: {
            mode: 'llm',
            instructions: 'Is the number of {{text}} even?',
            output: { type: 'object', required: ['even'], properties: { even: { type: 'boolean' } } },
            replicas: { combine: 'majority', count: 3 },
          },
        },
      ],
      outputs: ['judged'],
    };
    const run = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan });
    const rows = await rowsOf(run, 'judged');
    expect(rows).toHaveLength(ROWS);
    const wrong = rows.filter(({ id, even, replicas, _attempts }) => {
      const n = Number(id);
      const asked = n % 3 === 0 ? 3 : 2;
      const { asked: told, answered, agreement, ties } = replicas as { asked: number; answered: number; agreement: number; ties: string[] };
      const right = told === asked && answered === asked && Math.abs(agreement - 2 / asked) < 1e-9 && ties.length === 0;
      return even !== (n % 2 === 0) || !right || Number(_attempts) !== asked;
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect([...calls.values()].reduce((sum, n) => sum + n, 0)).toBe(ROWS * 2 + ROWS / 3);
    expect(run.steps[0]?.counts.calls).toBe(ROWS * 2 + ROWS / 3);
  });
});
