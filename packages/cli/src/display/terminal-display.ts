import type { Run, RunEvent, RunStep } from '@apwa/contracts';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { Display } from './display.js';
import { cost, duration, figuresOf, number, tokens } from './format.js';

/** The text to the right of a step's bar. */
export const barText = (step: RunStep, now: number): string => {
  const { done, total, failed, rowsPerSecond, left } = figuresOf(step, now);
  const parts = [total === null || step.kind === 'sql' ? `${number(done)} rows` : `${number(done)}/${number(total)}`];
  if (rowsPerSecond > 0 && step.kind !== 'sql') parts.push(`${number(rowsPerSecond)} rows/s`);
  if (left !== null) parts.push(`${duration(left)} left`);
  if (failed) parts.push(`${number(failed)} failed`);
  if (step.counts.calls) parts.push(`${number(tokens(step.counts.usage))} tokens`, cost(step.counts.costUsd));
  if (step.waitingFor) parts.push(step.waitingFor);
  if (step.state === 'failed' || step.state === 'cancelled') parts.push(step.state);
  return parts.join(' · ');
};

/** A bar per step that redraws itself; above it what the planner does. */
export class TerminalDisplay implements Display {
  private readonly bars: MultiBar;
  private readonly bySteps = new Map<string, SingleBar>();
  private state = '';

  constructor(stream: NodeJS.WriteStream) {
    this.bars = new MultiBar(
      {
        format: '{name} {bar} {text}',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: false,
        linewrap: false,
        emptyOnZero: true,
        fps: 10,
        stream,
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
  }

  say(text: string): void {
    this.bars.log(`${text}\n`);
    this.bars.update();
  }

  show(event: RunEvent): void {
    if (event.type === 'planner') this.say(`  planner · ${event.text}`);
    else this.showRun(event.run);
  }

  close(): void {
    this.bars.update();
    this.bars.stop();
  }

  private showRun(run: Run): void {
    if (run.state !== this.state) {
      this.state = run.state;
      this.say(`${run.id} · ${run.state.replaceAll('_', ' ')}`);
    }
    const width = Math.max(8, ...run.steps.map(({ id }) => id.length));
    for (const step of run.steps) {
      const payload = { name: step.id.padEnd(width), text: barText(step, Date.now()) };
      const one = step.rows === null || step.kind === 'sql';
      const total = one ? 1 : Math.max(1, step.rows ?? 1);
      const value = step.state === 'succeeded' ? total : one ? 0 : Math.min(total, step.counts.ok + step.counts.failed);
      const bar = this.bySteps.get(step.id);
      if (!bar) this.bySteps.set(step.id, this.bars.create(total, value, payload));
      else {
        bar.setTotal(total);
        bar.update(value, payload);
      }
    }
  }
}
