import { type ErrorPayload, type RowResult } from '@apwa/contracts';
import { type CallControl } from './control.js';
import { type Pipeline } from './pipeline.js';
import { type RowSource } from './row-source.js';

export interface RowRunnerOptions {
  source: RowSource;
  pipeline: Pipeline;
  /** `fault`: why the stage was stopped by this member. */
  stage: { readonly fault: ErrorPayload | null };
  control: CallControl;
  /** Rows that are under way at once, at first. */
  slots: number;
  /** The row was asked and has its result. */
  done: (result: RowResult) => void;
  /** Resolves when another row may begin as far as the journal is concerned. */
  room: () => Promise<void> | undefined;
  /** Fewer slots are in use from now on: no rows are left for the others, or they were asked back. */
  needs: (slots: number) => void;
}

/** Runs a shard's rows, as many at a time as it has slots, until there are none left or no more may begin. */
export class RowRunner {
  /** Resolves when no row is under way any more. Rejects with what reading the input threw. */
  readonly ended: Promise<void>;
  #settle: () => void = () => undefined;
  #slots = 0;
  #running = 0;
  #exhausted = false;
  #over = false;
  #broken: Error | undefined;

  constructor(private readonly options: RowRunnerOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.#settle = () => (this.#broken ? reject(this.#broken) : resolve());
    });
    this.resize(options.slots);
  }

  /** Whether there are rows that have not begun, and may. */
  get hungry(): boolean {
    return !this.#over && this.#mayGoOn();
  }

  /** From now on so many rows at a time: more begin at once, fewer as rows end. */
  resize(slots: number): void {
    if (this.#over) return;
    this.#slots = slots;
    while (this.#running < this.#slots && this.#mayGoOn()) {
      this.#running++;
      void this.#work();
    }
    this.#endIfIdle();
  }

  #mayGoOn(): boolean {
    return !this.#exhausted && !this.#broken && this.options.control.mayBegin() && !this.options.stage.fault;
  }

  async #work(): Promise<void> {
    try {
      while (this.#mayGoOn() && this.#running <= this.#slots && (await this.#row()));
    } catch (thrown) {
      this.#broken ??= thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    const fewer = this.#exhausted || this.#running > this.#slots;
    this.#running--;
    if (fewer && !this.#broken) this.options.needs(Math.max(1, this.#running));
    this.#endIfIdle();
  }

  /** False if the row was abandoned: whoever gave it up may not begin others. */
  async #row(): Promise<boolean> {
    const { source, pipeline, control, done, room } = this.options;
    const wait = room();
    if (wait) {
      await wait;
      return true;
    }
    const item = await source.next();
    if (!item) {
      this.#exhausted = true;
      return true;
    }
    let result: RowResult | null = null;
    try {
      if (control.mayBegin()) result = await pipeline.run(item.row, item.values);
      if (result) done(result);
    } finally {
      if (result) source.finish(item.key, result);
      else source.abandon(item.key);
    }
    return result !== null;
  }

  #endIfIdle(): void {
    if (this.#running > 0 || this.#over) return;
    this.#over = true;
    this.#settle();
  }
}
