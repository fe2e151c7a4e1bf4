import { type Plan } from '@apwa/contracts';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 3_000;

const measured = (more: object = {}): Plan['steps'][number] => ({
  id: 'measured',
  kind: 'map',
  input: 'rows',
  template: { mode: 'capability', capability: 'builtin:text_length', with: { text: '{{text}}' }, ...more },
});

/** Real: everything. */
describe('a run with steps that call no model', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  it('should measure every row once, and let SQL and further steps use the result', async () => {
    const plan: Plan = {
      version: 1,
      steps: [
        measured({ rename: { characters: 'length' } }),
        {
          id: 'counted',
          kind: 'map',
          input: 'measured',
          template: { mode: 'capability', capability: 'builtin:word_count', with: { text: 'No. {{id}}: {{text}}' } },
        },
        {
          id: 'sums',
          kind: 'sql',
          inputs: ['counted'],
          query: 'SELECT count(*) AS n, sum(length) AS length, sum(words) AS words FROM counted',
        },
      ],
      outputs: ['counted', 'sums'],
    };
    const run = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps.map(({ counts }) => counts.ok)).toEqual([ROWS, ROWS, 1]);
    const rows = await system.rows(run, 'counted');
    expect(rows).toHaveLength(ROWS);
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    const wrong = rows.filter(({ text, length, bytes, _model }) => {
      const size = String(text).length;
      return Number(length) !== size || Number(bytes) !== size || _model !== null;
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    const [sums] = await system.rows(run, 'sums');
    expect(Number(sums?.length)).toBe(rows.reduce((sum, { text }) => sum + String(text).length, 0));
    expect((await system.modelStats()).requests).toBe(0);
  });

  it('should stand beside steps that ask a model', async () => {
    const mails = mailPlan('measured');
    const plan: Plan = { ...mails, steps: [measured(), ...mails.steps] };
    const run = await system.run({ inputs: { rows: numberedRows(200) }, plan });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(run, 'mails'), 200);
  });

  it('should survive the death of a member in its midst', async () => {
    const run = await system.submit({
      inputs: { rows: numberedRows(40_000) },
      plan: { version: 1, steps: [measured()], outputs: ['measured'] },
    });
    await system.untilDone(run.id, 'measured', 2_000);
    const [pid] = await system.stack.memberPids();
    if (pid) process.kill(pid, 'SIGKILL');
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(ended, 'measured');
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 40_000 }, (_, i) => i));
    await system.stack.whenStaffed();
  });

  it('should be refused before anything runs when the call cannot be made', async () => {
    const rows = numberedRows(3);
    const planOf = (more: object): Plan => ({ version: 1, steps: [measured(more)], outputs: ['measured'] });
    await expect(system.submit({ inputs: { rows }, plan: planOf({ capability: 'builtin:text_lenght' }) })).rejects.toMatchObject({
      class: 'refused',
      code: 'invalid_plan',
      details: {
        faults: [
          {
            field: expect.stringContaining('steps[0].template.capability'),
            allowed: expect.stringContaining('did you mean builtin:text_length?'),
          },
        ],
      },
    });
    // What columns there are is known when the input has been imported.
    const run = await system.run({ inputs: { rows }, plan: planOf({ with: { text: '{{id}}' } }) });
    expect(run).toMatchObject({ state: 'failed', error: { class: 'refused', code: 'invalid_plan' } });
    expect(run.error?.faults).toMatchObject([{ field: expect.stringContaining('steps[0].template.with.text') }]);
    expect(run.steps.every(({ stageId }) => stageId === null)).toBe(true);
  });
});
