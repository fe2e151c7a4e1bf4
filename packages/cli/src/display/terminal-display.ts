import { tokensOf, type Run, type RunEvent, type RunStep } from '@apwa/contracts';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { Display } from './display.js';
import { budgetText, cost, duration, figuresOf, levelText, number, planLines, spentOf, workedMs, workedUntil } from './format.js';

/** The text to the right of a step's bar. `until`: the moment up to which its run has worked. */
export const barText = (step: RunStep, until: number): string => {
  const { done, total, failed, rowsPerSecond, left } = figuresOf(step, until);
  if (step.state === 'waiting') return 'waiting';
  const level = step.state === 'running' ? levelText(step) : null;
  const parts = [level ?? (total === null || step.kind !== 'map' ? `${number(done)} rows` : `${number(done)}/${number(total)}`)];
  if (rowsPerSecond > 0 && step.kind === 'map') parts.push(`${number(rowsPerSecond)} rows/s`);
  if (left !== null && left > 0) parts.push(`${duration(left)} left`);
  if (failed) parts.push(`${number(failed)} failed`);
  if (step.counts.calls) parts.push(`${number(tokensOf(step.counts.usage))} tokens`, cost(step.counts.costUsd));
  if (step.waitingFor) parts.push(step.waitingFor);
  if (step.state === 'failed' || step.state === 'cancelled') parts.push(step.state);
  return parts.join(' · ');
};

/** The line under the bars: what the whole run has come to. */
const totalText = (run: Run, now: number): string => {
  const { calls, usage, costUsd } = spentOf(run);
  return [
    run.state.replaceAll('_', ' '),
    duration(workedMs({ ...run, startedAt: run.startedAt ?? run.createdAt }, workedUntil(run, now))),
    `${number(calls)} calls`,
    `${number(tokensOf(usage))} tokens`,
    cost(costUsd),
    ...(run.budget ? [`budget: ${budgetText(run)}`] : []),
  ].join(' · ');
};

const BAR_COLUMNS = 24;

/** A bar per step that redraws itself, and a line of totals; above them what the planner does. */
export class TerminalDisplay implements Display {
  private bars: MultiBar | undefined;
  private readonly lines = new Map<string, SingleBar>();
  private run: Run | undefined;
  private announced = '';
  private planShown = false;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly now: () => number = Date.now,
  ) {}

  say(text: string): void {
    if (!this.bars) {
      this.stream.write(`${text}\n`);
      return;
    }
    this.bars.log(
      this.fit(text)
        .map((line) => `${line}\x1b[K\n`)
        .join(''),
    );
    this.bars.update();
  }

  /**
   * While bars are there the terminal cuts lines off instead of wrapping them: what is said would lose its end. The last column is
   * left free, for what erases the rest of a line erases a character that stands there.
   */
  private fit(text: string): string[] {
    const width = Math.max(1, (this.stream.columns || Infinity) - 1);
    return text.split('\n').flatMap((line) => {
      if (line.length <= width) return [line];
      return Array.from({ length: Math.ceil(line.length / width) }, (_, at) => line.slice(at * width, (at + 1) * width));
    });
  }

  show(event: RunEvent): void {
    if (event.type === 'planner') this.say(`  planner · ${event.text}`);
    else this.showRun(event.run);
  }

  /** Draws the bars a last time, and leaves them there. What is shown later begins anew below. */
  close(): void {
    if (!this.bars) return;
    this.redraw();
    this.bars.stop();
    this.bars = undefined;
    this.lines.clear();
  }

  private showRun(run: Run): void {
    this.run = run;
    const word = run.state.replaceAll('_', ' ');
    if (word !== this.announced && !run.steps.some(({ state }) => state !== 'waiting')) {
      this.announced = word;
      this.say(`${run.id} · ${word}`);
    }
    if (run.plan && !this.planShown) {
      this.planShown = true;
      for (const line of planLines(run.plan)) this.say(`  plan · ${line}`);
    }
    if (run.steps.some(({ state }) => state !== 'waiting')) this.redraw();
  }

  private redraw(): void {
    const { run } = this;
    if (!run) return;
    this.bars ??= this.open();
    const width = Math.max(8, ...run.steps.map(({ id }) => id.length));
    for (const step of run.steps) {
      const one = step.rows === null || step.kind !== 'map';
      const total = one ? 1 : Math.max(1, step.rows ?? 1);
      const value = step.state === 'succeeded' ? total : one ? 0 : Math.min(total, step.counts.ok + step.counts.failed);
      this.draw(step.id, total, value, { name: step.id.padEnd(width), text: barText(step, workedUntil(run, this.now())) });
    }
    this.draw('', 1, 1, { text: totalText(run, this.now()) }, '{text}');
  }

  private draw(key: string, total: number, value: number, payload: object, format?: string): void {
    const bar = this.lines.get(key);
    if (!bar) {
      const made = this.bars?.create(total, value, payload, format ? { format } : {});
      if (made) this.lines.set(key, made);
      return;
    }
    bar.setTotal(total);
    bar.update(value, payload);
  }

  private open(): MultiBar {
    const bars = new MultiBar(
      {
        format: '{name} {bar} {text}',
        barsize: BAR_COLUMNS,
        hideCursor: true,
        clearOnComplete: false,
        linewrap: false,
        emptyOnZero: true,
        // A line said above moves all bars down, those that have not changed too.
        forceRedraw: true,
        fps: 10,
        stream: this.stream,
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    // Time goes on between two events.
    bars.on('update-pre', () => this.tick());
    return bars;
  }

  private tick(): void {
    if (this.run && this.run.finishedAt === null) this.redraw();
  }
}
