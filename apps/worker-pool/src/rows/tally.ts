import { addUsage, noUsage, type RowErrorCode, type RowResult, type StageCounts, type TokenUsage } from '@apwa/contracts';

/** What is known of a call, whether it was answered or failed. */
export interface CallFigures {
  usage: TokenUsage;
  usageEstimated: boolean;
  costUsd: number;
  model: string | null;
  latencyMs: number;
}

/** What the calls of a row took, as a result has it. */
export type RowFigures = Omit<CallFigures, 'model'> & { attempts: number; model: string | null; traceId: string | null };

/** The longest message of a failed row, in characters … */
const MESSAGE_LENGTH = 500;
/** … and of one that stands for others: heartbeats carry it. */
const EXAMPLE_LENGTH = 200;

const shortened = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

/** What a row's calls have cost so far. */
export class RowTally {
  calls = 0;
  #usage = noUsage();
  #estimated = false;
  #costUsd = 0;
  #latencyMs = 0;
  #model: string | null = null;

  add(figures: Partial<CallFigures>): void {
    if (figures.usage) this.#usage = addUsage(this.#usage, figures.usage);
    this.#estimated ||= figures.usageEstimated ?? false;
    this.#costUsd += figures.costUsd ?? 0;
    this.#latencyMs += figures.latencyMs ?? 0;
    this.#model = figures.model ?? this.#model;
  }

  /** Adds what other calls of the row took. */
  take({ attempts, ...figures }: Partial<CallFigures> & { attempts: number }): void {
    this.calls += attempts;
    this.add(figures);
  }

  ok(row: number, output: RowResult['output']): RowResult {
    return { row, status: 'ok', output, error: null, ...this.figures() };
  }

  failed(row: number, code: RowErrorCode, message: string): RowResult {
    const error = { code, message: shortened(message, MESSAGE_LENGTH) };
    return { row, status: 'failed', output: null, error, ...this.figures() };
  }

  figures(): RowFigures {
    return {
      attempts: this.calls,
      model: this.#model,
      usage: this.#usage,
      usageEstimated: this.#estimated,
      costUsd: this.#costUsd,
      latencyMs: Math.round(this.#latencyMs),
      traceId: null,
    };
  }
}

/** The result of a row whose fields are those of another one: asked once, paid once. */
export const sharedResult = (result: RowResult, row: number): RowResult => ({
  ...result,
  row,
  attempts: 0,
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 0,
});

/** Adds a row to `counts`, in place: it happens once per row, for millions of them. */
export const countRow = (counts: StageCounts, result: RowResult): void => {
  if (result.status === 'ok') counts.ok++;
  else counts.failed++;
  if (result.reused) {
    // What it took was paid for when it was made.
    counts.reused = (counts.reused ?? 0) + 1;
    return;
  }
  if (result.error) {
    const { code, message } = result.error;
    counts.errors[code] = (counts.errors[code] ?? 0) + 1;
    counts.examples[code] ??= shortened(message, EXAMPLE_LENGTH);
  }
  counts.usage.input += result.usage.input;
  counts.usage.cacheRead += result.usage.cacheRead;
  counts.usage.cacheWrite += result.usage.cacheWrite;
  counts.usage.output += result.usage.output;
  counts.usage.reasoning += result.usage.reasoning;
  counts.costUsd += result.costUsd;
  counts.calls += result.attempts;
};
