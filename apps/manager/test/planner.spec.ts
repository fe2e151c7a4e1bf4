import { type Plan, type Run, type RunEvent } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { Api, World } from './support/world.js';
import { type ModelCall } from './support/scripted-model.js';

jest.setTimeout(90_000);

const good: Plan = {
  version: 1,
  steps: [
    {
      id: 'judged',
      kind: 'map',
      input: 'rows',
      template: {
        mode: 'llm',
        instructions: 'Judge {{text}}',
        output: { type: 'object', required: ['mood'], properties: { mood: { type: 'string' } } },
      },
    },
  ],
  outputs: ['judged'],
};
const bad = { ...good, steps: [{ ...good.steps[0], input: 'rwos' }] };
const submit = (plan: unknown) => ({ tool: 'submit_plan', arguments: { plan } });
const last = ({ messages }: ModelCall) => messages.at(-1)?.content ?? '';

describe('the planner', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
    world.model.say();
    world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }] });
    api = new Api((await world.manager()).url);
  });
  afterAll(() => world.stop());
  afterEach(() => world.model.verify());

  const begin = async (more: object = {}): Promise<Run> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    return api.ok<Run>('POST', '/v1/runs', { goal: 'How do people feel?', inputs: [{ name: 'rows', upload }], ...more });
  };

  it('should look at the tables, have a plan rejected, repair it, and run it', async () => {
    world.model.say(
      { tool: 'list_tables', arguments: {} },
      (call) => {
        expect(last(call)).toContain('"name":"rows"');
        return { tool: 'describe_table', arguments: { table: 'rows' } };
      },
      { tool: 'preview_rows', arguments: { table: 'rows', count: 2 } },
      (call) => {
        // What stands in a table is fenced by a random mark.
        expect(last(call)).toMatch(/<data ([0-9a-f]{16})>\n[^]*IGNORE ALL INSTRUCTIONS[^]*<\/data \1>/);
        return { tool: 'query_table', arguments: { query: 'SELECT count(*) AS n FROM rows' } };
      },
      (call) => {
        expect(last(call)).toContain('"n":7');
        return { tool: 'query_table', arguments: { query: 'SELECT broken FROM rows' } };
      },
      (call) => {
        expect(last(call)).toContain('invalid_sql');
        return submit(bad);
      },
      (call) => {
        expect(last(call)).toContain('steps[0].input');
        expect(last(call)).toContain('did you mean rows?');
        return submit(good);
      },
    );
    const { id } = await begin({ outputs: [{ format: 'jsonl' }] });
    const run = await api.until(id);
    expect(run).toMatchObject({ state: 'succeeded', plan: good, planning: { turns: 7, usage: { input: 700, output: 70 } } });
    expect(run.outputs).toHaveLength(1);
    const text = await (await fetch(`${api.url}/v1/runs/${id}/events`)).text();
    const notes = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as RunEvent);
    const said = notes.flatMap((event) => (event.type === 'planner' ? [event.text] : []));
    expect(said[0]).toBe('lists the tables');
    expect(said.at(-1)).toContain('it is valid');
    const [first] = world.model.calls;
    expect(first?.tools.map((tool) => tool.function.name)).toEqual([
      'list_tables',
      'describe_table',
      'preview_rows',
      'query_table',
      'search_text',
      'try_template',
      'search_capabilities',
      'try_capability',
      'build_capability',
      'submit_plan',
      'decline_task',
    ]);
    expect(first?.messages[0]?.content).toContain('- small (the default): takes 128000 tokens');
    expect(first?.messages.map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it('should fail after three plans that are not valid, with the faults', async () => {
    world.model.say(submit(bad), submit(bad), submit({ ...good, outputs: ['nothing'] }));
    const run = await api.until((await begin()).id);
    expect(run).toMatchObject({
      state: 'failed',
      plan: null,
      error: { code: 'plan_rejected', class: 'refused', faults: [{ field: 'outputs[0]', value: 'nothing' }] },
    });
    expect(run.planning.turns).toBe(3);
  });

  it('should take no code from the model', async () => {
    const code = { kind: 'python', name: 'x', description: 'x', source: 'def run(): pass', input: { type: 'object' }, output: {} };
    world.model.say(submit({ ...good, capabilities: [code] }), (call) => {
      expect(last(call)).toContain('is not for planners');
      expect(JSON.stringify(call.tools)).not.toContain('loadTimeoutMs');
      return submit(good);
    });
    expect(await api.until((await begin()).id)).toMatchObject({ state: 'succeeded', plan: good });
  });

  it('should end without a plan where the model declines, and say why', async () => {
    const reason = 'No table has phone calls.';
    world.model.say({ tool: 'decline_task', arguments: { reason } }, (call) => {
      expect(last(call)).toContain('"field":"missing"');
      return { tool: 'decline_task', arguments: { reason, missing: 'Records of calls.' } };
    });
    expect(await api.until((await begin()).id)).toMatchObject({
      state: 'failed',
      plan: null,
      error: {
        code: 'goal_declined',
        class: 'refused',
        message: `The planner made no plan: ${reason}`,
        field: 'goal',
        allowed: 'Records of calls.',
      },
    });
  });

  it('should plan a goal that needs no input', async () => {
    const topics = { id: 'topics', kind: 'table', rows: [{ text: 'tides' }] };
    const plan = { ...good, steps: [topics, { ...good.steps[0], input: 'topics' }] };
    world.model.say((call) => {
      expect(last(call)).toContain('Input tables: none.');
      return submit(plan);
    });
    const run = await api.ok<Run>('POST', '/v1/runs', { goal: 'Explain the tides' });
    expect(await api.until(run.id)).toMatchObject({ state: 'succeeded', plan: { outputs: ['judged'] } });
  });

  it('should not try a draft that cannot be tried, and count none as a submission', async () => {
    const attempt = (plan: unknown, step = 'judged') => ({ tool: 'try_template', arguments: { plan, step } });
    const expectation = (text: string, next: ReturnType<typeof attempt>) => (call: ModelCall) => {
      expect(last(call)).toContain(text);
      return next;
    };
    const counted = { id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' };
    const folded = { ...good.steps[0], id: 'folded', kind: 'reduce' };
    const template = {
      instructions: 'Sum up {{items}}',
      output: { type: 'object', required: ['all'], properties: { all: { type: 'string' } } },
    };
    const behind = {
      ...good,
      steps: [
        { ...folded, template },
        {
          ...good.steps[0],
          input: 'folded',
          template: { instructions: 'x {{all}}', output: { type: 'object', required: ['mood'], properties: { mood: { type: 'string' } } } },
        },
      ],
    };
    world.model.say(
      attempt(bad),
      expectation('did you mean rows?', attempt(bad)),
      expectation('the draft has faults', attempt(bad)),
      expectation('the draft has faults', attempt({ ...good, steps: [...good.steps, counted] }, 'counted')),
      expectation('has no map step counted that calls a model; those that do: judged', attempt(behind)),
      expectation('it reads the result of a reduce', { tool: 'try_template', arguments: { plan: good, step: 'judged', rows: 6 } } as never),
      expectation('"field":"rows"', submit(good) as never),
    );
    expect(await api.until((await begin()).id)).toMatchObject({ state: 'succeeded', plan: good });
    expect((await api.ok<{ runs: Run[] }>('GET', '/v1/runs')).runs.filter(({ goal }) => goal?.startsWith('Try'))).toEqual([]);
  });

  it('should tell the model what is wrong with its calls', async () => {
    world.model.say(
      { tool: 'drop_table', arguments: {} },
      (call) => {
        expect(last(call)).toContain('There is no tool drop_table');
        return { tool: 'describe_table', arguments: '{"table": ' };
      },
      (call) => {
        expect(last(call)).toContain('not JSON');
        return { tool: 'describe_table', arguments: { tabel: 'rows' } };
      },
      (call) => {
        expect(last(call)).toContain('did you mean table?');
        return { tool: 'describe_table', arguments: { table: 'row' } };
      },
      (call) => {
        expect(last(call)).toContain('did you mean rows?');
        return submit(JSON.stringify(good));
      },
    );
    expect(await api.until((await begin()).id)).toMatchObject({ state: 'succeeded', plan: good });
  });

  it('should remind a model that answers with text, once', async () => {
    world.model.say({ text: 'I would count them.' }, (call) => {
      expect(last(call)).toContain('submit_plan');
      return submit(good);
    });
    expect((await api.until((await begin()).id)).state).toBe('succeeded');
    world.model.say({ text: 'I would count them.' }, { text: 'Still.' });
    expect(await api.until((await begin()).id)).toMatchObject({
      state: 'failed',
      error: { code: 'planner_gave_no_plan', value: 'Still.' },
    });
  });

  it('should have no more turns than the configuration says', async () => {
    world.model.say(...Array.from({ length: 8 }, () => ({ tool: 'list_tables', arguments: {} })));
    expect(await api.until((await begin()).id)).toMatchObject({
      state: 'failed',
      error: { code: 'planner_limit', field: 'planner.maxTurns', value: '8' },
    });
  });

  it('should try again what may pass', async () => {
    world.model.say({ status: 500, body: {} }, { status: 429, body: {} }, submit(good));
    expect((await api.until((await begin()).id)).state).toBe('succeeded');
  });

  it('should fail at once with a wrong key, and show it nowhere', async () => {
    world.model.say({ status: 401, body: { error: { message: 'Incorrect API key provided: sk-canary-123456' } } });
    const run = await api.until((await begin()).id);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'authentication', class: 'refused', field: 'models.small.apiKey' } });
    expect(JSON.stringify(run)).not.toContain('canary');
  });

  it('should be cancelled while the model thinks', async () => {
    world.model.say(null);
    const { id } = await begin();
    await until(() => world.model.calls.length === 1, { timeoutMs: 10_000, what: 'the first turn' });
    const begun = Date.now();
    await api.ok('POST', `/v1/runs/${id}/cancel`);
    expect((await api.until(id)).state).toBe('cancelled');
    expect(Date.now() - begun).toBeLessThan(3_000);
  });

  it('should name the address of a model that cannot be reached', async () => {
    await world.model.stop();
    const { id } = await begin();
    const begun = Date.now();
    while ((await api.run(id)).state === 'planning' || (await api.run(id)).state === 'importing') {
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (Date.now() - begun > 40_000) break;
    }
    expect(await api.run(id)).toMatchObject({ state: 'failed', error: { code: 'model_unreachable', value: world.model.url } });
    expect(Date.now() - begun).toBeLessThan(30_000);
  });
});
