import { noCounts, noUsage, type RunStep } from '@apwa/contracts';
import { aRun, aStep } from '../../test/support/runs.js';
import { balanceOf, pauseText, runBalance } from './run-balance.js';

const at = (ms: number) => new Date(ms).toISOString();
const spent = { calls: 530, usage: { ...noUsage(), input: 40_120 }, costUsd: 0.02 };
const paused = { reason: 'budget' as const, message: 'The budget of $1.00 is used up.', since: at(60_000) };

describe('the balance of a step', () => {
  it.each<[string, Partial<RunStep>, ReturnType<typeof balanceOf>]>([
    [
      'a map that is under way',
      { rows: 1_500, counts: { ...noCounts(), ok: 500, failed: 15, errors: { filtered: 5, timeout: 10 } } },
      { rowsIn: 1_500, ok: 500, reused: 0, failed: 10, filtered: 5, notDone: 985 },
    ],
    [
      'a map whose input is not there',
      { rows: null, state: 'waiting' },
      { rowsIn: null, ok: 0, reused: 0, failed: 0, filtered: 0, notDone: null },
    ],
    [
      'a map that is done',
      { rows: 7, counts: { ...noCounts(), ok: 7 } },
      { rowsIn: 7, ok: 7, reused: 0, failed: 0, filtered: 0, notDone: 0 },
    ],
    [
      'a redrive, most rows of which were there already',
      { rows: 7, counts: { ...noCounts(), ok: 7, reused: 5 } },
      { rowsIn: 7, ok: 7, reused: 5, failed: 0, filtered: 0, notDone: 0 },
    ],
    [
      'a query that leaves rows out or combines them',
      { kind: 'sql', state: 'succeeded', rows: 3, rowsIn: 10, counts: { ...noCounts(), ok: 3 } },
      { rowsIn: 10, ok: 3, reused: 0, failed: 0, filtered: 7, notDone: 0 },
    ],
    [
      'a query that makes more rows than it reads, and cannot be balanced',
      { kind: 'sql', state: 'succeeded', rows: 20, rowsIn: 10, counts: { ...noCounts(), ok: 20 } },
      { rowsIn: null, ok: 20, reused: 0, failed: 0, filtered: null, notDone: null },
    ],
    [
      'a query that is under way',
      { kind: 'sql', rows: null, rowsIn: 10 },
      { rowsIn: 10, ok: 0, reused: 0, failed: 0, filtered: 0, notDone: 10 },
    ],
  ])('should say of %s what became of every row', (_, step, balance) => {
    expect(balanceOf(aStep(step))).toEqual(balance);
    const { rowsIn, ok, failed, filtered, notDone } = balance;
    if (rowsIn !== null) expect(ok + failed + (filtered ?? 0) + (notDone ?? 0)).toBe(rowsIn);
  });
});

describe('a run on the terminal', () => {
  const labels = aStep({
    tableId: 'tbl_labels',
    rows: 1_500,
    counts: { ...noCounts(), ...spent, ok: 500, failed: 15, errors: { filtered: 5, timeout: 10 } },
    pausedMs: 10_000,
    waitingFor: 'the run is paused',
  });
  const counts = aStep({ id: 'by_label', kind: 'sql', state: 'waiting', rows: null, startedAt: null, tableId: 'tbl_counts' });
  const planning = { turns: 2, usage: { ...noUsage(), input: 1_000 }, costUsd: 0.01 };

  it('should show every step with its rows, its figures and why it stands still', () => {
    const run = aRun({ id: 'run_1', state: 'paused', goal: 'Label\n them.', paused, pausedMs: 10_000, planning, steps: [labels, counts] });
    expect(runBalance(run, 185_000).split('\n')).toEqual([
      'run_1 paused · 50 s of work · 10 s of pauses',
      'goal: Label them.',
      'paused (budget) for 2 min 05 s: The budget of $1.00 is used up.',
      '',
      'STEP      KIND  STATE    ROWS IN   OK  REUSED  FAILED  FILTERED  NOT DONE  CALLS  TOKENS   COST  TIME',
      'planning                                                                       2   1,000  $0.01',
      'labels    map   paused     1,500  500       0      10         5       985    530  40,120  $0.02  50 s',
      'by_label  sql   waiting        –    –       –       –         –         –      –       –      –     –',
      'total                                                                        532  41,120  $0.03',
      '',
      'labels: failed with timeout 10, filtered 5',
      'labels: table tbl_labels',
    ]);
  });

  it('should say what a step waits for', () => {
    const steps = [aStep({ waitingFor: 'no member of pool default has joined' })];
    expect(runBalance(aRun({ steps }), 1_000)).toContain('labels: no member of pool default has joined');
  });

  it('should be short where there is little to say', () => {
    expect(runBalance(aRun({ id: 'run_1', state: 'importing', goal: null }), 1_000)).toBe('run_1 importing · 1.0 s of work');
  });

  it('should say nothing of a pause where there is none', () => expect(pauseText(aRun(), 0)).toBe(''));

  it('should say what came of each look that the planner had at it, and count what was made anew', () => {
    const amendment = { step: 'labels', planVersion: 1, newVersion: null, redo: [], startedAt: at(0), finishedAt: null };
    const text = runBalance(
      aRun({
        steps: [labels],
        replaced: { ...spent, calls: 70 },
        amendments: [
          { ...amendment, number: 1, cause: 'failed', outcome: 'amended', newVersion: 2, reason: 'The texts\nare long.' },
          { ...amendment, number: 2, cause: 'needs_split', outcome: 'kept', reason: 'It is well.' },
          { ...amendment, number: 3, cause: 'review', outcome: null, reason: null },
          { ...amendment, number: 4, cause: 'review', outcome: 'amended', newVersion: 3, redo: ['labels'], reason: 'Kinder.' },
        ],
      }),
      0,
    );
    expect(text).toContain('amendment 1 after step labels (it failed): version 2 of the plan: The texts are long.');
    expect(text).toContain('amendment 2 after step labels (rows need a split): the plan stays: It is well.');
    expect(text).toContain('amendment 3 after step labels (it asks for a look): the planner is asked');
    expect(text).toContain('amendment 4 after step labels (it asks for a look): version 3 of the plan, failed rows of labels again: Kinder.');
    expect(text).toMatch(/replaced .* 70 /);
    expect(text).toMatch(/total .* 600 /);
  });
});
