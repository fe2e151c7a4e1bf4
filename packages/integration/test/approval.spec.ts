import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { stringify } from 'yaml';
import { apwa, apwaOnTerminal } from './support/command.js';
import { mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 40;
const ASKS = '[r]eject?';

/** Real: everything but the model, whose server the test runs. */
describe('a plan that waits for a person', () => {
  let system: System;
  let model: ScriptedModel;
  let cwd: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'apwa-approval-'));
    model = await scriptedModel();
    model.otherwise(({ messages }) => ({ content: { email: /user\d+@example\.com/.exec(String(messages.at(-1)?.content))?.[0] ?? null } }));
    system = await System.asking(model);
    await writeFile(join(cwd, 'rows.jsonl'), numberedRows(ROWS).content);
    await writeFile(join(cwd, 'plan.yaml'), stringify(mailPlan()));
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
    await rm(cwd, { recursive: true, force: true });
  });

  /** An editor that makes these changes to what it is given, one after the other, a call each. */
  const editor = async (...scripts: string[]): Promise<string> => {
    const path = join(cwd, 'editor.sh');
    const cases = scripts.map((script, index) => `${index}) sed -i ${JSON.stringify(script)} "$1" ;;`).join('\n');
    await writeFile(join(cwd, 'edits'), '0');
    await writeFile(path, `#!/bin/sh\nn=$(cat ${cwd}/edits)\necho $((n + 1)) > ${cwd}/edits\ncase $n in\n${cases}\nesac\n`);
    await chmod(path, 0o755);
    return path;
  };
  const run = ['run', '--plan', 'plan.yaml', '-i', 'rows.jsonl', '-o', 'out.jsonl', '--approve', 'ask'];
  const onTerminal = (typed: Parameters<typeof apwaOnTerminal>[1]['typed'], EDITOR = 'true', more: string[] = []) =>
    apwaOnTerminal([...run, ...more], { cwd, url: system.stack.url, ...(typed ? { typed } : {}), env: { EDITOR } });

  it('should be shown, edited with its faults told, compared, and run as it was approved', async () => {
    const EDITOR = await editor('s/^outputs:/outputz:/', 's/^outputz:/outputs:/; s/List every/Name each/');
    const { code, out } = await onTerminal(
      [
        { to: ASKS, answer: 'e\n' },
        { to: '[d]iscard?', answer: 'e\n' },
        { to: ASKS, answer: 'a\n' },
      ],
      EDITOR,
    );
    expect(out).toContain('map of rows · text → email');
    expect(out).toContain('outputz');
    expect(out).toContain('-      instructions: "List every email address in this message: {{text}}"');
    expect(out).toContain('+      instructions: "Name each email address in this message: {{text}}"');
    expect(out).toContain('The plan, version 2:');
    expect(out).toContain('sample of 20 rows');
    expect(code).toBe(0);
    expect((await readFile(join(cwd, 'out.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(ROWS);
    expect(String(model.requests.at(-1)?.messages[0]?.content)).toContain('Name each email');
  });

  it('should be rejected, which ends the run and leaves the reason with it', async () => {
    const calls = model.calls;
    const { code, out } = await onTerminal([{ to: ASKS, answer: 'r\n' }], 'true', ['--quote', 'off']);
    expect(code).toBe(130);
    const id = /run_[a-z0-9_]+/.exec(out)?.[0] ?? '';
    expect(await system.client.runs.get(id)).toMatchObject({ state: 'cancelled', cancelReason: 'version 1 of the plan was rejected' });
    expect(model.calls).toBe(calls);
  });

  it('should be edited and approved from another terminal, by version', async () => {
    const { id } = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan(), approval: 'required' });
    await eventually(async () => (await system.client.runs.get(id)).state === 'awaiting_approval', { timeoutMs: 30_000, what: 'the plan' });
    const at = { cwd, url: system.stack.url };
    const shown = await apwa(['runs', 'plan', id], at);
    expect(shown.out).toContain(`# ${id}, version 1 of 1, person`);
    await writeFile(join(cwd, 'edited.yaml'), shown.out.replace('List every', 'Name each'));
    await writeFile(join(cwd, 'faulty.yaml'), shown.out.replace('input: rows', 'input: rowz').replace('- mails\n', '- nothing\n'));

    const faulty = await apwa(['runs', 'edit', id, '--plan', 'faulty.yaml'], at);
    expect(faulty).toMatchObject({ code: 2, err: expect.stringContaining('plan.steps[0].input') });
    expect(faulty.err).toContain('plan.outputs[0]');
    const edited = await apwa(['runs', 'edit', id, '--plan', 'edited.yaml', '--reason', 'shorter'], at);
    expect(edited.out).toContain('waits with version 2');
    expect((await apwa(['runs', 'plan', id, '--diff', '1', '2'], at)).out).toContain('+      instructions: "Name each');
    expect((await apwa(['runs', 'plan', id, '--diff', '2', '2'], at)).out).toContain('the same plan');

    const stale = await apwa(['runs', 'approve', id, '--version', '1'], at);
    expect(stale).toMatchObject({ code: 2, err: expect.stringContaining('version 2') });
    const approved = await apwa(['runs', 'approve', id, '--version', '2', '--watch'], at);
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('succeeded') });
    expect(await apwa(['runs', 'approve', id], at)).toMatchObject({ code: 2, err: expect.stringContaining('awaiting_approval') });
  });

  it('should wait on when the manager is killed, and run once it is approved, asking each row once', async () => {
    const calls = model.calls;
    const { id } = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan(), approval: 'required', quote: false });
    await eventually(async () => (await system.client.runs.get(id)).state === 'awaiting_approval', { timeoutMs: 30_000, what: 'the plan' });
    const version = (await system.client.runs.editPlan(id, { plan: { ...mailPlan(), outputs: ['mails'] } })).planVersion ?? 0;
    await system.stack.services.manager.kill();
    await system.stack.services.manager.restart();
    expect(await system.client.runs.get(id)).toMatchObject({ state: 'awaiting_approval', planVersion: version });
    await system.client.runs.approve(id, { version });
    expect(await system.wait(id)).toMatchObject({ state: 'succeeded' });
    expect(model.calls - calls).toBe(ROWS);
  });

  it('should run on other data of the same shape without a planner, and name a column that is missing', async () => {
    const at = { cwd, url: system.stack.url };
    await writeFile(join(cwd, 'others.jsonl'), '{"text":"Write to user7@example.com","more":1}\n{"text":"No address"}\n');
    await writeFile(join(cwd, 'bodies.jsonl'), '{"body":"Write to user7@example.com"}\n');
    const again = (file: string) => apwa(['run', '--plan', 'plan.yaml', '-i', `rows=${file}`, '-o', 'again.jsonl'], at);
    expect(await again('others.jsonl')).toMatchObject({ code: 0 });
    expect(await readFile(join(cwd, 'again.jsonl'), 'utf8')).toContain('user7@example.com');
    const missing = await again('bodies.jsonl');
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('steps[0].template.instructions');
    expect(missing.err).toContain('text');
    expect(missing.err).toContain('body');
  });
});
