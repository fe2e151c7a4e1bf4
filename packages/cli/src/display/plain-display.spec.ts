import { noCounts, noUsage, type Run, type RunStep } from '@apwa/contracts';
import { aRun, aStep } from '../../test/support/runs.js';
import { duration } from './format.js';
import { PlainDisplay } from './plain-display.js';
import { barText } from './terminal-display.js';

const at = (ms: number) => new Date(ms).toISOString();
const step = (ok: number, rest: Partial<RunStep> = {}): RunStep =>
  aStep({ counts: { ...noCounts(), ok, failed: 3, calls: ok, usage: { ...noUsage(), input: 10 * ok }, costUsd: 0.5 }, ...rest });
const run = (steps: RunStep[]): Run => aRun({ steps });

it('should print what changed, figures at most once a second', () => {
  const lines: string[] = [];
  let now = 1_000;
  const display = new PlainDisplay(
    (line) => lines.push(line),
    () => now,
  );
  display.show({ type: 'run', run: run([step(100)]) });
  now = 1_500;
  display.show({ type: 'run', run: run([step(150)]) });
  now = 2_000;
  display.show({ type: 'run', run: run([step(200)]) });
  display.show({ type: 'run', run: run([step(1497, { state: 'succeeded', finishedAt: at(2_000) })]) });
  expect(lines.filter((line) => line.startsWith('labels'))).toEqual([
    'labels: 103/1,500 rows · 103 rows/s · 3 failed · 1,000 tokens · $0.50\n',
    'labels: 203/1,500 rows · 102 rows/s · 3 failed · 2,000 tokens · $0.50\n',
    'labels: succeeded, 1,500/1,500 rows · 3 failed · 14,970 tokens · $0.50\n',
  ]);
});

it('should say on the terminal how long is left, and why nothing runs', () => {
  expect(barText(step(747), 10_000)).toBe('750/1,500 · 75 rows/s · 10 s left · 3 failed · 7,470 tokens · $0.50');
  expect(barText(step(0, { waitingFor: 'no member of pool default has joined', counts: noCounts() }), 1_000)).toContain(
    'no member of pool',
  );
});

it.each([
  [1_234, '1.2 s'],
  [59_000, '59 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
])('should write %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));
