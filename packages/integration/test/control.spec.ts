import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Plan, type Run } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { apwa } from './support/command.js';
import { expectEveryRowOnce, mailPlan, type ModelStats, numberedRows, System } from './support/system.js';

const ROWS = 400;
const MEMBERS = 2;
const SLOTS = 16;
const HEAD = 1_000;

/** Real: everything, each service a process of its own; the offline model takes its time, and counts who asks it. */
describe('control of a run', () => {
  let system: System;
  let cwd: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'apwa-control-'));
    system = await System.start({ members: MEMBERS, slots: SLOTS, offlineModel: { latencyMs: 500, jitterMs: 300 } });
  });
  afterAll(async () => {
    await system.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  /** What the model has counted since this was called. */
  const counting = async (): Promise<() => Promise<Pick<ModelStats, 'requests' | 'repeated'>>> => {
    const before = await system.modelStats();
    return async () => {
      const { requests, repeated } = await system.modelStats();
      return { requests: requests - before.requests, repeated: repeated - before.repeated };
    };
  };
  const begin = (rows = ROWS): Promise<Run> => system.submit({ inputs: { rows: numberedRows(rows) }, plan: mailPlan() });
  /** Numbers of the rows that the ledger names as committed, in order. */
  const committedRows = async (runId: string): Promise<number[]> => {
    const shards = await system.ledger<{ first: number; last: number }>(
      `SELECT h."first", h."last" FROM shards h JOIN stages s ON s.id = h.stage_id
       WHERE s.owner_id = $1 AND s.kind = 'map' AND h.state = 'committed' ORDER BY h."first"`,
      [runId],
    );
    return shards.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
  };
  /** Waits until some shards of a run are committed, and others are under way. */
  const halfDone = async ({ id }: Run): Promise<void> => {
    await eventually(async () => (await committedRows(id)).length > 0, { timeoutMs: 60_000, what: 'a committed shard' });
    await eventually(async () => (await system.modelStats()).inFlight > 0, { what: 'calls in flight' });
  };
  const untilState = (id: string, state: Run['state']): Promise<Run> =>
    eventually(
      async () => {
        const run = await system.client.runs.get(id);
        return run.state === state ? run : null;
      },
      { timeoutMs: 30_000, what: `run ${id} to be ${state}` },
    );
  const tableOf = ({ steps }: Run): string => {
    const id = steps[0]?.tableId;
    if (!id) throw new Error('the step has no table');
    return id;
  };

  /** Catalogue, head and export say what the ledger says: these rows, each with its own answer, and no others. */
  const expectPartly = async (run: Run, state: 'writing' | 'cancelled'): Promise<void> => {
    const committed = await committedRows(run.id);
    expect(committed.length).toBeGreaterThan(0);
    expect(committed.length).toBeLessThan(ROWS);
    const partial = { rows: committed.length, of: ROWS };
    const id = tableOf(run);
    // The manager hears of the last commit in a moment.
    await eventually(async () => (await system.client.tables.get(id)).partial?.rows === committed.length, { what: 'the last commit' });
    expect(await system.client.tables.get(id)).toMatchObject({ state, rows: null, partial });
    const head = await system.client.tables.head(id, HEAD);
    expect(head).toMatchObject({ partial, cut: false });
    const exported = await system.rows(run, 'mails');
    for (const rows of [head.rows, exported]) {
      expect(rows.map(({ _row }) => Number(_row))).toEqual(committed);
      expect(rows.filter(({ id: row, _row, email }) => row !== _row || email !== `user${Number(row)}@example.com`)).toEqual([]);
    }
    const { code, out, err } = await apwa(['tables', 'head', id, '-n', '3'], { cwd, url: system.stack.url });
    expect({ code, lines: out.trim().split('\n').length }).toEqual({ code: 0, lines: 4 });
    expect(err).toContain(`${committed.length} of ${ROWS} rows are there`);
  };

  it('should ask nothing more once it is paused, whoever dies then, and nothing again when it goes on', async () => {
    const asked = await counting();
    const run = await begin();
    await halfDone(run);
    const before = await asked();
    expect((await system.client.runs.pause(run.id)).state).toMatch(/^paus(ing|ed)$/);
    const paused = await untilState(run.id, 'paused');
    expect(paused.paused).toMatchObject({ reason: 'user' });
    const done = ({ steps: [step] }: Run) => (step ? step.counts.ok + step.counts.failed : 0);
    expect((await system.modelStats()).inFlight).toBe(0);
    const { requests } = await asked();
    expect(requests).toBeLessThan(ROWS);
    // Each answer was journaled, and is counted as done although its shard is not committed.
    expect(done(paused)).toBe(requests);
    // Not so much as one turn more of every slot.
    expect(requests - before.requests).toBeLessThanOrEqual(MEMBERS * SLOTS);
    await expectPartly(paused, 'writing');

    const { services } = system.stack;
    const [member] = await system.stack.memberPids();
    process.kill(member as number, 'SIGKILL');
    await services.manager.kill();
    await services.executor.kill();
    await services.executor.restart();
    await services.manager.restart();
    await system.stack.whenStaffed();
    // Members take work again: that of others.
    const other = await system.run({ inputs: { rows: numberedRows(40) }, plan: mailPlan() });
    expect(other).toMatchObject({ state: 'succeeded' });
    expect(await asked()).toMatchObject({ requests: requests + 40 });
    const still = await system.client.runs.get(run.id);
    expect(still).toMatchObject({ state: 'paused', paused: paused.paused });
    expect(done(still)).toBe(requests);
    await expectPartly(still, 'writing');

    expect((await system.client.runs.resume(run.id)).state).toBe('running');
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null, paused: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    // Nothing was in flight when everything died. The other run's rows are some of these, under the same instructions.
    expect(await asked()).toEqual({ requests: ROWS + 40, repeated: 40 });
    expect(ended.pausedMs).toBeGreaterThan(0);
  });

  it('should be paused though everything dies while its calls are in flight, at the cost of those', async () => {
    const asked = await counting();
    const run = await begin();
    await halfDone(run);
    await system.client.runs.pause(run.id);
    const { services } = system.stack;
    await Promise.all([services.manager.kill(), services.executor.kill()]);
    await Promise.all([services.manager.restart(), services.executor.restart()]);
    await untilState(run.id, 'paused');
    expect((await system.modelStats()).inFlight).toBe(0);
    await system.client.runs.resume(run.id);
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    // And answers of the last 50 ms: of a full round at most.
    expect((await asked()).requests).toBeLessThanOrEqual(ROWS + 2 * MEMBERS * SLOTS);
  });

  it('should keep what is committed when a paused run is cancelled, and say so', async () => {
    const run = await begin();
    await halfDone(run);
    await system.client.runs.pause(run.id);
    await untilState(run.id, 'paused');
    const asked = await counting();
    await system.client.runs.cancel(run.id);
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'cancelled', paused: null, steps: [{ state: 'cancelled' }] });
    await expectPartly(ended, 'cancelled');
    expect(await asked()).toEqual({ requests: 0, repeated: 0 });
    await expect(system.client.runs.resume(run.id)).rejects.toMatchObject({ code: 'wrong_state', details: { value: 'cancelled' } });
  });

  it('should wait with its plan when it is paused while its input is imported', async () => {
    const asked = await counting();
    const run = await begin(100);
    await system.client.runs.pause(run.id);
    const paused = await untilState(run.id, 'paused');
    expect(paused.steps.every(({ state }) => state === 'waiting')).toBe(true);
    await system.client.runs.resume(run.id);
    const ended = await system.wait(run.id);
    expectEveryRowOnce(await system.rows(ended, 'mails'), 100);
    expect(await asked()).toMatchObject({ requests: 100 });
  });

  it('should be told on the terminal: what became of every row, and how it goes on', async () => {
    const run = await begin();
    await halfDone(run);
    const command = (...args: string[]) => apwa(['runs', ...args, run.id], { cwd, url: system.stack.url });
    const paused = await command('pause');
    expect(paused).toMatchObject({ code: 0, out: expect.stringMatching(/paused \(user\) for .*: It was paused by request\./) });
    const { out } = await command('show');
    const [rowsIn, ok, reused, failed, filtered, notDone] = (/^mails +map +paused +(.*)$/m.exec(out)?.[1] ?? '')
      .split(/ +/)
      .map((figure) => Number(figure.replaceAll(',', ''))) as [number, number, number, number, number, number];
    expect(rowsIn).toBe(ROWS);
    expect({ reused, sum: ok + failed + filtered + notDone }).toEqual({ reused: 0, sum: rowsIn });
    expect(await command('resume')).toMatchObject({ code: 0 });
    const again = await command('resume');
    expect(again.code).toBe(2);
    expect(again.err).toContain(`Run ${run.id} cannot be resumed: it is running.`);
    expect(again.err).toContain('allowed: a run that is paused');
    expect(await system.wait(run.id)).toMatchObject({ state: 'succeeded' });
    expect(await command('pause')).toMatchObject({ code: 2, err: expect.stringContaining('it is succeeded') });
  });

  /** Two maps side by side over the same rows, and a count of what the first makes. */
  const twoSteps = (): Plan => {
    const { steps, ...plan } = mailPlan();
    const [mails] = steps as [Plan['steps'][number]];
    const counted = { id: 'counted', kind: 'sql' as const, inputs: ['mails'], query: 'SELECT count(*) AS n FROM mails' };
    return { ...plan, steps: [mails, { ...mails, id: 'others' }, counted], outputs: ['others', 'counted'] };
  };
  const beginTwo = (): Promise<Run> => system.submit({ inputs: { rows: numberedRows(ROWS) }, plan: twoSteps() });
  const stepOf = (run: Run, id: string): Run['steps'][number] => {
    const step = run.steps.find((one) => one.id === id);
    if (!step) throw new Error(`run ${run.id} has no step ${id}`);
    return step;
  };
  const untilStep = (id: string, step: string, is: (step: Run['steps'][number]) => boolean, what: string): Promise<Run> =>
    eventually(
      async () => {
        const run = await system.client.runs.get(id);
        return is(stepOf(run, step)) ? run : null;
      },
      { timeoutMs: 60_000, what: `step ${step}: ${what}` },
    );
  const answered = (run: Run, id: string): number => stepOf(run, id).counts.ok;

  it('should hold one step while the others go on, whoever dies then, and ask nothing again when it goes on', async () => {
    const asked = await counting();
    const { id } = await beginTwo();
    await untilStep(id, 'mails', ({ counts }) => counts.ok > 0, 'an answer');
    expect(stepOf(await system.client.runs.controlStep(id, 'mails', 'pause'), 'mails')).toMatchObject({ paused: true });
    const held = await untilStep(id, 'mails', ({ waitingFor }) => waitingFor === 'the step is paused', 'to stand still');
    expect(held).toMatchObject({ state: 'running', paused: null });
    const { services } = system.stack;
    await Promise.all([services.manager.kill(), services.executor.kill()]);
    await Promise.all([services.manager.restart(), services.executor.restart()]);
    const others = await untilStep(id, 'others', ({ state }) => state === 'succeeded', 'its end');
    expect(answered(others, 'mails')).toBe(answered(held, 'mails'));
    expect(answered(others, 'mails')).toBeLessThan(ROWS);
    expect(stepOf(others, 'counted')).toMatchObject({ state: 'waiting' });
    const shown = await apwa(['runs', 'show', id], { cwd, url: system.stack.url });
    expect(shown.out).toMatch(/^mails +map +paused /m);

    expect(await apwa(['runs', 'resume', id, '--step', 'mails'], { cwd, url: system.stack.url })).toMatchObject({ code: 0 });
    const ended = await system.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
    expectEveryRowOnce(await system.rows(ended, 'others'), ROWS);
    // What was in flight when the executor died may be asked again; what the pause had finished is not.
    expect((await asked()).requests).toBeLessThanOrEqual(2 * ROWS + 2 * MEMBERS * SLOTS);
  });

  it('should cancel one step and what needs it, keep its rows, and finish the others', async () => {
    const { id } = await beginTwo();
    await untilStep(id, 'mails', ({ counts }) => counts.ok > 0, 'an answer');
    await eventually(async () => (await committedRows(id)).length > 0, { timeoutMs: 60_000, what: 'a committed shard' });
    expect(await apwa(['runs', 'cancel', id, '--step', 'mails'], { cwd, url: system.stack.url })).toMatchObject({ code: 0 });
    const ended = await system.wait(id);
    expect(ended).toMatchObject({ state: 'partially_succeeded', error: null });
    expect(ended.steps.map(({ state }) => state)).toEqual(['cancelled', 'succeeded', 'cancelled']);
    expectEveryRowOnce(await system.rows(ended, 'others'), ROWS);
    expect(await system.client.tables.get(stepOf(ended, 'mails').tableId ?? '')).toMatchObject({
      state: 'cancelled',
      partial: { of: ROWS },
    });

    const redone = await system.wait((await system.client.runs.redrive(id)).id);
    expect(redone).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(redone, 'mails'), ROWS);
  });

  it('should refuse what cannot be done to a step', async () => {
    const run = await system.run({ inputs: { rows: numberedRows(8) }, plan: twoSteps() });
    await expect(system.client.runs.controlStep(run.id, 'mail', 'pause')).rejects.toMatchObject({
      code: 'unknown_step',
      details: { field: 'step', value: 'mail', allowed: expect.stringContaining('mails') },
    });
    await expect(system.client.runs.controlStep(run.id, 'mails', 'pause')).rejects.toMatchObject({
      code: 'wrong_state',
      details: { field: 'step', value: 'of a run that is succeeded' },
    });
    const refused = await apwa(['runs', 'cancel', run.id, '--step', 'mails', '--reason', 'x'], { cwd, url: system.stack.url });
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("--reason is the whole run's") });
  });
});
