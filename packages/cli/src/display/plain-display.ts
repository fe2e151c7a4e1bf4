import { tokensOf, type Run, type RunEvent, type RunStep } from '@apwa/contracts';
import type { Display } from './display.js';
import { cost, figuresOf, levelText, number, planLines, workedUntil } from './format.js';

/** At most one line a second and step, where nothing else than figures changed. */
const EVERY_MS = 1_000;

/** `labels: 512/1,500 rows · 120 rows/s · 3 failed · 40,120 tokens · $0.02` */
const stepLine = (step: RunStep, until: number): string => {
  if (step.state === 'running' && step.kind !== 'map') return `${step.id}: ${step.waitingFor ?? levelText(step) ?? 'running'}`;
  const { done, total, failed, rowsPerSecond } = figuresOf(step, until);
  const rows = total === null || step.kind !== 'map' ? `${number(done)} rows` : `${number(done)}/${number(total)} rows`;
  const parts = [rows];
  if (step.state === 'running' && rowsPerSecond > 0) parts.push(`${number(rowsPerSecond)} rows/s`);
  if (failed) parts.push(`${number(failed)} failed`);
  if (step.counts.calls) parts.push(`${number(tokensOf(step.counts.usage))} tokens`, cost(step.counts.costUsd));
  if (step.waitingFor) parts.push(step.waitingFor);
  return `${step.id}: ${step.state === 'running' ? '' : `${step.state}, `}${parts.join(' · ')}`;
};

/** Lines for logs and pipes: what changed, once. */
export class PlainDisplay implements Display {
  private state = '';
  private planShown = false;
  private readonly steps = new Map<string, { state: string; line: string; at: number }>();

  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  say(text: string): void {
    this.write(`${text}\n`);
  }

  show(event: RunEvent): void {
    if (event.type === 'planner') this.say(`planner: ${event.text}`);
    else this.showRun(event.run);
  }

  close(): void {}

  private showRun(run: Run): void {
    if (run.state !== this.state) {
      this.state = run.state;
      this.say(`${run.id}: ${run.state.replaceAll('_', ' ')}${run.paused ? ` (${run.paused.reason}): ${run.paused.message}` : ''}`);
    }
    if (run.plan && !this.planShown) {
      this.planShown = true;
      for (const line of planLines(run.plan)) this.say(`plan: ${line}`);
    }
    const now = this.now();
    for (const step of run.steps) {
      if (step.state === 'waiting') continue;
      const before = this.steps.get(step.id);
      const line = stepLine(step, workedUntil(run, now));
      const changed = before?.state !== step.state || (line !== before.line && now - before.at >= EVERY_MS);
      if (!changed) continue;
      this.steps.set(step.id, { state: step.state, line, at: now });
      this.say(line);
    }
  }
}
