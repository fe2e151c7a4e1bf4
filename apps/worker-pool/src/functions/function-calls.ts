import { randomUUID } from 'node:crypto';
import { ApwaError, type CallResult, type JsonObject, PermanentError } from '@apwa/contracts';
import { type CallControl } from '../rows/control.js';

/** Where a function is called at present. */
export interface FunctionPlace {
  /** Results of the first of the rows, at least one. */
  call(call: string, rows: string[], signal: AbortSignal): Promise<CallResult[]>;
  cancel(call: string, running: boolean): void;
}

export interface FunctionCallsOptions {
  maxBatch: number;
  maxWaitMs: number;
  /** Finds the place; asked again after each fault that may pass. */
  open: () => Promise<FunctionPlace>;
}

/** Bytes of a row's arguments, as they stand in a message … */
export const MAX_ROW_BYTES = 512 * 1024;
/** … and of a batch, with another row of the largest beside it: NATS takes 1 MiB. */
const BATCH_BYTES = 256 * 1024;
/** Milliseconds between two tries while nobody is there to be called. */
const AGAIN_MS = 250;
const AGAIN_MOST_MS = 2_000;

interface Entry {
  readonly given: string;
  readonly control: CallControl;
  /** Null: it was abandoned. */
  readonly resolve: (output: JsonObject | null) => void;
  readonly reject: (error: ApwaError) => void;
}

/**
 * Calls of a function on a Ray cluster, for all rows of a stage in this member. Rows go in batches; when nobody is there to be called they
 * wait, and are called again: functions of which that would do harm are not taken.
 */
export class FunctionCalls {
  readonly #options: FunctionCallsOptions;
  readonly #bells = new Set<() => void>();
  #gathered: Entry[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #place: Promise<FunctionPlace> | undefined;

  constructor(options: FunctionCallsOptions) {
    this.#options = options;
  }

  /**
   * What the function gives for a row; null if it was abandoned: its attempt was dropped, or may begin nothing before it had begun. Throws
   * PermanentError with the row's error, RefusedError if the function can't be called at all.
   */
  call(given: JsonObject, control: CallControl): Promise<JsonObject | null> {
    const text = JSON.stringify(given);
    const bytes = Buffer.byteLength(JSON.stringify(text));
    if (bytes > MAX_ROW_BYTES)
      throw new PermanentError('invalid_arguments', `its arguments take ${bytes} bytes, and ${MAX_ROW_BYTES} are allowed`);
    return new Promise((resolve, reject) => {
      this.#gathered.push({ given: text, control, resolve, reject });
      this.#bytes += bytes;
      if (this.#gathered.length >= this.#options.maxBatch || this.#bytes > BATCH_BYTES) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), this.#options.maxWaitMs);
    });
  }

  /** What rows may do has changed. */
  wake(): void {
    for (const ring of [...this.#bells]) ring();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#gathered;
    this.#gathered = [];
    this.#bytes = 0;
    void this.#run(batch);
  }

  async #run(batch: Entry[]): Promise<void> {
    let left = staying(batch);
    for (let failures = 0; left.length > 0; left = staying(left)) {
      try {
        const results = await this.#ask(left);
        failures = 0;
        for (const [index, result] of results.entries()) settle(left[index] as Entry, result);
        left = left.slice(results.length);
      } catch (thrown) {
        const error = ApwaError.from(thrown);
        left = staying(left);
        if (error.class !== 'transient') {
          for (const { reject } of left) reject(error);
          return;
        }
        if (left.length === 0) return;
        this.#place = undefined;
        await this.#sleep(Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** failures++));
      }
    }
  }

  async #ask(entries: readonly Entry[]): Promise<CallResult[]> {
    this.#place ??= this.#options.open();
    const place = await this.#place;
    const call = randomUUID();
    const over = new AbortController();
    const look = (): void => {
      if (entries.every(({ control }) => control.signal.aborted)) over.abort(new PermanentError('attempt_over', 'the attempt is over'));
      else if (!entries.some(({ control }) => control.mayBegin())) place.cancel(call, false);
    };
    this.#bells.add(look);
    try {
      return await place.call(
        call,
        entries.map(({ given }) => given),
        over.signal,
      );
    } catch (thrown) {
      // Whoever may still run it runs it for nobody.
      if (over.signal.aborted || ApwaError.from(thrown).class === 'transient') place.cancel(call, true);
      throw thrown;
    } finally {
      this.#bells.delete(look);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#bells.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#bells.add(wake);
    });
  }
}

/** Those that may begin; the others are abandoned. */
const staying = (entries: readonly Entry[]): Entry[] =>
  entries.filter(({ control, resolve }) => {
    const stays = !control.signal.aborted && control.mayBegin();
    if (!stays) resolve(null);
    return stays;
  });

const settle = ({ resolve, reject }: Entry, result: CallResult): void => {
  if ('output' in result) resolve(result.output);
  else reject(new PermanentError(result.error.code, result.error.message));
};
