import { type Fault, RefusedError, TransientError } from '@apwa/contracts';
import { type PlanContext, validatePlan } from './validate.js';

const context: PlanContext = {
  inputs: [
    {
      name: 'messages',
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'text', type: 'VARCHAR' },
      ],
    },
  ],
  models: ['small', 'large'],
  room: () => ({ contextTokens: 8_000, outputTokens: 1_000 }),
  register: async () => undefined,
  registry: { find: async () => null, offered: async () => [] },
  requested: [],
  checkSql: async (tables, query) => {
    const known = tables.flatMap(({ columns }) => columns.map(({ name }) => name));
    const wanted = [...query.matchAll(/\b(col_\w+|text|id|kind|_status)\b/g)].map(([name]) => name);
    const unknown = wanted.find((name) => !known.includes(name));
    if (unknown) throw new RefusedError('invalid_sql', `Binder Error: column "${unknown}" not found`);
    return [...new Set(wanted)].map((name) => ({ name, type: 'VARCHAR' }));
  },
};

const output = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } };
const map = (more: object = {}, template: object = {}) => ({
  id: 'sorted',
  kind: 'map',
  input: 'messages',
  template: { instructions: 'Sort {{text}}', output, ...template },
  ...more,
});
const sql = (more: object = {}) => ({ id: 'counted', kind: 'sql', inputs: ['sorted'], query: 'SELECT kind FROM sorted', ...more });
const split = (more: object = {}) => ({
  id: 'chunks',
  kind: 'split',
  input: 'messages',
  column: 'text',
  by: { kind: 'sentences' },
  ...more,
});
const plan = (steps: unknown[], outputs: unknown = ['sorted'], more: object = {}) => ({ version: 1, steps, outputs, ...more });

const faultsOf = async (document: unknown, more: Partial<PlanContext> = {}): Promise<Fault[]> => {
  const result = await validatePlan(document, { ...context, ...more });
  return result.valid ? [] : result.faults;
};

const manySteps = Array.from({ length: 101 }, (_, index) => map({ id: `s${index}` }));

/** Documents, and the fields that are named. */
const bad: [string, unknown, string[]][] = [
  ['no document', null, ['plan']],
  ['text instead of a document', 'SELECT 1', ['plan']],
  ['nothing in it', {}, ['version', 'steps', 'outputs']],
  ['another version', plan([map()], ['sorted'], { version: 2 }), ['version']],
  ['no steps', plan([], ['sorted']), ['steps', 'outputs[0]']],
  ['too many steps', plan(manySteps, ['s0']), ['steps']],
  ['no outputs', plan([map()], []), ['outputs']],
  ['unknown keys at the top', plan([map()], ['sorted'], { outptus: [] }), ['outptus']],
  ['unknown keys in a step', plan([map({ inptu: 'x' })]), ['steps[0].inptu']],
  ['unknown keys in a template', plan([map({}, { instruction: 'x' })]), ['steps[0].template.instruction']],
  ['an unknown kind', plan([map({ kind: 'fold' })], ['sorted']), ['steps[0].kind']],
  ['an id that is no name', plan([map({ id: 'Sorted Ones' })], ['sorted']), ['steps[0].id', 'outputs[0]']],
  ['an id that is used twice', plan([map(), map()]), ['steps[1].id']],
  ['an id of an input', plan([map({ id: 'messages', input: 'messages' })], ['messages']), ['steps[0].id']],
  ['an unknown input', plan([map({ input: 'mesages' })]), ['steps[0].input']],
  [
    'an input that is read twice',
    plan([sql({ id: 'a', inputs: ['messages', 'messages'], query: 'SELECT text' })], ['a']),
    ['steps[0].inputs[1]'],
  ],
  ['a step that reads itself', plan([map({ input: 'sorted' })]), ['steps']],
  ['a cycle', plan([map({ input: 'counted' }), sql()]), ['steps']],
  ['an output that is no step', plan([map()], ['sorted', 'sort']), ['outputs[1]']],
  ['an output that is an input', plan([map()], ['messages']), ['outputs[0]']],
  ['no placeholder', plan([map({}, { instructions: 'Sort it' })]), ['steps[0].template.instructions']],
  ['a placeholder without a column', plan([map({}, { instructions: 'Sort {{txt}}' })]), ['steps[0].template.instructions']],
  ['no instructions', plan([map({}, { instructions: '' })]), ['steps[0].template.instructions']],
  ['a schema that is none', plan([map({}, { output: { type: 'objekt', properties: {} } })]), ['steps[0].template.output.type']],
  ['a schema of a list', plan([map({}, { output: { type: 'array', items: {} } })]), ['steps[0].template.output.type']],
  ['a schema without properties', plan([map({}, { output: { type: 'object' } })]), ['steps[0].template.output.type']],
  [
    'a property that is a column of the input',
    plan([map({}, { output: { type: 'object', properties: { TEXT: { type: 'string' } } } })]),
    ['steps[0].template.output.properties.TEXT'],
  ],
  [
    'a property of the machinery',
    plan([map({}, { output: { type: 'object', properties: { _status: { type: 'string' } } } })]),
    ['steps[0].template.output.properties._status'],
  ],
  [
    'properties that differ by case alone',
    plan([map({}, { output: { type: 'object', properties: { kind: { type: 'string' }, Kind: { type: 'string' } } } })]),
    ['steps[0].template.output.properties.Kind'],
  ],
  ['a table without rows', plan([{ id: 'tasks', kind: 'table', rows: [] }], ['tasks']), ['steps[0].rows']],
  [
    'a table of the plan with too many rows',
    plan([{ id: 'tasks', kind: 'table', rows: Array.from({ length: 2_001 }, () => ({ task: 'x' })) }], ['tasks']),
    ['steps[0].rows'],
  ],
  ['a table without columns', plan([{ id: 'tasks', kind: 'table', rows: [{}] }], ['tasks']), ['steps[0].rows']],
  [
    'columns of the machinery, and two that are one, in a table',
    plan([{ id: 'tasks', kind: 'table', rows: [{ task: 'x', _row: 1 }, { Task: 'y' }] }], ['tasks']),
    ['steps[0].rows[0]._row', 'steps[0].rows[1].Task'],
  ],
  ['instructions that are data', plan([map({}, { instructionColumns: ['text'] })]), ['steps[0].template.instructionColumns[0]']],
  [
    'instructions that a model has made',
    plan(
      [
        { id: 'tasks', kind: 'table', rows: [{ task: 'x' }] },
        map({ id: 'asked', input: 'tasks' }, { instructions: 'Do {{task}}' }),
        map(
          { id: 'obeyed', input: 'asked' },
          {
            instructions: 'Do it',
            instructionColumns: ['kind', 'task'],
            output: { type: 'object', properties: { more: { type: 'string' } } },
          },
        ),
      ],
      ['obeyed'],
    ),
    ['steps[2].template.instructionColumns[0]'],
  ],
  ['a split of what is no text', plan([split({ column: 'id' })], ['chunks']), ['steps[0].column']],
  ['a split of a column that is not there', plan([split({ column: 'body' })], ['chunks']), ['steps[0].column']],
  ['a split by a pattern that is none', plan([split({ by: { kind: 'regex', pattern: '(' } })], ['chunks']), ['steps[0].by.pattern']],
  ['a split by nothing known', plan([split({ by: { kind: 'pages' } })], ['chunks']), ['steps[0].by.kind']],
  ['chunks that are half the same', plan([split({ maxTokens: 100, overlapTokens: 50 })], ['chunks']), ['steps[0].overlapTokens']],
  ['chunks of nothing', plan([split({ maxTokens: 0 })], ['chunks']), ['steps[0].maxTokens']],
  [
    'chunks of chunks',
    plan([split(), split({ id: 'again', input: 'chunks' })], ['again']),
    ['steps[1].input', 'steps[1].input', 'steps[1].input', 'steps[1].input'],
  ],
  ['no replicas', plan([map({}, { replicas: { combine: 'majority', count: 0 } })]), ['steps[0].template.replicas.count']],
  ['ten thousand replicas', plan([map({}, { replicas: { combine: 'all', count: 10_000 } })]), ['steps[0].template.replicas.count']],
  ['a majority over free text', plan([map({}, { replicas: { combine: 'majority', count: 3 } })]), ['steps[0].template.replicas.combine']],
  [
    'votes of free text and of what is not there',
    plan([
      map(
        {},
        {
          output: { type: 'object', properties: { kind: { enum: ['a', 'b'] }, why: { type: 'string' } } },
          replicas: { combine: 'majority', count: 3, vote: ['kind', 'why', 'what'] },
        },
      ),
    ]),
    ['steps[0].template.replicas.vote[1]', 'steps[0].template.replicas.vote[2]'],
  ],
  [
    'a score that is no number',
    plan([map({}, { replicas: { combine: 'best', count: 3, score: 'kind' } })]),
    ['steps[0].template.replicas.score'],
  ],
  [
    'a property where the agreement of replicas stands',
    plan([
      map({}, { output: { type: 'object', properties: { replicas: { type: 'integer' } } }, replicas: { combine: 'majority', count: 3 } }),
    ]),
    ['steps[0].template.output.properties.replicas'],
  ],
  ['an unknown model', plan([map({}, { model: 'smal' })]), ['steps[0].template.model']],
  ['wrong limits', plan([map({}, { limits: { outputTokens: 0 } })]), ['steps[0].template.limits.outputTokens']],
  ['wrong retries', plan([map({}, { retry: { attempts: 21 } })]), ['steps[0].template.retry.attempts']],
  ['a query that does not bind', plan([map(), sql({ query: 'SELECT col_x FROM sorted' })]), ['steps[1].query']],
  ['no query', plan([map(), sql({ query: '' })]), ['steps[1].query']],
  [
    'several faults at once',
    plan(
      [map({ input: 'mesages' }, { model: 'x', output: { type: 'object' } }), sql({ inputs: ['messages'], query: 'SELECT col_x' })],
      ['nothing'],
    ),
    ['steps[0].input', 'outputs[0]', 'steps[0].template.output.type', 'steps[0].template.model', 'steps[1].query'],
  ],
  [
    'faults of shape and of meaning together',
    plan([map({ kind: 'filter' }), sql({ inputs: ['messages'], query: 'SELECT col_x' })], ['counted']),
    ['steps[0].kind', 'steps[1].query'],
  ],
];

/** Policies that make no sense, and what may stand there. */
const policies: [object, Fault][] = [
  [{ totalMs: 0 }, { field: 'totalMs', message: expect.any(String), value: '0', allowed: 'at least 1000' }],
  [{ totalMs: 1e9 }, { field: 'totalMs', message: expect.any(String), value: '1000000000', allowed: 'at most 86400000' }],
  [
    { stopWhenFailuresExceed: { count: -1 } },
    { field: 'stopWhenFailuresExceed.count', message: expect.any(String), value: '-1', allowed: 'at least 0' },
  ],
  [
    { stopWhenFailuresExceed: { share: 20 } },
    { field: 'stopWhenFailuresExceed.share', message: expect.any(String), value: '20', allowed: 'at most 1' },
  ],
  [
    { stopWhenFailuresExceed: { share: 0.2, minRows: 0 } },
    { field: 'stopWhenFailuresExceed.minRows', message: expect.any(String), value: '0', allowed: 'at least 1' },
  ],
  [{ stopWhenFailuresExceed: 5 }, { field: 'stopWhenFailuresExceed', message: expect.any(String), value: '5', allowed: 'an object' }],
];

describe('a plan', () => {
  it.each(policies)('should be told what may stand in place of %j', async (retry, fault) => {
    expect(await faultsOf(plan([map({}, { retry })]))).toEqual([{ ...fault, field: `steps[0].template.retry.${fault.field}` }]);
  });

  it('should be accepted with its columns', async () => {
    const result = await validatePlan(
      plan([sql(), map(), sql({ id: 'unused', inputs: ['messages'], query: 'SELECT id' })], ['counted']),
      context,
    );
    expect(result.valid).toBe(true);
    if (!result.valid) return;
    expect(result.plan.steps).toHaveLength(3);
    expect(
      result.columns
        .get('sorted')
        ?.map(({ name }) => name)
        .slice(0, 5),
    ).toEqual(['id', 'text', 'kind', '_row', '_status']);
    expect(result.columns.get('counted')).toEqual([{ name: 'kind', type: 'VARCHAR' }]);
  });

  it('should see the columns of the machinery, of the last map alone', async () => {
    const second = map({ id: 'again', input: 'sorted' }, { output: { type: 'object', properties: { mood: { type: 'string' } } } });
    const result = await validatePlan(plan([map(), second, sql({ inputs: ['again'], query: 'SELECT _status, kind' })], ['again']), context);
    const names = result.valid ? result.columns.get('again')?.map(({ name }) => name) : [];
    expect(names?.filter((name) => name === '_status')).toEqual(['_status']);
  });

  it.each(bad)('should be refused with %s', async (_, document, fields) => {
    expect((await faultsOf(document)).map(({ field }) => field)).toEqual(fields);
  });

  it.each(bad)('should be told what is allowed in place of %s', async (_, document) => {
    for (const fault of await faultsOf(document)) expect(fault).toEqual(expect.objectContaining({ allowed: expect.stringMatching(/./) }));
  });

  it('should be refused if it is too large', async () => {
    const [fault] = await faultsOf(plan([map({}, { instructions: `{{text}}${'x'.repeat(600_000)}` })]));
    expect(fault).toMatchObject({ field: 'plan', allowed: expect.stringContaining('524288') });
  });

  it('should name value and what is allowed', async () => {
    const [fault] = await faultsOf(plan([map({}, { instructions: 'Sort {{txt}}' })]));
    expect(fault).toMatchObject({ value: '{{txt}}', allowed: expect.stringContaining('did you mean text?') });
    const [model] = await faultsOf(plan([map({}, { model: 'smal' })]));
    expect(model).toMatchObject({ value: 'smal', allowed: 'small, large (did you mean small?)' });
    const [query] = await faultsOf(plan([map(), sql({ query: 'SELECT col_x FROM sorted' })]));
    expect(query?.message).toContain('col_x');
    expect(query?.allowed).toContain('sorted (id, text, kind');
  });

  describe('with agents', () => {
    const agent = (more: object = {}) => plan([map({}, { mode: 'agent', capabilities: ['builtin:text_length'], ...more })], ['sorted']);

    it('should have their conversations in a column, unless none is kept', async () => {
      const columns = async (more: object) => {
        const result = await validatePlan(agent(more), context);
        return result.valid && result.columns.get('sorted')?.map(({ name }) => name);
      };
      expect(await columns({})).toContain('_transcript');
      expect(await columns({ transcript: 'none' })).not.toContain('_transcript');
    });

    it.each<[string, object, Partial<Fault>]>([
      [
        'a capability that is not there',
        { capabilities: ['builtin:text_lenght'] },
        { field: 'steps[0].template.capabilities[0]', allowed: expect.stringContaining('did you mean builtin:text_length?') as string },
      ],
      [
        'a capability twice',
        { capabilities: ['builtin:word_count', 'builtin:word_count'] },
        { field: 'steps[0].template.capabilities[1]', message: 'is named twice' },
      ],
      [
        'a judge that sees no answers',
        { replicas: { combine: 'judge', count: 3, judge: { instructions: 'Choose for {{txt}}', model: 'smal' } } },
        { field: 'steps[0].template.replicas.judge.instructions', allowed: 'instructions with {{answers}}' },
      ],
      [
        'a judge by a model that is not there',
        { replicas: { combine: 'judge', count: 3, judge: { instructions: 'Choose among {{answers}}', model: 'smal' } } },
        { field: 'steps[0].template.replicas.judge.model', allowed: 'small, large (did you mean small?)' },
      ],
      ['no turns', { limits: { turns: 0 } }, { field: 'steps[0].template.limits.turns', value: '0' }],
      ['a time that is no limit of calls', { retry: { totalMs: 5_000 } }, { field: 'steps[0].template.retry.totalMs' }],
      ['another way to keep conversations', { transcript: 'some' }, { field: 'steps[0].template.transcript', value: 'some' }],
    ])('should name %s', async (_, more, fault) => {
      expect(await faultsOf(agent(more))).toContainEqual(expect.objectContaining(fault));
    });
  });

  describe('with rows that choose', () => {
    const rows = [
      { task: 'Weigh it', tools: ['builtin:text_length'], wants: ['grams', 'why'] },
      { task: 'Name it', wants: 'name' },
    ];
    const properties = { grams: { type: 'number' }, why: { type: 'string' }, name: { type: 'string' } };
    const agent = {
      mode: 'agent',
      instructions: 'Do the task of this record.',
      instructionColumns: ['task'],
      capabilities: ['builtin:text_length', 'builtin:word_count'],
      capabilitiesFrom: 'tools',
      output: { type: 'object', required: ['why'], properties },
      outputFrom: 'wants',
    };
    const document = (template: object = {}, table: object = {}) =>
      plan([
        { id: 'tasks', kind: 'table', rows: [...rows, { task: 'x', tools: [], wants: ['why'], ...table }] },
        map({ input: 'tasks' }, { ...agent, ...template }),
      ]);

    it('should have a column for each property', async () => {
      const result = await validatePlan(document(), context);
      expect(result).toMatchObject({ valid: true });
      const names = result.valid ? result.columns.get('sorted')?.map(({ name }) => name) : [];
      expect(names).toEqual(expect.arrayContaining(['task', 'tools', 'wants', 'grams', 'why', 'name']));
    });

    it('should be taken by rows of data, whose own fault a wrong name is then', async () => {
      const asked = map({}, { output: { type: 'object', properties }, outputFrom: 'text' });
      expect(await faultsOf(plan([asked]))).toEqual([]);
    });

    it.each<[string, object, object, Partial<Fault>]>([
      [
        'a capability that the template does not carry',
        {},
        { tools: ['builtin:text_length', 'builtin:word_cont'] },
        {
          field: 'steps[0].rows[2].tools',
          value: 'builtin:word_cont',
          message: 'is no capability that the template carries (steps[1].template.capabilities)',
          allowed: 'builtin:text_length, builtin:word_count (did you mean builtin:word_count?)',
        },
      ],
      [
        'one that is built in, and not carried',
        {},
        { tools: 'builtin:fetch' },
        { field: 'steps[0].rows[2].tools', value: 'builtin:fetch' },
      ],
      ['what is no name', {}, { tools: [7] }, { field: 'steps[0].rows[2].tools', value: '7' }],
      ['a property that is none', {}, { wants: ['why', 'names'] }, { field: 'steps[0].rows[2].wants', value: 'names' }],
      [
        'no property',
        {},
        { wants: [] },
        { field: 'steps[0].rows[2].wants', value: '[]', allowed: expect.stringMatching(/^grams, why, name/) as string },
      ],
      [
        'a column that is not there',
        { capabilitiesFrom: 'tool' },
        {},
        { field: 'steps[1].template.capabilitiesFrom', value: 'tool', allowed: expect.stringContaining('did you mean tools?') as string },
      ],
      [
        'a column of numbers',
        { outputFrom: 'n' },
        { n: 1 },
        {
          field: 'steps[1].template.outputFrom',
          message: 'is a column of BIGINT',
          allowed: expect.stringContaining('task, tools') as string,
        },
      ],
      [
        'what ties properties together',
        { output: { type: 'object', properties, dependentRequired: { grams: ['why'] } } },
        {},
        { field: 'steps[1].template.output.dependentRequired' },
      ],
      [
        'a vote on what some rows do not answer',
        { replicas: { combine: 'majority', count: 3 } },
        {},
        { field: 'steps[1].template.replicas.combine', value: 'majority', allowed: 'judge, all, or no outputFrom' },
      ],
      [
        'a property that refers to another',
        { output: { type: 'object', properties: { ...properties, more: { $ref: '#/properties/name' } } } },
        {},
        {
          field: expect.stringContaining('steps[1].template.output') as string,
          value: expect.stringContaining('#/properties/name') as string,
        },
      ],
    ])('should name %s', async (_, template, table, fault) => {
      expect(await faultsOf(document(template, table))).toEqual([
        expect.objectContaining({ allowed: expect.stringMatching(/./), ...fault }),
      ]);
    });
  });

  describe('with functions', () => {
    const language = {
      kind: 'python',
      name: 'language',
      description: 'The language of a text',
      source: 'def run(text):\n    return {"language": "en"}',
      input: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      output: { type: 'object', properties: { language: { type: 'string' } } },
    };
    const call = (more: object = {}) =>
      map({ template: { mode: 'capability', capability: 'python:language', with: { text: '{{text}}' }, ...more } });
    const document = (own: object = {}, more: object = {}) => plan([call(more)], ['sorted'], { capabilities: [{ ...language, ...own }] });

    it('should have their columns', async () => {
      const result = await validatePlan(document(), context);
      expect(result.valid && result.columns.get('sorted')).toContainEqual({ name: 'language', type: 'VARCHAR' });
      expect(result.valid && result.plan.capabilities).toMatchObject([{ name: 'language', reuse: 'task', maxBatch: 64, function: 'run' }]);
    });

    it.each<[string, unknown, Partial<Fault>]>([
      ['effects that are unsafe', document({ effects: 'unsafe' }), { field: 'capabilities[0].effects', allowed: 'none, idempotent' }],
      ['neither source nor module', document({ source: undefined }), { field: 'capabilities[0].source' }],
      ['both source and module', document({ module: 'json' }), { field: 'capabilities[0].source' }],
      [
        'unknown keys',
        document({ timeout: 1 }),
        { field: 'capabilities[0].timeout', allowed: expect.stringContaining('timeoutMs') as string },
      ],
      ['options of pip', document({ pip: ['--index-url=http://x'] }), { field: 'capabilities[0].pip[0]' }],
      [
        'a schema of no arguments by name',
        document({ input: { type: 'string' } }),
        { field: 'capabilities[0].input.type', allowed: 'object' },
      ],
      [
        'a result that is no row',
        document({ output: { type: 'array' } }),
        { field: expect.stringContaining('capabilities[0].output') as string },
      ],
      ['the name of another', { ...document(), capabilities: [language, language] }, { field: 'capabilities[1].name', value: 'language' }],
      ['a call of one that is not there', document({}, { capability: 'python:langage' }), { field: 'steps[0].template.capability' }],
      ['an argument of another type', document({}, { with: { text: 7 } }), { field: 'steps[0].template.with.text' }],
    ])('should be refused with %s', async (_, wrong, fault) => {
      expect(await faultsOf(wrong)).toContainEqual(expect.objectContaining({ allowed: expect.stringMatching(/./), ...fault }));
    });

    it('should be refused with what the executor refuses, at its place', async () => {
      const register = () =>
        Promise.reject(
          new RefusedError('capability_syntax', 'python:language: line 1: invalid syntax', { field: 'source', allowed: 'Python' }),
        );
      expect(await faultsOf(document(), { register })).toEqual([
        {
          field: 'capabilities[0].source',
          message: 'python:language: line 1: invalid syntax',
          value: 'python:language',
          allowed: 'Python',
        },
      ]);
    });
  });

  it('should have the steps whose files are asked for', async () => {
    expect(await faultsOf(plan([map()]), { requested: ['findings'] })).toMatchObject([{ allowed: 'a step with the id findings' }]);
  });

  it('should not count as wrong when it could not be checked', async () => {
    const checkSql = () => Promise.reject(new TransientError('no_responder', 'nobody'));
    await expect(validatePlan(plan([map(), sql()]), { ...context, checkSql })).rejects.toThrow('nobody');
  });
});
