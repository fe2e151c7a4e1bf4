import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, noCounts, PermanentError, RefusedError, type Run } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { start } from './support/apwa.js';
import { scriptedManager, type Script, type ScriptedManager } from './support/manager.js';
import { aRun, aStep } from './support/runs.js';

/** The built command as a process, over real HTTP; the manager is scripted: what is looked at is what the command makes of it. */
let cwd: string;
let manager: ScriptedManager | undefined;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'apwa-run-'));
  await writeFile(join(cwd, 'a.csv'), 'text\nhello\n');
});
afterEach(async () => {
  await manager?.close();
  await rm(cwd, { recursive: true });
});

const plan: Run['plan'] = { version: 1, steps: [{ id: 'labels', kind: 'sql', inputs: ['a'], query: 'SELECT 1' }], outputs: ['labels'] };
const ok = newId('export');
const failed = newId('export');
const output = { step: 'labels', tableId: newId('table'), format: 'csv' as const };
const finishedAt = new Date(1_000).toISOString();
const ended = (state: Run['state'], rest: Partial<Run> = {}) => aRun({ state, plan, finishedAt, ...rest });

const serve = async (run: Run, script: Script = {}) => (manager = await scriptedManager(run, script));
const apwa = (...args: string[]) => start('main.js', args, { cwd, env: { APWA_URL: manager?.url } });
const runIt = (...args: string[]) => apwa('run', 'Label them.', '-i', 'a.csv', '-o', 'out.csv', ...args);

describe('apwa run', () => {
  it('should write the result and the failed rows beside it, and end with 3', async () => {
    const steps = [aStep({ state: 'succeeded', counts: { ...noCounts(), ok: 9, failed: 1, errors: { refused: 1 } }, finishedAt })];
    const outputs = [
      { ...output, exportId: ok, rows: 'ok' as const },
      { ...output, exportId: failed, rows: 'failed' as const },
    ];
    const run = ended('partially_succeeded', { steps, outputs });
    const exports = { [ok]: { content: 'label\ngood\n', rows: 9 }, [failed]: { content: '_error\nno\n', rows: 1 } };
    (await serve(run, { exports })).show(aRun({ id: run.id }), run);
    const { code, out, err } = await runIt('--concurrency', '7').ended;
    expect(code).toBe(3);
    expect(out).toContain('labels: 9 rows, 1 failed (refused 1)');
    expect(out).toContain(`${join(cwd, 'out.failed.csv')} (1 rows)`);
    expect(err).toContain('plan: labels (sql) of a');
    expect((await readdir(cwd)).sort()).toEqual(['a.csv', 'out.csv', 'out.failed.csv']);
    expect(await readFile(join(cwd, 'out.csv'), 'utf8')).toBe('label\ngood\n');
    const request = manager?.requests.find(({ method, path }) => method === 'POST' && path === '/v1/runs');
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      goal: 'Label them.',
      inputs: [{ name: 'a', format: 'csv' }],
      outputs: [{ format: 'csv' }],
      limits: { concurrency: 7 },
      approval: 'auto',
    });
  });

  it('should print nothing but JSON lines with --json, the result last', async () => {
    const run = ended('succeeded');
    (await serve(run)).show(run);
    const { code, out } = await runIt('--json').ended;
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(['run', 'result']);
    expect(lines.at(-1)).toMatchObject({ run: { id: run.id, state: 'succeeded' }, files: [] });
  });

  it.each([
    ['a model that refuses the key', new RefusedError('authentication', 'The key is wrong.', { field: 'models.x.apiKey' }), 1],
    ['a file that cannot be read', new RefusedError('bad_input', 'a.csv, line 3: 1 field.', { field: 'a.csv:3', allowed: '2 fields' }), 2],
    ['a step that fails', new PermanentError('sql_failed', 'Division by zero.'), 1],
  ])('should say why a run failed: %s', async (_, error, code) => {
    const run = ended('failed', { error: error.toPayload() });
    (await serve(run)).show(run);
    const result = await runIt().ended;
    expect(result.code).toBe(code);
    expect(result.err).toContain(error.message);
  });

  it('should end with 2 if the manager refuses the request', async () => {
    await serve(aRun(), {
      refusal: new RefusedError('invalid_request', 'inputs: no.', { field: 'inputs', allowed: 'others' }).toPayload(),
    });
    expect(await runIt().ended).toMatchObject({ code: 2, err: expect.stringContaining('allowed: others') });
  });

  it('should cancel the run at Ctrl-C, wait for that, and end with 130', async () => {
    const run = aRun();
    await serve(run, { onCancel: (server) => server.show({ ...run, state: 'cancelling' }, { ...run, state: 'cancelled', finishedAt }) });
    manager?.show(run);
    const running = runIt();
    await until(() => running.err().includes(`${run.id}: running`), { timeoutMs: 20_000, what: 'the run to be shown' });
    running.interrupt();
    const { code, out, err } = await running.ended;
    expect(code).toBe(130);
    expect(err).toContain('Cancelling the run');
    expect(out).toContain(`${run.id} cancelled`);
    expect(manager?.requests.filter(({ path }) => path.endsWith('/cancel'))).toHaveLength(1);
  });

  it('should say of a paused run why it stands still, and how it goes on, once', async () => {
    const run = aRun();
    const paused = { reason: 'provider' as const, message: 'The account is empty.', since: new Date(500).toISOString() };
    await serve(run);
    manager?.show({ ...run, state: 'pausing', paused }, { ...run, state: 'paused', paused }, run, ended('succeeded', { id: run.id }));
    const { code, err } = await runIt().ended;
    expect(code).toBe(0);
    expect(err).toContain(`${run.id}: paused`);
    const told = `The run is paused (provider): The account is empty. It goes on with:\n  apwa runs resume ${run.id}\n`;
    expect(err.split(told)).toHaveLength(2);
    expect(err.split('The run goes on.')).toHaveLength(2);
  });

  it('should leave at a second Ctrl-C, whatever the manager does', async () => {
    const run = aRun();
    (await serve(run)).show(run);
    const running = runIt();
    await until(() => running.err().includes(`${run.id}: running`), { timeoutMs: 20_000, what: 'the run to be shown' });
    // Presses that come close together are one: it is pressed until it leaves.
    const pressing = setInterval(running.interrupt, 50);
    const { code } = await running.ended.finally(() => clearInterval(pressing));
    expect(code).toBe(130);
  });
});

describe('apwa runs pause', () => {
  it('should wait until nothing is under way, and show the run', async () => {
    const run = aRun({ steps: [aStep({ rows: 1_500, counts: { ...noCounts(), ok: 512 } })] });
    const paused = { reason: 'user' as const, message: 'It was paused by request.', since: new Date(500).toISOString() };
    const pausing: Run = { ...run, state: 'pausing', paused };
    await serve(run, { paused: pausing });
    manager?.show(pausing, { ...pausing, state: 'paused' });
    const { code, out, err } = await apwa('runs', 'pause', run.id).ended;
    expect(code).toBe(0);
    expect(err).toContain('Waiting for what is under way');
    expect(out).toMatch(/paused \(user\) for .*: It was paused by request\./);
    expect(out).toMatch(/labels +map +paused +1,500 +512 +0 +0 +0 +988/);
  });
});

describe('apwa plan', () => {
  it('should print the plan as a document that --plan takes, and nothing else', async () => {
    const run = ended('succeeded');
    (await serve(run)).show(run);
    const { code, out } = await apwa('plan', 'Label them.', '-i', 'a.csv').ended;
    expect(code).toBe(0);
    await writeFile(join(cwd, 'plan.yaml'), out);
    expect(await runIt('--plan', 'plan.yaml').ended).toMatchObject({ code: 0 });
    const [planned, ran] = (manager?.requests ?? []).filter(({ method, path }) => method === 'POST' && path === '/v1/runs');
    expect(JSON.parse(planned?.body ?? '')).toMatchObject({ stopAfter: 'planning' });
    expect(JSON.parse(ran?.body ?? '')).toMatchObject({ plan });
  });
});
