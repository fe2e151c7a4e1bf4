import { type Plan, type Run } from '@apwa/contracts';
import { eventually, type ScriptedAnswer, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 20;
/** Rows that the first template has declined: of the first half alone. */
const DECLINED = [1, 3, 4, 8, 9];
const OK = Array.from({ length: ROWS }, (_, row) => row).filter((row) => !DECLINED.includes(row));

type Schema = Record<string, unknown>;
const answer = (name: string, type = 'string'): Schema => ({ type: 'object', required: [name], properties: { [name]: { type } } });

/** Real: everything, the manager killed with SIGKILL; the model, whose server the test runs, plans the amendments too. */
describe('failed rows that an amendment has done again', () => {
  let system: System;
  let model: ScriptedModel;
  /** Rows as they were asked for, by what was asked, and groups that were folded. */
  let asked: { first: number[]; better: number[]; domains: number[]; folded: string[] };
  /** What the planner was shown, and what it answers next. */
  let shown: string[] = [];
  let planner: (() => ScriptedAnswer | Promise<ScriptedAnswer>)[] = [];
  let held: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    model = await scriptedModel();
    model.otherwise(async ({ messages, tools }) => {
      const text = String(messages.at(-1)?.content);
      if (tools?.some(({ function: { name } }) => name === 'submit_amendment')) {
        shown.push(text);
        const next = planner.shift();
        return next ? next() : { status: 500 };
      }
      if (text.includes('--- item')) {
        asked.folded.push(text);
        return { content: { people: 'some people' } };
      }
      const row = Number(/user(\d+)@/.exec(text)?.[1]);
      if (!text.includes('about order')) {
        asked.domains.push(row);
        return { content: { domain: 'example.com' } };
      }
      const better = String(messages[0]?.content).includes('Copy every');
      asked[better ? 'better' : 'first'].push(row);
      if (!better) return DECLINED.includes(row) ? { refusal: 'I would rather not.' } : { content: { email: `user${row}@example.com` } };
      await held;
      return { content: { email: `user${row}@example.com` } };
    });
    system = await System.asking(model);
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });
  beforeEach(() => {
    asked = { first: [], better: [], domains: [], folded: [] };
    shown = [];
    held = Promise.resolve();
  });

  const mails = (verb: string, more: object = {}, output = answer('email')): Plan['steps'][number] => {
    const [step] = mailPlan().steps;
    if (step?.kind !== 'map') throw new Error('the plan has changed');
    const instructions = `${verb} every email address in this message: {{text}}`;
    return { ...step, template: { mode: 'llm', instructions, output }, ...more };
  };
  const domains: Plan['steps'][number] = {
    id: 'domains',
    kind: 'map',
    input: 'mails',
    template: { mode: 'llm', instructions: 'Give the domain of this address: {{email}}', output: answer('domain') },
  };
  const amend = (plan: Plan, redo: string[]): ScriptedAnswer => ({
    toolCalls: [{ name: 'submit_amendment', arguments: { reason: 'It declines to list.', plan, redo } }],
  });
  const keep: ScriptedAnswer = { toolCalls: [{ name: 'keep_plan', arguments: { reason: 'It is well.' } }] };
  const stepOf = ({ steps }: Run, id: string) => steps.find((step) => step.id === id);
  const sorted = (rows: number[]): number[] => [...rows].sort((a, b) => a - b);
  const previousOf = async (run: Run, step: string) => {
    const { lineage, version } = await system.client.tables.get(String(stepOf(run, step)?.tableId));
    return { version, previous: await system.client.tables.get(String(lineage.previous)) };
  };

  it('should be asked by the better template alone, whenever the manager dies', async () => {
    const plan = (verb: string, output?: Schema): Plan => ({
      version: 1,
      steps: [mails(verb, { review: true }, output), domains],
      outputs: ['domains'],
    });
    const { manager } = system.stack.services;
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    let thinking = false;
    planner = [
      // It dies in the middle of a turn, and asks again.
      async () => {
        thinking = true;
        await manager.kill();
        return { status: 500 };
      },
      () => amend(plan('Copy', answer('email', 'integer')), ['mails']),
      () => amend(plan('Copy'), ['mails', 'domains']),
      () => amend(plan('Copy'), ['mails']),
      () => keep,
    ];
    const { id } = await system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: plan('List'), amendments: 2 });
    await eventually(() => thinking && planner.length === 4, { what: 'the planner to be asked' });
    await manager.restart();
    // And in the middle of what is done again.
    await eventually(() => asked.better.length > 0, { what: 'rows to be asked again' });
    await manager.kill();
    await manager.restart();
    release();

    const run = await system.wait(id);
    expect(run).toMatchObject({ state: 'succeeded', planVersion: 2, error: null });
    expect(run.amendments).toMatchObject([
      { step: 'mails', cause: 'review', outcome: 'amended', redo: ['mails'] },
      { step: 'mails', cause: 'review', outcome: 'kept', redo: [] },
    ]);
    expect(shown[0]).toContain('"may":"stay as it is, or redo"');
    expect(shown[2]).toContain('makes another type of column email');
    expect(shown[2]).toContain('"allowed":"email VARCHAR"');
    expect(shown[3]).toContain('"field":"redo[1]"');

    expect(sorted(asked.first)).toEqual(Array.from({ length: ROWS }, (_, row) => row));
    expect(sorted(asked.better)).toEqual(DECLINED);
    expect(asked.domains).toHaveLength(ROWS);
    expectEveryRowOnce(await system.rows(run, 'mails'), ROWS);
    expect((await system.rows(run, 'domains')).every(({ domain }) => domain === 'example.com')).toBe(true);
    expect(stepOf(run, 'mails')).toMatchObject({ rows: ROWS, rowsIn: ROWS, counts: { ok: ROWS, failed: 0, reused: OK.length, calls: 5 } });
    expect(run.replaced.calls).toBe(ROWS);
    const { version, previous } = await previousOf(run, 'mails');
    expect(version).toBe(2);
    expect(previous).toMatchObject({ state: 'ready', version: 1, rows: ROWS, failures: { failed: 5, errors: { refused: 5 } } });
    const { out } = await apwa(['runs', 'show', run.id], { cwd: process.cwd(), url: system.stack.url });
    expect(out).toMatch(new RegExp(`^mails +map +succeeded +${ROWS} +${ROWS} +${OK.length} +0 +0 +0 +5 `, 'm'));
    expect(out).toContain('version 2 of the plan, failed rows of mails again: It declines to list.');
  });

  it('should be taken up by what had read the table, and nothing else of it be asked again', async () => {
    const plan = (verb: string): Plan => ({
      version: 1,
      steps: [
        { id: 'halves', kind: 'sql', inputs: ['rows'], query: `SELECT *, id // ${ROWS / 2} AS half FROM rows` },
        mails(verb, { input: 'halves' }),
        domains,
        {
          id: 'folded',
          kind: 'reduce',
          input: 'mails',
          by: ['half'],
          columns: ['email'],
          template: { mode: 'llm', instructions: 'Say who these are: {{items}}', output: answer('people') },
        },
        { id: 'counts', kind: 'sql', inputs: ['domains', 'folded'], query: 'SELECT count(domain) AS n FROM domains', review: true },
      ],
      outputs: ['counts', 'folded'],
    });
    planner = [() => amend(plan('Copy'), ['mails']), () => keep];
    const run = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan: plan('List'), amendments: 2 });
    expect(run).toMatchObject({ state: 'succeeded', planVersion: 2, error: null });
    expect(run.amendments).toMatchObject([
      { step: 'counts', outcome: 'amended', redo: ['mails'] },
      { step: 'counts', outcome: 'kept', redo: [] },
    ]);
    expect(sorted(asked.better)).toEqual(DECLINED);
    expect(sorted(asked.domains)).toEqual(Array.from({ length: ROWS }, (_, row) => row));
    // The second half was folded once: nothing of it has changed.
    expect(asked.folded).toHaveLength(3);
    expect(asked.folded.filter((text) => text.includes('user15@'))).toHaveLength(1);
    expectEveryRowOnce(await system.rows(run, 'mails'), ROWS);
    expect((await system.rows(run, 'counts')).map(({ n }) => Number(n))).toEqual([ROWS]);
    expect(stepOf(run, 'domains')).toMatchObject({ counts: { ok: ROWS, failed: 0, reused: OK.length, calls: 5 } });
    for (const step of ['mails', 'domains', 'folded', 'counts']) {
      const { version, previous } = await previousOf(run, step);
      expect([step, version, previous.state]).toEqual([step, 2, 'ready']);
    }
  });
});
