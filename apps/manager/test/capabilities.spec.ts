import { type CapabilityDetails, type CapabilityList, type Plan, RefusedError, type Run } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelCall } from './support/scripted-model.js';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const object = (properties: Record<string, object>) => ({ type: 'object', required: Object.keys(properties), properties });
const text = { type: 'string' };
const functionOf = (name: string, more: object = {}) => ({
  kind: 'javascript',
  name,
  description: 'A text in capitals',
  input: object({ text }),
  output: object({ loud: text }),
  source: 'function run({ text }) { return { loud: text.toUpperCase() }; }',
  ...more,
});
const callOf = (capability: string): Plan['steps'][number] => ({
  id: 'loud',
  kind: 'map',
  input: 'rows',
  template: { mode: 'capability', capability, with: { text: '{{text}}' } },
});
const planOf = (capability: string, capabilities?: object[]) => ({
  version: 1,
  ...(capabilities ? { capabilities } : {}),
  steps: [callOf(capability)],
  outputs: ['loud'],
});
const passing = [{ input: { text: 'a' }, output: { loud: 'A' } }];
const last = ({ messages }: ModelCall) => messages.at(-1)?.content ?? '';

/** Real: the manager, Postgres, NATS. Scripted: executor, model, and the member that calls functions. */
describe('the registry of capabilities', () => {
  let world: World;
  let api: Api;
  let table: string;

  beforeAll(async () => {
    world = await World.start();
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }] } : {});
    // A function is its source here: the examples of one that is `wrong` fail, one that is `broken` can't be called.
    world.workers.tryCapability = ({ definition, examples }) => {
      const source = definition.kind === 'javascript' ? definition.source : '';
      if (source.includes('broken'))
        throw new RefusedError('capability_syntax', 'line 1: unexpected token', { field: 'source', value: 'line 1' });
      const output = { loud: source.includes('wrong') ? 'a' : 'A' };
      return examples.map(() =>
        source.includes('wrong')
          ? { passed: false, output, error: { code: 'capability_bad_output', message: 'it is not {"loud":"A"}' } }
          : { passed: true, output, error: null },
      );
    };
    api = new Api((await world.manager()).url);
    ({ id: table } = await api.table());
  });
  afterAll(() => world.stop());

  const add = (definition: object, examples: object[] = passing) =>
    api.ok<CapabilityDetails>('POST', '/v1/capabilities', { definition, examples });
  const show = (name: string, query = '') => api.ok<CapabilityDetails>('GET', `/v1/capabilities/${name}${query}`);
  const named = async (query = '') =>
    (await api.ok<CapabilityList>('GET', `/v1/capabilities${query}`)).capabilities.map(({ name }) => name);
  const run = (request: object) => api.ok<Run>('POST', '/v1/runs', { inputs: [{ name: 'rows', table }], ...request });
  const workOf = (id: string) => world.executor.of('map').find(({ submission }) => submission.ownerId === id)?.submission.work;

  it('should keep versions by their content, and offer the newest', async () => {
    const first = await add(functionOf('shout'));
    expect(first).toMatchObject({
      id: 'javascript:shout',
      scope: 'global',
      version: 1,
      effects: 'none',
      limits: { timeoutMs: 1_000, memoryMb: 64 },
      input: object({ text }),
      examples: passing,
      removedAt: null,
    });
    expect(await add(functionOf('shout'), [])).toEqual(first);
    const second = await add(functionOf('shout', { description: 'LOUD' }));
    expect(second).toMatchObject({ version: 2, description: 'LOUD', versions: [{ version: 2 }, { version: 1, hash: first.hash }] });
    expect(await show('shout')).toEqual(second);
    expect(await show('shout', '?version=1')).toEqual({ ...first, versions: second.versions });
    // Two at once are two versions.
    const both = await Promise.all(['a', 'b'].map((description) => add(functionOf('shout', { description }))));
    expect(both.map(({ version }) => version).sort()).toEqual([3, 4]);
    expect(await api.refused('GET', '/v1/capabilities/shout?version=9')).toMatchObject({
      status: 404,
      field: 'version',
      allowed: '1 to 4',
    });
    expect(await api.refused('GET', '/v1/capabilities/shuot')).toMatchObject({
      status: 404,
      field: 'name',
      allowed: expect.stringContaining('did you mean shout?'),
    });
  });

  it('should list and find what is built in too, in pages', async () => {
    for (const name of ['zeta', 'alpha']) await add(functionOf(name, { description: 'Turns quokkas round' }));
    expect(await named('?q=QUOKKAS+round')).toEqual(['alpha', 'zeta']);
    expect(await named('?q=text+length')).toEqual(['text_length']);
    expect(await named('?q=nothing+at+all')).toEqual([]);
    const all = await named('?limit=500');
    expect(all).toEqual([...all].sort());
    const paged: string[] = [];
    for (let after = ''; ;) {
      const page = await api.ok<CapabilityList>('GET', `/v1/capabilities?limit=4${after}`);
      paged.push(...page.capabilities.map(({ name }) => name));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(paged).toEqual(all);
    expect(await show('text_length')).toMatchObject({ scope: 'builtin', version: null, definition: null, versions: [] });
  });

  it.each<[string, object, object[], object]>([
    ['a built-in name', functionOf('fetch'), [], { field: 'definition.name', value: 'fetch' }],
    [
      'an example that fails',
      functionOf('bad', { source: 'wrong' }),
      passing,
      { code: 'examples_failed', field: 'examples[0]', value: '{"loud":"a"}' },
    ],
    ['what cannot be called', functionOf('bad', { source: 'broken' }), [], { code: 'capability_syntax', field: 'definition.source' }],
    [
      'an unknown key',
      functionOf('bad', { effect: 'none' }),
      [],
      { field: 'definition.effect', allowed: expect.stringContaining('effects') },
    ],
    [
      'a schema that is none',
      functionOf('bad', { output: { type: 'objekt' } }),
      [],
      { field: expect.stringMatching(/^definition\.output/) },
    ],
  ])('should refuse %s, and register nothing', async (_, definition, examples, refusal) => {
    expect(await api.refused('POST', '/v1/capabilities', { definition, examples })).toMatchObject({
      status: 400,
      class: 'refused',
      ...refusal,
    });
    expect(await named('?q=bad')).toEqual([]);
  });

  it('should keep a name to its kind', async () => {
    await add(functionOf('kept'));
    const { source: _, ...rest } = functionOf('kept');
    const other = { ...rest, kind: 'http', url: 'https://a.example/x' };
    expect(await api.refused('POST', '/v1/capabilities', { definition: other })).toMatchObject({
      status: 400,
      field: 'definition.kind',
      value: 'http',
      allowed: expect.stringContaining('javascript'),
    });
  });

  it('should give plans the content that they were checked with, whatever becomes of the name', async () => {
    const { hash } = await add(functionOf('frozen'));
    const { id } = await run({ plan: planOf('javascript:frozen') });
    const ended = await api.until(id);
    expect(ended).toMatchObject({ state: 'succeeded', plan: { capabilities: [{ name: 'frozen', registered: { version: 1, hash } }] } });
    // Members and executor know nothing of the registry.
    expect(workOf(id)).toMatchObject({ capabilities: [functionOf('frozen')] });
    expect(JSON.stringify(workOf(id))).not.toContain('registered');
    await add(functionOf('frozen', { description: 'Another' }));
    const pinned = await run({ plan: planOf('javascript:frozen', [{ kind: 'registered', name: 'frozen', version: 1 }]) });
    expect((await api.until(pinned.id)).plan).toEqual(ended.plan);
    expect(await api.ok('DELETE', '/v1/capabilities/frozen')).toMatchObject({ version: 2, removedAt: expect.any(String) });
    expect(await named('?q=frozen')).toEqual([]);
    expect(await show('frozen', '?version=1')).toMatchObject({ hash, removedAt: expect.any(String) });
    expect(await api.refused('POST', '/v1/runs', { inputs: [{ name: 'rows', table }], plan: planOf('javascript:frozen') })).toMatchObject({
      code: 'invalid_plan',
      faults: [expect.objectContaining({ field: 'plan.steps[0].template.capability', value: 'javascript:frozen' })],
    });
    const again = await run({ plan: ended.plan });
    expect(await api.until(again.id)).toMatchObject({ state: 'succeeded', plan: ended.plan });
    expect(workOf(again.id)).toMatchObject({ capabilities: [functionOf('frozen')] });
    // What has the same content is the same version, and is offered again.
    expect(await add(functionOf('frozen'))).toMatchObject({ version: 1, hash, removedAt: null });
    expect(await show('frozen')).toMatchObject({ version: 1 });
  });

  it('should not part with what is built in, nor with what is not there', async () => {
    expect(await api.refused('DELETE', '/v1/capabilities/fetch')).toMatchObject({ status: 409, code: 'builtin_capability', field: 'name' });
    expect(await api.refused('DELETE', '/v1/capabilities/nobody')).toMatchObject({ status: 404, code: 'not_found', value: 'nobody' });
  });

  describe('what must not be called twice', () => {
    const send = (name: string, more: object = {}) => ({
      kind: 'http',
      name,
      description: 'Sends narwhals by mail',
      method: 'POST',
      url: 'https://mail.test/send',
      input: object({ text }),
      output: object({ loud: text }),
      ...more,
    });
    const plan = planOf('http:send_narwhals');
    beforeAll(async () => {
      await add(send('send_narwhals'), []);
      await add(send('count_narwhals', { method: 'GET', description: 'Counts narwhals' }), []);
    });

    it('should not be shown to a planner, and be refused in its plan by name', async () => {
      world.model.say(
        { tool: 'search_capabilities', arguments: { query: 'narwhals' } },
        (call) => {
          expect(last(call)).toContain('http:count_narwhals');
          expect(last(call)).not.toContain('http:send_narwhals');
          return { tool: 'try_template', arguments: { plan, step: 'loud', rows: 2 } };
        },
        (call) => {
          expect(last(call)).toMatch(/notTried[^]*http:send_narwhals/);
          return { tool: 'submit_plan', arguments: { plan } };
        },
        (call) => {
          expect(last(call)).toMatch(/steps\[0\]\.template\.capability[^]*http:send_narwhals[^]*allowUnsafe/);
          return { tool: 'submit_plan', arguments: { plan: planOf('http:count_narwhals') } };
        },
      );
      const { id } = await run({ goal: 'Mail the narwhals' });
      const ended = await api.until(id);
      world.model.verify();
      expect(ended).toMatchObject({ state: 'succeeded', plan: { capabilities: [{ name: 'count_narwhals' }] } });
    });

    it.each([true, ['http:send_narwhals']])('should be shown and called where the run allows it: %j', async (allowUnsafe) => {
      world.model.say({ tool: 'search_capabilities', arguments: { query: 'narwhals' } }, (call) => {
        expect(last(call)).toContain('http:send_narwhals');
        return { tool: 'submit_plan', arguments: { plan } };
      });
      const { id } = await run({ goal: 'Mail the narwhals', allowUnsafe });
      expect(await api.until(id)).toMatchObject({ state: 'succeeded', plan: { capabilities: [{ name: 'send_narwhals' }] } });
      world.model.verify();
    });

    it('should be called by a plan that a person gives, whatever the run says', async () => {
      expect(await api.until((await run({ plan })).id)).toMatchObject({ state: 'succeeded' });
    });

    it.each<[unknown, string]>([
      [['http:Send'], 'allowUnsafe'],
      [[], 'allowUnsafe'],
      ['http:send_narwhals', 'allowUnsafe'],
    ])('should not be allowed by %j', async (allowUnsafe, field) => {
      const request = { goal: 'x', inputs: [{ name: 'rows', table }], allowUnsafe };
      expect(await api.refused('POST', '/v1/runs', request)).toMatchObject({ field: expect.stringContaining(field) as string });
    });
  });

  it('should let a planner find, try, mend and build one for its run alone', async () => {
    await add(functionOf('taken', { description: 'Finds wombats' }));
    const built = (name: string, source: string) => ({ definition: functionOf(name, { source }), examples: passing });
    world.model.say(
      { tool: 'search_capabilities', arguments: { query: 'wombats please' } },
      (call) => {
        expect(last(call)).toContain('javascript:taken');
        return { tool: 'try_capability', arguments: built('yell', 'wrong') };
      },
      (call) => {
        expect(last(call)).toContain('"passed":false');
        return { tool: 'try_capability', arguments: { capability: 'javascript:taken', examples: passing } };
      },
      (call) => {
        expect(last(call)).toContain('"passed":true');
        return { tool: 'build_capability', arguments: built('yell', 'wrong') };
      },
      (call) => {
        expect(last(call)).toMatch(/"registered":false[^]*examples\[0\][^]*it is not/);
        return { tool: 'build_capability', arguments: built('taken', 'function run() {}') };
      },
      (call) => {
        expect(last(call)).toContain('is that of a registered capability');
        return { tool: 'build_capability', arguments: built('yell', 'function run() {}') };
      },
      (call) => {
        expect(last(call)).toContain('"capability":"javascript:yell"');
        return { tool: 'submit_plan', arguments: { plan: planOf('javascript:yell') } };
      },
    );
    const { id } = await run({ goal: 'Say it loud' });
    const ended = await api.until(id);
    world.model.verify();
    expect(ended).toMatchObject({ state: 'succeeded', plan: { capabilities: [{ name: 'yell', registered: { version: 1 } }] } });
    expect(workOf(id)).toMatchObject({ capabilities: [{ name: 'yell', source: 'function run() {}' }] });
    expect(await named('?q=yell')).toEqual([]);
    expect(await named(`?q=yell&run=${id}`)).toEqual(['yell']);
    expect(await show('yell', `?run=${id}`)).toMatchObject({ scope: `run:${id}`, version: 1 });
    expect(await api.refused('POST', '/v1/runs', { inputs: [{ name: 'rows', table }], plan: planOf('javascript:yell') })).toMatchObject({
      code: 'invalid_plan',
    });
    // It goes with its run; whoever has the plan has its content.
    await world.sql('DELETE FROM runs WHERE id = $1', [id]);
    expect(await world.sql(`SELECT 1 FROM capabilities WHERE name = 'yell'`)).toEqual([]);
    expect(await api.until((await run({ plan: ended.plan })).id)).toMatchObject({ state: 'succeeded', plan: ended.plan });
  });

  it('should have a planner build in Python where there is a sandbox, which is not for the planner to leave', async () => {
    const python = { ...functionOf('snake'), kind: 'python', source: 'def run(text):\n    return {"loud": text.upper()}' };
    const built = (more: object = {}) => ({
      tool: 'build_capability',
      arguments: { definition: { ...python, ...more }, examples: passing },
    });
    const toldOf = ({ tools, messages }: ModelCall) => JSON.stringify([tools, messages[0]?.content]).includes('# Functions in Python');
    world.model.say((call) => {
      expect(toldOf(call)).toBe(false);
      return { tool: 'decline_task', arguments: { reason: 'It is not loud.', missing: 'Python' } };
    });
    await api.until((await run({ goal: 'Say it aloud' })).id);
    world.executor.sandbox = { kind: 'there', cluster: 'main' };
    world.model.say(
      (call) => {
        expect(toldOf(call)).toBe(true);
        return built({ sandboxed: false });
      },
      (call) => {
        expect(last(call)).toContain('definition.sandboxed');
        return built({ module: 'os' });
      },
      (call) => {
        expect(last(call)).toContain('definition.module');
        return built();
      },
      (call) => {
        expect(last(call)).toContain('"capability":"python:snake"');
        return { tool: 'submit_plan', arguments: { plan: planOf('python:snake') } };
      },
    );
    const { id } = await run({ goal: 'Say it loud' });
    const ended = await api.until(id);
    world.model.verify();
    expect(ended).toMatchObject({ state: 'succeeded', plan: { capabilities: [{ kind: 'python', sandboxed: true }] } });
    expect(workOf(id)).toMatchObject({ capabilities: [{ name: 'snake', sandboxed: true, pip: [] }] });
    // Nor for anybody else who writes it down for a run.
    const write = (definition: object, kind = 'python') =>
      world.sql(
        `INSERT INTO capabilities (scope, name, version, kind, description, effects, definition, hash, examples, run_id)
         VALUES ($1, 'other', 1, $2, '', 'none', $3, $4, '[]', $5)`,
        [`run:${id}`, kind, JSON.stringify(definition), '0'.repeat(64), id],
      );
    for (const [definition, kind] of [[{}], [{ sandboxed: false }], [{ sandboxed: 'yes' }], [{ sandboxed: true }, 'http']] as const)
      await expect(write(definition, kind)).rejects.toThrow('capabilities_built_is_sandboxed');
    await write({ sandboxed: true });
  });

  describe('of files that the configuration names', () => {
    let folder: string;
    const file = (name: string) => join(folder, name);
    const define = (source: string, more: object = {}) =>
      writeFile(
        file('loud.json'),
        JSON.stringify({ ...functionOf('from_file'), source: undefined, sourceFile: 'loud.js', examples: passing, ...more }),
      ).then(() => writeFile(file('loud.js'), source));
    const withFiles = (...files: string[]) => {
      world.config = { ...world.config, capabilities: { ...world.config.capabilities, files: files.map(file) } };
    };
    const offered = async () => (await api.ok<CapabilityList>('GET', '/v1/capabilities?q=from_file')).capabilities;
    const start = async () => {
      await world.stopManagers();
      api = new Api((await world.manager()).url);
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'apwa-capabilities-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('should be registered once there is a member to try them, and be the same version at the next start', async () => {
      await define('function run({ text }) { return { loud: text.toUpperCase() }; }');
      withFiles('loud.json');
      await world.stopWorkers();
      await start();
      expect(await offered()).toEqual([]);
      await world.startWorkers();
      await until(async () => (await offered()).length > 0, { timeoutMs: 20_000, what: 'the capability of the file' });
      await start();
      await define('function run({ text }) { return { loud: String(text).toUpperCase() }; }');
      await until(async () => (await offered()).length > 0, { timeoutMs: 20_000, what: 'the capability of the file' });
      expect(await offered()).toMatchObject([{ id: 'javascript:from_file', version: 1 }]);
      // What the file says now is read at the next start.
      await start();
      await until(async () => (await offered())[0]?.version === 2, { timeoutMs: 20_000, what: 'its next version' });
    });

    it('should keep a manager from starting that cannot read them, with file, field and value', async () => {
      await define('', { kind: 'java_script' });
      await world.stopManagers();
      await expect(world.manager()).rejects.toMatchObject({
        code: 'invalid_config',
        details: {
          field: `kind (${file('loud.json')})`,
          faults: [{ value: 'java_script', allowed: expect.stringContaining('javascript') }],
        },
      });
      withFiles('none.yaml');
      await expect(world.manager()).rejects.toMatchObject({ code: 'invalid_config', details: { value: file('none.yaml') } });
      withFiles();
      await start();
    });
  });
});
