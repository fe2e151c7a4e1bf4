import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, type Plan, type Run } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 600;
const MEMBERS = 2;
const SLOTS = 32;

/** Addresses, then a domain for each of them, then a count by whether the number of the row is even. */
const chain = (): Plan => {
  const { steps } = mailPlan();
  return {
    version: 1,
    steps: [
      ...steps,
      {
        id: 'domains',
        kind: 'map',
        input: 'mails',
        template: {
          mode: 'llm',
          instructions: 'Give the domain of this address: {{email}}',
          output: { type: 'object', required: ['domain'], properties: { domain: { type: 'string' } } },
        },
      },
      {
        id: 'counts',
        kind: 'sql',
        inputs: ['domains'],
        query: `SELECT id % 2 = 0 AS even, count(domain) AS n FROM domains GROUP BY 1 ORDER BY 1`,
      },
      { id: 'short', kind: 'sql', inputs: ['rows'], query: 'SELECT id FROM rows WHERE id < 10' },
    ],
    outputs: ['domains', 'counts'],
  };
};

/** Real: everything but the model, whose server the test runs: it declines the rows that the test says. */
describe('what is done again, and what is not', () => {
  let system: System;
  let model: ScriptedModel;
  let cwd: string;
  let declines: (row: number) => boolean = () => false;
  let delayMs = 0;
  /** Rows as they were asked for, by what was asked. */
  let asked: { mails: number[]; domains: number[] } = { mails: [], domains: [] };
  let instructions = new Set<string>();

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'apwa-redrive-'));
    model = await scriptedModel();
    model.otherwise(async ({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const row = Number(/user(\d+)@/.exec(text)?.[1]);
      const isMail = text.includes('about order');
      asked[isMail ? 'mails' : 'domains'].push(row);
      if (isMail) instructions.add(/# Task\n(.*)/.exec(String(messages[0]?.content))?.[1] ?? '');
      await sleep(delayMs);
      if (!isMail) return { content: { domain: 'example.com' } };
      return declines(row) ? { refusal: 'I would rather not.' } : { content: { email: `user${row}@example.com` } };
    });
    system = await System.start({
      members: MEMBERS,
      slots: SLOTS,
      config: { model: 'scripted', models: { scripted: { baseUrl: model.url, name: 'scripted' } } },
    });
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
    await rm(cwd, { recursive: true, force: true });
  });
  beforeEach(() => heal());

  const heal = (): void => {
    declines = () => false;
    delayMs = 0;
    asked = { mails: [], domains: [] };
    instructions = new Set();
  };
  const begin = (plan: Plan): Promise<Run> => system.submit({ inputs: { rows: numberedRows(ROWS) }, plan });
  /** A run of which these rows failed, and a model that is well again. */
  const failing = async (plan: Plan, rows: (row: number) => boolean): Promise<Run> => {
    declines = rows;
    const run = await system.wait((await begin(plan)).id);
    heal();
    return run;
  };
  const redrive = async (run: Run, request: Parameters<typeof system.client.runs.redrive>[1] = {}): Promise<Run> =>
    system.wait((await system.client.runs.redrive(run.id, request)).id);
  const tableOf = ({ steps }: Run, step: string): string => {
    const id = steps.find((one) => one.id === step)?.tableId;
    if (!id) throw new Error(`there is no table of ${step}`);
    return id;
  };
  const stepOf = ({ steps }: Run, step: string) => steps.find(({ id }) => id === step);
  const sorted = (rows: number[]): number[] => [...rows].sort((a, b) => a - b);
  const failedOf = async (run: Run): Promise<number[]> =>
    (await system.rows(run, 'mails')).filter(({ _status }) => _status === 'failed').map(({ id }) => Number(id));
  const shards = async (run: Run, step: string): Promise<number> => {
    const [row] = await system.ledger<{ rows: number }>(`SELECT sum("last" - "first" + 1)::int AS rows FROM shards WHERE stage_id = $1`, [
      stepOf(run, step)?.stageId,
    ]);
    return row?.rows ?? 0;
  };

  it('should ask the failed rows alone, have each row once, and leave the old tables as they were', async () => {
    const bad = [3, 4, 250, 599];
    const before = await failing(chain(), (row) => bad.includes(row));
    expect(before.state).toBe('partially_succeeded');
    expect(stepOf(before, 'domains')?.counts).toMatchObject({ ok: ROWS - 4, failed: 4, errors: { input_failed: 4 } });

    const after = await redrive(before);
    expect(after).toMatchObject({ state: 'succeeded', error: null, redriveOf: before.id });
    expect(sorted(asked.mails)).toEqual(bad);
    expect(sorted(asked.domains)).toEqual(bad);
    // Parts without a failed row were not so much as read.
    for (const step of ['mails', 'domains']) {
      expect(await shards(after, step)).toBeLessThan(ROWS);
      expect(stepOf(after, step)).toMatchObject({ rows: ROWS, rowsIn: ROWS, counts: { ok: ROWS, failed: 0, reused: ROWS - 4, calls: 4 } });
    }
    expectEveryRowOnce(await system.rows(after, 'mails'), ROWS);
    const domains = await system.rows(after, 'domains');
    expect(domains.map(({ id, email, domain, _status }) => [Number(id), email, domain, _status])).toEqual(
      Array.from({ length: ROWS }, (_, row) => [row, `user${row}@example.com`, 'example.com', 'ok']),
    );
    expect((await system.rows(after, 'counts')).map(({ even, n }) => [even, Number(n)])).toEqual([
      [false, ROWS / 2],
      [true, ROWS / 2],
    ]);
    // What reads nothing that was done again is the table of before.
    expect(stepOf(after, 'short')).toMatchObject({ state: 'succeeded', stageId: null, rows: 10, counts: { ok: 10, reused: 10 } });
    expect((await system.rows(after, 'short')).map(({ id }) => Number(id))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

    // The old version is as it was; the new one knows it.
    expect(await failedOf(before)).toEqual(bad);
    expect((await system.rows(before, 'counts')).map(({ n }) => Number(n))).toEqual([ROWS / 2 - 2, ROWS / 2 - 2]);
    expect(await system.client.tables.get(tableOf(after, 'mails'))).toMatchObject({
      state: 'ready',
      version: 2,
      rows: ROWS,
      lineage: { previous: tableOf(before, 'mails') },
    });
    const head = await system.client.tables.head(tableOf(after, 'mails'), 5);
    expect(head.rows.map(({ _row, _status }) => [_row, _status])).toEqual([0, 1, 2, 3, 4].map((row) => [row, 'ok']));
    const { out } = await apwa(['runs', 'show', after.id], { cwd, url: system.stack.url });
    expect(out).toContain(`redrive of ${before.id}`);
    expect(out).toMatch(new RegExp(`^mails +map +succeeded +${ROWS} +${ROWS} +${ROWS - 4} +0 +0 +0 +4 `, 'm'));
    await expect(system.client.runs.redrive(after.id)).rejects.toMatchObject({ code: 'invalid_redrive', details: { field: 'steps' } });

    // Old tables go, and take nothing with them that the new ones read; then these go, and nothing is left.
    const remove = async (run: Run): Promise<void> => {
      for (const step of ['counts', 'short', 'domains', 'mails']) await system.client.tables.delete(tableOf(run, step));
    };
    const parts = async (): Promise<number> =>
      [...(await system.stored()).keys()].filter((key) =>
        [before, after].some(({ steps }) => steps.some(({ stageId }) => stageId !== null && key.startsWith(`parts/${stageId}/`))),
      ).length;
    const all = await parts();
    await remove(before);
    await eventually(async () => (await parts()) < all, { what: 'parts that the old version alone names to go' });
    expectEveryRowOnce(await system.rows(after, 'mails'), ROWS);
    expect(await system.rows(after, 'domains')).toEqual(domains);
    expect((await system.rows(after, 'short')).length).toBe(10);
    await remove(after);
    await eventually(async () => (await parts()) === 0, { what: 'all parts to go' });
  });

  it('should be as right if a member is killed in the middle of it', async () => {
    const before = await failing(mailPlan(), (row) => row % 2 === 1);
    delayMs = 300;
    const { id } = await system.client.runs.redrive(before.id);
    await eventually(async () => asked.mails.length > ROWS / 8, { what: 'some calls' });
    process.kill(await eventually(async () => (await system.stack.memberPids()).at(-1) ?? null), 'SIGKILL');
    const after = await system.wait(id);
    expect(after).toMatchObject({ state: 'succeeded', error: null });
    expect(asked.mails.filter((row) => row % 2 === 0)).toEqual([]);
    expect(new Set(asked.mails).size).toBe(ROWS / 2);
    expect(asked.mails.length).toBeLessThanOrEqual(ROWS / 2 + SLOTS + 4);
    expectEveryRowOnce(await system.rows(after, 'mails'), ROWS);
    expect(await failedOf(before)).toHaveLength(ROWS / 2);
  });

  it('should ask by other instructions what failed, from the terminal, and refuse those that make other columns', async () => {
    const before = await failing(mailPlan(), (row) => row === 7);
    const file = join(cwd, 'templates.yaml');
    const command = (...args: string[]) =>
      apwa(['runs', 'redrive', before.id, '--template', file, ...args], { cwd, url: system.stack.url });

    await writeFile(file, 'mails: { output: { type: object, required: [email], properties: { email: { type: integer } } } }\n');
    const misfit = await command();
    expect(misfit.code).toBe(2);
    expect(misfit.err).toContain('templates.mails.output makes another type of column email');
    await writeFile(file, 'mails: { instructions: "Find nothing in {{body}}" }\n');
    expect(await command()).toMatchObject({ code: 2, err: expect.stringContaining('body') });
    expect(asked.mails).toEqual([]);

    await writeFile(file, 'mails: { instructions: "Once more, kindly: {{text}}" }\n');
    const { code, out } = await command('--step', 'mails', '--watch');
    expect({ code, asked: asked.mails }).toEqual({ code: 0, asked: [7] });
    expect([...instructions].join()).toContain('Once more, kindly');
    const after = await system.client.runs.get(/run_\w+/.exec(out)?.[0] ?? '');
    expect(after).toMatchObject({ state: 'succeeded', redriveOf: before.id });
    expectEveryRowOnce(await system.rows(after, 'mails'), ROWS);
  });

  it('should do what a cancelled run did not get to, also when it is cancelled itself', async () => {
    delayMs = 100;
    const cancelled = async (begun: Promise<Run>, rows: number): Promise<Run> => {
      const { id } = await begun;
      await expect(system.client.runs.redrive(id)).rejects.toMatchObject({
        code: 'wrong_state',
        details: { allowed: 'a run that has ended' },
      });
      await eventually(
        async () => ((await system.client.tables.get(tableOf(await system.client.runs.get(id), 'mails'))).partial?.rows ?? 0) > rows,
        { what: `more than ${rows} committed rows` },
      );
      await system.client.runs.cancel(id);
      return system.wait(id);
    };
    const first = await cancelled(begin(mailPlan()), 0);
    const partOf = async (run: Run) => (await system.client.tables.get(tableOf(run, 'mails'))).partial?.rows ?? 0;
    const committed = await partOf(first);
    const second = await cancelled(system.client.runs.redrive(first.id), committed);
    expect(await partOf(second)).toBeGreaterThan(committed);
    const both = await partOf(second);
    heal();
    const third = await redrive(second);
    expect(third.state).toBe('succeeded');
    expectEveryRowOnce(await system.rows(third, 'mails'), ROWS);
    expect(new Set(asked.mails).size).toBe(asked.mails.length);
    expect(asked.mails).toHaveLength(ROWS - both);
    expect(await system.rows(first, 'mails')).toHaveLength(committed);
  });

  it('should do what is left of a chain that was cancelled while one step took the rows of the other', async () => {
    delayMs = 60;
    declines = (row) => row % 50 === 7;
    const { id } = await begin(chain());
    const partOf = async (step: string): Promise<number> => {
      const tableId = stepOf(await system.client.runs.get(id), step)?.tableId;
      return tableId ? ((await system.client.tables.get(tableId)).partial?.rows ?? 0) : 0;
    };
    await eventually(async () => (await partOf('domains')) > 0, { timeoutMs: 60_000, what: 'committed rows of the second step' });
    await system.client.runs.cancel(id);
    const before = await system.wait(id);
    const okOf = async (step: string): Promise<number> =>
      (await system.rows(before, step)).filter(({ _status }) => _status === 'ok').length;
    const [mails, domains] = [await okOf('mails'), await okOf('domains')];
    expect(domains).toBeLessThan(ROWS);
    heal();
    const after = await redrive(before);
    expect(after.state).toBe('succeeded');
    expect(asked.mails).toHaveLength(ROWS - mails);
    expect(asked.domains).toHaveLength(ROWS - domains);
    expectEveryRowOnce(await system.rows(after, 'mails'), ROWS);
    expect((await system.rows(after, 'counts')).map(({ n }) => Number(n))).toEqual([ROWS / 2, ROWS / 2]);
  });

  it('should ask behind a query for the rows alone that are new there, wherever they stand', async () => {
    const { steps } = chain();
    const [mails, domains] = steps as [Plan['steps'][number], Plan['steps'][number] & { kind: 'map' }];
    const plan: Plan = {
      version: 1,
      steps: [
        mails,
        { id: 'there', kind: 'sql', inputs: ['mails'], query: `SELECT id, email FROM mails WHERE _status = 'ok' ORDER BY id DESC` },
        { ...domains, input: 'there' },
      ],
      outputs: ['domains'],
    };
    const bad = [0, 77, 300];
    const before = await failing(plan, (row) => bad.includes(row));
    expect(stepOf(before, 'domains')).toMatchObject({ rows: ROWS - 3, counts: { ok: ROWS - 3 } });
    const after = await redrive(before);
    expect(sorted(asked.mails)).toEqual(bad);
    expect(sorted(asked.domains)).toEqual(bad);
    expect(stepOf(after, 'domains')).toMatchObject({ rows: ROWS, counts: { ok: ROWS, reused: ROWS - 3, calls: 3 } });
    const rows = await system.rows(after, 'domains');
    expect(rows.map(({ id, email, domain, _status }) => [Number(id), email, domain, _status])).toEqual(
      Array.from({ length: ROWS }, (_, at) => [ROWS - 1 - at, `user${ROWS - 1 - at}@example.com`, 'example.com', 'ok']),
    );
    // What was found has gone with the run's end.
    await eventually(
      async () => (await system.catalogue(`SELECT id FROM tables WHERE match_of IS NOT NULL AND removed_at IS NULL`)).length === 0,
      { what: 'what was found to go' },
    );
  });

  it('should take the same questions’ answers from another run if wanted, and ask nothing for them', async () => {
    const plan = mailPlan();
    const first = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan });
    heal();
    const again = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan, reuse: { runs: [first.id] } });
    expect(asked.mails).toEqual([]);
    expect(again).toMatchObject({ state: 'succeeded', redriveOf: null });
    expect(stepOf(again, 'mails')?.counts).toMatchObject({ ok: ROWS, reused: ROWS, calls: 0, costUsd: 0 });
    expectEveryRowOnce(await system.rows(again, 'mails'), ROWS);

    // More rows, and the answers of whatever run.
    const more = await system.run({ inputs: { rows: numberedRows(ROWS + 5) }, plan, reuse: 'any' });
    expect(sorted(asked.mails)).toEqual([0, 1, 2, 3, 4].map((at) => ROWS + at));
    expectEveryRowOnce(await system.rows(more, 'mails'), ROWS + 5);

    // Nothing is taken unasked, nor what was answered to another question.
    heal();
    const [step] = plan.steps;
    const other = structuredClone(plan);
    if (step?.kind !== 'map' || other.steps[0]?.kind !== 'map') throw new Error('the plan is a map');
    other.steps[0].template = { ...step.template, instructions: 'List every address in this: {{text}}' } as typeof step.template;
    await system.run({ inputs: { rows: numberedRows(20) }, plan: other, reuse: 'any' });
    await system.run({ inputs: { rows: numberedRows(20) }, plan });
    expect(asked.mails).toHaveLength(40);
    const nobody = { inputs: { rows: numberedRows(1) }, plan, reuse: { runs: [newId('run')] } };
    await expect(system.submit(nobody)).rejects.toMatchObject({ code: 'unknown_run', details: { field: 'reuse.runs[0]' } });
  });

  it('should ask identical rows once in each member, whatever shards they stand in', async () => {
    const kinds = 10;
    const lines = Array.from({ length: ROWS }, (_, id) =>
      JSON.stringify({ id, text: `It is about order 1 of user${id % kinds}@example.com.` }),
    );
    delayMs = 50;
    const run = await system.run({ inputs: { rows: { name: 'rows.jsonl', content: lines.join('\n') } }, plan: mailPlan() });
    const shardsOf = await system.ledger<{ n: number }>('SELECT count(*)::int AS n FROM shards WHERE stage_id = $1', [
      stepOf(run, 'mails')?.stageId,
    ]);
    expect(shardsOf[0]?.n).toBeGreaterThan(2 * MEMBERS);
    expect(new Set(asked.mails).size).toBe(kinds);
    expect(asked.mails.length).toBeLessThanOrEqual(kinds * MEMBERS);
    expect(stepOf(run, 'mails')?.counts).toMatchObject({ ok: ROWS, failed: 0, calls: asked.mails.length });
    expect((await system.rows(run, 'mails')).map(({ id, email }) => [Number(id), email])).toEqual(
      Array.from({ length: ROWS }, (_, id) => [id, `user${id % kinds}@example.com`]),
    );
  });
});
