import { type Plan, type PlanCapability, type Run } from '@apwa/contracts';
import {
  canHaveRay,
  eventually,
  RAY_INSTALL_TIMEOUT_MS,
  RayTestCluster,
  type ScriptedAnswer,
  type ScriptedModel,
  scriptedModel,
  type ScriptedRequest,
} from '@apwa/test-kit';
import { startOnRay } from './support/ray-system.js';
import { numberedRows, type System } from './support/system.js';

// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) && process.platform === 'linux' ? describe : describe.skip;

const object = (properties: Record<string, object>) => ({ type: 'object', required: Object.keys(properties), properties });
const turnOf = ({ messages }: ScriptedRequest): number => messages.filter(({ role }) => role === 'assistant').length;
const told = ({ messages }: ScriptedRequest): string => String(messages.at(-1)?.content);
const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }] });

const functionOf = (source: string, more: object = {}) => ({
  kind: 'python',
  name: 'sizes',
  description: 'How long a text is',
  input: object({ id: { type: 'integer' }, text: { type: 'string' } }),
  output: object({ size: { type: 'integer' } }),
  source,
  ...more,
});
const GOOD = `
import os, statistics
def run(id, text):
    if id == 3:
        return {"size": len(open("/etc/passwd").read())}
    return {"size": len(text) + len(os.environ)}
`;
const examples = [{ input: { id: 1, text: 'four' }, output: { size: 4 } }];
const planOf = (capabilities?: object[]): Plan =>
  ({
    version: 1,
    ...(capabilities ? { capabilities } : {}),
    steps: [
      {
        id: 'sized',
        kind: 'map',
        input: 'rows',
        template: { mode: 'capability', capability: 'python:sizes', with: { id: '{{id}}', text: '{{text}}' } },
      },
    ],
    outputs: ['sized'],
  }) as Plan;

/** Real: everything but the model, whose server the test runs; it obeys whoever attacks. */
describeOnRay('functions in Python that a planner builds', () => {
  let ray: RayTestCluster;
  let system: System;
  let model: ScriptedModel;
  let stop: () => Promise<void>;
  /** What the planner's model says, turn by turn. */
  let planner: ((request: ScriptedRequest) => ScriptedAnswer)[];

  beforeAll(async () => {
    ray = await RayTestCluster.start({ head: 4 });
    model = await scriptedModel();
    model.otherwise((request) => planner[turnOf(request)]?.(request) ?? { status: 400, error: { message: 'no more is scripted' } });
    const pool = { name: 'default', slots: 64, min: 1, max: 1, resources: { cpus: 1 } };
    // The same Ray once more: by its definition it has no sandbox.
    const closed = {
      name: 'closed',
      sandbox: 'none',
      ...ray.access,
      pools: [{ ...pool, name: 'none', min: 0 }],
    };
    const config = { model: 'scripted', models: { scripted: { baseUrl: model.url, name: 'scripted' } } };
    ({ system, stop } = await startOnRay(ray, [pool], { config, clusters: [closed] }));
    await eventually(async () => (await system.stack.members()).some(({ state }) => state === 'running'), { timeoutMs: 120_000 });
    // The first time that it is known to have a sandbox.
    await eventually(() => add(functionOf('def run(**more): return {"size": 1}', { name: 'ready', sandboxed: true })).catch(() => null), {
      timeoutMs: 60_000,
      what: 'a sandbox',
    });
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await stop();
    await model.close();
  });

  const add = (definition: object, given: object[] = []) =>
    system.client.capabilities.add({ definition: definition as never, examples: given as never });
  const planned = (...turns: typeof planner): Promise<Run> => {
    planner = turns;
    return system.run({ inputs: { rows: numberedRows(6) }, goal: 'Say how long each text is.' });
  };

  it('should be tried in the sandbox, be registered for the run alone, and be called by it', async () => {
    const run = await planned(
      (request) => {
        expect(String(request.messages[0]?.content)).toContain('# Functions in Python');
        const asked = { definition: functionOf(GOOD, { sandboxed: false, pip: ['six'] }), examples };
        return call('build_capability', asked);
      },
      (request) => {
        expect(told(request)).toMatch(/definition.sandboxed.*definition.pip/);
        return call('build_capability', { definition: functionOf('def run(:'), examples });
      },
      (request) => {
        expect(told(request)).toContain('line 1: invalid syntax');
        const failing = [{ input: { id: 3, text: '' } }, { input: { id: 1, text: 'four' }, output: { size: 5 } }];
        return call('build_capability', { definition: functionOf(GOOD), examples: failing });
      },
      (request) => {
        expect(told(request)).toContain('FileNotFoundError');
        expect(told(request)).toContain('it is not {\\"size\\":5}');
        return call('try_capability', { definition: functionOf(GOOD), examples });
      },
      (request) => {
        expect(told(request)).toContain('"passed":true');
        return call('build_capability', { definition: functionOf(GOOD), examples });
      },
      (request) => {
        expect(told(request)).toContain('"capability":"python:sizes"');
        return call('submit_plan', { plan: planOf() });
      },
    );
    expect(run).toMatchObject({ state: 'partially_succeeded', error: null });
    const [copied] = run.plan?.capabilities as [Extract<PlanCapability, { kind: 'python' }>];
    expect(copied).toMatchObject({ kind: 'python', sandboxed: true, pip: [], registered: { version: 1 } });
    const rows = await system.rows(run, 'sized');
    expect(rows.map(({ _error_code }) => _error_code)).toEqual([null, null, null, 'capability_failed', null, null]);
    expect(rows[3]?._error).toContain("FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'");
    expect(rows.filter(({ size, text, id }) => Number(id) !== 3 && Number(size) !== String(text).length)).toEqual([]);
    await expect(system.client.capabilities.get('sizes')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('should reach nothing while they are tried', async () => {
    const { port } = new URL((await system.config()).nats.url);
    const attacks = {
      environment: 'import os\n    return {"size": len(os.environ["PATH"])}',
      token: `return {"size": len(open(${JSON.stringify(ray.access.tokenFile)}).read())}`,
      nats: `import socket\n    socket.create_connection(("127.0.0.1", ${port}))`,
      bomb: 'import os\n    while True: os.fork()',
      memory: 'kept = bytearray(4 << 30)',
      file: 'open("/tmp/large", "wb").write(bytes(1 << 24))',
      forever: 'while True: pass',
      noise: 'print("x" * 1000000)\n    return 1',
    };
    const body = Object.entries(attacks).map(([name, code]) => `def ${name}():\n    ${code}\n`);
    const source = `${body.join('')}def run(id, text):\n    return globals()[text]()\n`;
    const tried = Object.keys(attacks).map((text) => ({ input: { id: 1, text } }));
    let seen = '';
    const run = await planned(
      () => call('try_capability', { definition: functionOf(source, { timeoutMs: 1_000 }), examples: tried }),
      (request) => {
        seen = told(request);
        return call('decline_task', { reason: 'Nothing works.', missing: 'A way out.' });
      },
    );
    expect(run.error?.code).toBe('goal_declined');
    const results = (JSON.parse(/<data [0-9a-f]{16}>\n([^]*)\n<\/data/.exec(seen)?.[1] ?? '{}') as { results: { error: string }[] })
      .results;
    expect(results.map(({ error }) => error)).toEqual([
      expect.stringContaining("capability_failed: KeyError: 'PATH'"),
      expect.stringContaining('capability_failed: FileNotFoundError'),
      expect.stringContaining('capability_failed: PermissionError'),
      expect.stringContaining('capability_failed: PermissionError'),
      expect.stringContaining('capability_out_of_memory'),
      expect.stringContaining('capability_failed: OSError: [Errno 27] File too large'),
      expect.stringContaining('capability_timeout'),
      expect.stringContaining('capability_bad_output'),
    ]);
  });

  it('should be refused by name where no sandbox can be had, before anything runs', async () => {
    const elsewhere = functionOf(GOOD, { sandboxed: true, cluster: 'closed', name: 'elsewhere' });
    const refused = {
      code: 'no_sandbox',
      message: expect.stringMatching(
        /^python:elsewhere is run in a sandbox alone, and none can be had: node .*: the cluster's definition says sandbox: none$/,
      ) as string,
    };
    await expect(add(elsewhere, examples)).rejects.toMatchObject(refused);
    const plan = planOf([{ ...elsewhere, name: 'sizes' }]);
    await expect(system.submit({ inputs: { rows: numberedRows(3) }, plan })).rejects.toMatchObject({
      code: 'invalid_plan',
      details: { faults: [{ field: 'plan.capabilities[0]', message: expect.stringContaining('sandbox: none') as string }] },
    });
  });

  it('should leave functions of people as they are', async () => {
    const source = 'import os\ndef run(id, text):\n    return {"size": len(open("/etc/passwd").read())}';
    await expect(add(functionOf(source), examples)).rejects.toMatchObject({ details: { field: 'examples' } });
    const run = await system.run({ inputs: { rows: numberedRows(2) }, plan: planOf([functionOf(source)]) });
    expect(run).toMatchObject({ state: 'succeeded' });
  });
});
