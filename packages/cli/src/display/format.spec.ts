import { noCounts, noUsage } from '@apwa/contracts';
import { aRun, aStep } from '../../test/support/runs.js';
import { budgetText, cost, figuresOf, planLines, spentOf, workedUntil } from './format.js';

it.each([
  [0, '$0'],
  [0.00012, '$0.00012'],
  [1.239, '$1.24'],
])('should write %d USD as %s', (usd, text) => expect(cost(usd)).toBe(text));

describe('figures of a step', () => {
  const counts = { ...noCounts(), ok: 90, failed: 10 };

  it('should say how fast it is, and how long is left', () => {
    expect(figuresOf(aStep({ rows: 300, counts }), 2_000)).toEqual({ done: 100, total: 300, failed: 10, rowsPerSecond: 50, left: 4_000 });
  });

  it('should not guess before the first row or without a total, and keep the speed of what has ended', () => {
    expect(figuresOf(aStep({ startedAt: null }), 2_000)).toMatchObject({ rowsPerSecond: 0, left: null });
    expect(figuresOf(aStep({ rows: null, counts }), 2_000).left).toBeNull();
    const ended = aStep({ counts, state: 'succeeded', finishedAt: new Date(1_000).toISOString() });
    expect(figuresOf(ended, 60_000)).toMatchObject({ rowsPerSecond: 100, left: null });
  });
});

it('should not count the time of pauses, and stand still in one', () => {
  const paused = { reason: 'user' as const, message: 'x', since: new Date(12_000).toISOString() };
  const step = aStep({ rows: 300, counts: { ...noCounts(), ok: 100 }, pausedMs: 8_000 });
  const until = workedUntil({ paused }, 60_000);
  expect(figuresOf(step, until)).toMatchObject({ rowsPerSecond: 25, left: 8_000 });
  expect(workedUntil({ paused: null }, 60_000)).toBe(60_000);
  // A step that was begun in the last moment before a pause was heard of has taken no time.
  expect(figuresOf({ ...step, startedAt: new Date(13_000).toISOString(), pausedMs: 0 }, until).rowsPerSecond).toBe(0);
});

it('should count planning among what a run has spent', () => {
  const usage = { ...noUsage(), input: 10 };
  const steps = [aStep({ counts: { ...noCounts(), calls: 3, usage, costUsd: 0.5 } }), aStep()];
  expect(spentOf(aRun({ steps, planning: { turns: 2, usage, costUsd: 0.25 } }))).toEqual({
    calls: 5,
    usage: { ...noUsage(), input: 20 },
    costUsd: 0.75,
  });
});

it('should show a plan as a line for each step', () => {
  const steps = [
    { id: 'a', kind: 'sql', inputs: ['t', 'u'], query: 'SELECT 1', description: 'both together' },
    { id: 'b', kind: 'sql', inputs: ['a'], query: 'SELECT 2' },
  ] as const;
  const plan = { version: 1 as const, steps: steps.map((step) => ({ ...step, inputs: [...step.inputs] })), outputs: ['b'] };
  expect(planLines(plan)).toEqual(['a (sql) of t, u: both together', 'b (sql) of a']);
});

describe('budgetText', () => {
  it('should tell of each limit what is spent, and what is reserved', () => {
    const spent = { usd: 1.2, tokens: 900, rows: 12, timeMs: 5_000 };
    const limits = { usd: 2, tokens: 1_000, rows: 50, timeMs: 60_000 };
    expect(budgetText({ budget: { limits, spent, reserved: { usd: 0.05, tokens: 0, rows: 1 } } })).toBe(
      '$1.20 of $2.00 ($0.05 reserved), 900 of 1,000 tokens, 12 of 50 rows, 5.0 s of 1 min 00 s of work',
    );
    expect(budgetText({ budget: { limits: { rows: 50 }, spent, reserved: { usd: 0, tokens: 0, rows: 0 } } })).toBe('12 of 50 rows');
    expect(budgetText({ budget: null })).toBe('');
  });
});
