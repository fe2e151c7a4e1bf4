import { type Plan, type PythonCapability, type Run } from '@apwa/contracts';
import {
  canHaveRay,
  commandOf,
  descendantsOf,
  eventually,
  isAlive,
  processTable,
  RAY_INSTALL_TIMEOUT_MS,
  RayTestCluster,
} from '@apwa/test-kit';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { type z } from 'zod';
import { apwa } from './support/command.js';
import { startOnRay } from './support/ray-system.js';
import { numberedRows, System } from './support/system.js';

const ROWS = 3_000;
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

type Given = Partial<z.input<typeof PythonCapability>>;

/** A plan of one step that calls a function with `id` and `text` of each row. */
const planOf = (source: string, more: Given = {}): Plan =>
  ({
    version: 1,
    capabilities: [
      {
        kind: 'python',
        name: 'under_test',
        description: 'What a test wants',
        source,
        input: { type: 'object', properties: { id: { type: 'integer' }, text: { type: 'string' } } },
        output: { type: 'object', required: ['size'], properties: { size: { type: 'integer' }, note: { type: 'string' } } },
        memoryMb: 256,
        cpus: 0.5,
        ...more,
      },
    ],
    steps: [
      {
        id: 'called',
        kind: 'map',
        input: 'rows',
        template: { mode: 'capability', capability: 'python:under_test', with: { id: '{{id}}', text: '{{text}}' } },
      },
    ],
    outputs: ['called'],
  }) as Plan;

/** Real: everything; functions do what functions of users do. */
describeOnRay('functions in Python on a Ray cluster', () => {
  let ray: RayTestCluster;
  let system: System;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ray = await RayTestCluster.start({ head: 4 });
    const pool = { name: 'default', slots: 64, min: 1, max: 1, resources: { cpus: 1 } };
    ({ system, stop } = await startOnRay(ray, [pool]));
    await eventually(async () => (await system.stack.members()).some(({ state }) => state === 'running'), { timeoutMs: 60_000 });
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(() => stop());

  const run = (plan: Plan, rows = 8) => system.run({ inputs: { rows: numberedRows(rows) }, plan });
  const submit = (plan: Plan, rows: number) => system.submit({ inputs: { rows: numberedRows(rows) }, plan });
  /** A folder for what functions leave behind. */
  const marks = async (name: string) => {
    const folder = join(system.stack.dir, `marks-${name}`);
    await mkdir(folder);
    return { folder, list: () => readdir(folder) };
  };
  const expectAllOnce = async (ended: Run, rows: number) => {
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const found = await system.rows(ended, 'called');
    expect(found.map(({ id }) => Number(id))).toEqual(Array.from({ length: rows }, (_, i) => i));
    expect(found.filter(({ size, text }) => Number(size) !== String(text).length)).toEqual([]);
  };
  /** The driver of the fabric, which is a child of the shell that Ray starts jobs with. */
  const fabricProcess = async (): Promise<number> => {
    for (const pid of await descendantsOf(ray.head.pid as number))
      if ((await commandOf(pid))?.startsWith('python -m apwa_fabric --cluster')) return pid;
    throw new Error('there is no fabric');
  };

  it('should be called once for every row, in batches', async () => {
    const ended = await run(planOf('def run(id, text):\n    print(text)\n    return {"size": len(text)}'), ROWS);
    await expectAllOnce(ended, ROWS);
    expect(ended.steps[0]?.counts).toMatchObject({ ok: ROWS, failed: 0, calls: ROWS });
  });

  it('should be loaded once for each actor', async () => {
    const loads = await marks('loads');
    const source = `
import os
open(os.path.join(${JSON.stringify(loads.folder)}, str(os.getpid())), "x").close()
def run(id, text):
    return {"size": len(text)}
`;
    await expectAllOnce(await run(planOf(source, { reuse: 'actor', instances: 2, maxBatch: 16 }), ROWS), ROWS);
    expect((await loads.list()).length).toBeGreaterThanOrEqual(1);
    expect((await loads.list()).length).toBeLessThanOrEqual(2);
  });

  it('should fail for the rows alone at which they do what they must not', async () => {
    const source = `
import os, signal, time
def run(id, text):
    print("printed to standard output", flush=True)
    if id == 1: raise ValueError("out of range")
    if id == 2: return None
    if id == 3: return {"size": "many"}
    if id == 4: return {"size": object()}
    if id == 5:
        while True: pass
    if id == 6: x = bytearray(10 ** 9)
    if id == 7: os.kill(os.getpid(), signal.SIGSEGV)
    return {"size": len(text)}
`;
    const ended = await run(planOf(source, { reuse: 'actor', timeoutMs: 1_000 }), 10);
    expect(ended).toMatchObject({ state: 'partially_succeeded', error: null });
    const rows = await system.rows(ended, 'called');
    expect(rows.map(({ _error_code }) => _error_code)).toEqual([
      null,
      'capability_failed',
      'capability_bad_output',
      'capability_bad_output',
      'capability_bad_output',
      'capability_timeout',
      'capability_out_of_memory',
      'capability_crashed',
      null,
      null,
    ]);
    expect(rows[1]?._error).toMatch(/^ValueError: out of range\npython:under_test line 5, in run: .*raise ValueError/);
    expect(rows[3]?._error).toMatch(/^size: /);
    expect(rows[5]?._error).toContain('timeoutMs (1000 ms)');
    expect(rows[6]?._error).toContain('memoryMb allows (256 MB)');
  });

  it.each<[string, string, Given, string, RegExp]>([
    [
      'imports what is not there',
      'import no_such_package\ndef run(): pass',
      {},
      'capability_missing_package',
      /No module named 'no_such_package'/,
    ],
    ['throws when it is loaded', 'raise RuntimeError("no model")\ndef run(): pass', {}, 'capability_load_failed', /RuntimeError: no model/],
    [
      'needs a package that is nowhere',
      'def run(): pass',
      { pip: ['apwa-has-no-such-package==1.0'] },
      'capability_missing_package',
      /can't be installed: .*apwa-has-no-such-package/,
    ],
  ])('should end the step, with no row failed, where one %s', async (_, source, more, code, words) => {
    const ended = await run(planOf(source, more), 300);
    expect(ended).toMatchObject({ state: 'failed', error: { class: 'refused', code } });
    expect(ended.error?.message).toMatch(words);
    expect(ended.steps[0]?.counts.failed).toBe(0);
  });

  it('should be refused with the line of a syntax error before anything runs', async () => {
    await expect(submit(planOf('x = 1\ndef run(:\n    pass'), 3)).rejects.toMatchObject({
      class: 'refused',
      code: 'invalid_plan',
      details: {
        faults: [{ field: 'plan.capabilities[0].source', message: 'python:under_test: line 2: invalid syntax', allowed: 'Python' }],
      },
    });
    await expect(submit(planOf('def run(): pass', { cluster: 'elsewhere' }), 3)).rejects.toMatchObject({
      details: { faults: [{ field: 'plan.capabilities[0].cluster', value: 'elsewhere', allowed: 'test' }] },
    });
  });

  it('should have packages of their own', async () => {
    const source = 'import six\ndef run(id, text):\n    return {"size": len(text), "note": six.__version__}';
    const ended = await run(planOf(source, { pip: ['six==1.16.0'], reuse: 'actor' }));
    await expectAllOnce(ended, 8);
    expect((await system.rows(ended, 'called'))[0]?.note).toBe('1.16.0');
  });

  it.each(['actor', 'task'] as const)('should be called again when the Ray worker of their %s is killed', async (reuse) => {
    const begun = await marks(`begun-${reuse}`);
    const source = `
import os, time
def run(id, text):
    if id == 5 and not os.listdir(${JSON.stringify(begun.folder)}):
        open(os.path.join(${JSON.stringify(begun.folder)}, str(os.getpid())), "x").close()
        time.sleep(600)
    return {"size": len(text)}
`;
    const { id } = await submit(planOf(source, { reuse, timeoutMs: 600_000 }), 200);
    const [child] = await eventually(async () => ((await begun.list()).length > 0 ? begun.list() : null), { timeoutMs: 60_000 });
    const worker = (await processTable()).find(({ pid }) => pid === Number(child))?.parent;
    process.kill(worker as number, 'SIGKILL');
    await expectAllOnce(await system.wait(id), 200);
  });

  it.each(['actor', 'task'] as const)('should stop when their run is cancelled, also in the midst of a call by their %s', async (reuse) => {
    const begun = await marks(`cancelled-${reuse}`);
    const source = `
import os
open(os.path.join(${JSON.stringify(begun.folder)}, str(os.getpid())), "x").close()
def run(id, text):
    while True: pass
`;
    const { id } = await submit(planOf(source, { reuse, timeoutMs: 600_000, instances: 1 }), 20);
    const pid = await eventually(async () => (await begun.list())[0], { timeoutMs: 60_000, what: 'a process' });
    await system.client.runs.cancel(id);
    expect((await system.wait(id)).state).toBe('cancelled');
    await eventually(() => !isAlive(Number(pid)), { timeoutMs: 30_000, what: `the process ${pid} to end` });
  });

  it('should wait for a node that is large enough, say so, and run when it joins', async () => {
    const { id } = await submit(planOf('def run(id, text):\n    return {"size": len(text)}', { gpus: 1, reuse: 'actor' }), 8);
    const words = 'waiting for resources: 1 gpu, and no node of cluster test has as much (nodes: 1), for python:under_test';
    await eventually(async () => (await system.client.runs.get(id)).steps[0]?.waitingFor === words, { timeoutMs: 30_000, what: words });
    await ray.addNode({ cpus: 1, gpus: 1 });
    await expectAllOnce(await system.wait(id), 8);
  });

  it('should be known to the next fabric when the one before is gone', async () => {
    const source = 'import time\ndef run(id, text):\n    time.sleep(0.02)\n    return {"size": len(text)}';
    const { id } = await submit(planOf(source, { reuse: 'actor' }), 600);
    await system.untilDone(id, 'called', 100);
    process.kill(await fabricProcess(), 'SIGKILL');
    await expectAllOnce(await system.wait(id), 600);
  });

  it('should be called by the example of the documentation', async () => {
    const folder = fileURLToPath(new URL('../../../examples/python/', import.meta.url));
    const { code, out, err } = await apwa(
      ['run', '--plan', join(folder, 'plan.yaml'), '--input', `messages=${join(folder, 'messages.csv')}`, '--output', 'out.jsonl'],
      { cwd: system.stack.dir, url: system.stack.url },
    );
    expect({ code, out, err }).toMatchObject({ code: 0 });
    const rows = (await readFile(join(system.stack.dir, 'out.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(rows).toMatchObject([
      { words: 4, longest: 'parcel' },
      { words: 5, longest: 'yesterday' },
      { words: 1, longest: 'Thanks' },
    ]);
  });
});

describe('functions in Python where there is no Ray cluster', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  it('should be refused by name before anything runs', async () => {
    const submitted = system.submit({ inputs: { rows: numberedRows(3) }, plan: planOf('def run(id, text): pass') });
    await expect(submitted).rejects.toMatchObject({
      class: 'refused',
      code: 'invalid_plan',
      details: {
        faults: [
          {
            field: 'plan.capabilities[0]',
            message: 'python:under_test runs on Ray, and the configuration has no Ray cluster.',
            value: 'python:under_test',
            allowed: 'a configuration with ray.clusters',
          },
        ],
      },
    });
  });
});
