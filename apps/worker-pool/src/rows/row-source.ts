import { createHash } from 'node:crypto';
import { PermanentError, type RowResult, type RowValues, type ShardRange } from '@apwa/contracts';
import { type StageAnswers } from './shared-answers.js';
import { sharedResult } from './tally.js';

/** Rows that are read at once, ahead of the calls: bounds what a shard of large rows holds in memory. */
export const READ_ROWS = 2_048;
/** Longer keys are kept as their hash. */
const KEY_LENGTH = 64;

/** A row to be asked; others with the same fields wait for its result. */
export interface RowToRun {
  row: number;
  key: string;
  values: RowValues;
}

export interface RowSourceOptions {
  range: ShardRange;
  /** Columns that go into the prompt: rows that agree in them are asked once. Null: each row is asked, whatever others are like. */
  columns: readonly string[] | null;
  read: (range: ShardRange) => Promise<RowValues[]>;
  /** Results of a range that are there already, from before the stage. */
  earlier: (range: ShardRange) => Promise<RowResult[]>;
  /** The result that a row has already: journaled by an earlier attempt. */
  known: (row: number) => RowResult | undefined;
  /** A result that came without a call: it was there already, its row is like another one, or the row's input had failed. */
  settled: (result: RowResult) => void;
  /** Answers that shards of the stage share. Left out: the shard is by itself. */
  shared?: StageAnswers | undefined;
}

/**
 * The rows of a shard that have to be asked, read some thousands at a time. Rows with the same fields are given out once:
 * whoever finishes one calls `finish`, and the others of its kind are settled with its result; who gives one up calls `abandon`.
 * Rows that another shard of this member has asked, or asks just now, are settled with its result.
 */
export class RowSource {
  readonly #results = new Map<string, RowResult>();
  readonly #followers = new Map<string, number[]>();
  /** Rows like one that another shard was asking when it was their turn. */
  readonly #waiting: RowToRun[] = [];
  readonly #rows: AsyncGenerator<RowToRun, void>;

  constructor(private readonly options: RowSourceOptions) {
    this.#rows = this.#generate();
  }

  /** The next row, or undefined when all have been given out. May be called by many at once. */
  async next(): Promise<RowToRun | undefined> {
    const { value } = await this.#rows.next();
    return value ?? undefined;
  }

  finish(key: string, result: RowResult): void {
    this.options.shared?.settle(key, result);
    this.#finish(key, result);
  }

  /** The row has no result, and will be asked by nobody from here. */
  abandon(key: string): void {
    this.options.shared?.settle(key, null);
  }

  #finish(key: string, result: RowResult): void {
    this.#results.set(key, result);
    const followers = this.#followers.get(key) ?? [];
    this.#followers.delete(key);
    for (const row of followers) this.options.settled(sharedResult(result, row));
  }

  async *#generate(): AsyncGenerator<RowToRun, void> {
    const { range } = this.options;
    let ahead = this.#read(range.first);
    for (let first = range.first; first <= range.last; first += READ_ROWS) {
      const rows = await ahead;
      if (first + READ_ROWS <= range.last) {
        ahead = this.#read(first + READ_ROWS);
        // Whoever awaits it hears of its failure; until then it must not count as unhandled.
        ahead.catch(() => undefined);
      }
      yield* this.#toRun(first, rows.values, rows.earlier);
    }
    for (const item of this.#waiting) yield* this.#afterOthers(item);
  }

  /** The row where it is to be asked by this shard after all: who asked it has given it up. */
  async *#afterOthers(item: RowToRun): AsyncGenerator<RowToRun, void> {
    const { shared } = this.options;
    for (;;) {
      const result = shared?.get(item.key) ?? (await shared?.wait(item.key));
      if (result) return this.#settle(item, result);
      if (!shared || shared.take(item.key)) {
        yield item;
        return;
      }
    }
  }

  /** What another shard was told counts for this row and those like it. */
  #settle({ row, key }: RowToRun, result: RowResult): void {
    this.options.settled(sharedResult(result, row));
    this.#finish(key, result);
  }

  async #read(first: number): Promise<{ values: RowValues[]; earlier: RowResult[] }> {
    const last = Math.min(first + READ_ROWS - 1, this.options.range.last);
    const { read, earlier: readEarlier } = this.options;
    const [values, earlier] = await Promise.all([read({ first, last }), readEarlier({ first, last })]);
    if (values.length !== last - first + 1)
      throw new PermanentError('rows_missing', `rows ${first} to ${last} of the input were asked for, ${values.length} are there`);
    return { values, earlier };
  }

  *#toRun(first: number, rows: RowValues[], earlier: RowResult[]): Generator<RowToRun> {
    const { columns, known, settled } = this.options;
    const taken = new Map<number, RowResult>();
    for (const result of earlier) {
      if (known(result.row) || rows[result.row - first]?._status === 'failed') continue;
      // One that stays failed is counted as such.
      const reused: RowResult = result.status === 'ok' ? { ...result, reused: true } : result;
      taken.set(result.row, reused);
      settled(reused);
    }
    // Rows with a result first: those like them, before or after, need no call.
    const keys = rows.map((values, index) => (columns ? keyOf(columns, values) : `row ${first + index}`));
    keys.forEach((key, index) => {
      const result = known(first + index) ?? taken.get(first + index);
      if (result) this.#results.set(key, result);
    });
    for (const [index, values] of rows.entries()) {
      const row = first + index;
      const key = keys[index] as string;
      if (known(row) || taken.has(row)) continue;
      const result = this.#results.get(key);
      if (values._status === 'failed') settled(inputFailed(row, values));
      else if (result) settled(sharedResult(result, row));
      else if (this.#followers.has(key)) this.#followers.get(key)?.push(row);
      else {
        this.#followers.set(key, []);
        yield* this.#unlessShared({ row, key, values });
      }
    }
  }

  *#unlessShared(item: RowToRun): Generator<RowToRun> {
    const { shared } = this.options;
    const result = shared?.get(item.key);
    if (result) this.#settle(item, result);
    else if (!shared || shared.take(item.key)) yield item;
    else this.#waiting.push(item);
  }
}

const keyOf = (columns: readonly string[], values: RowValues): string => {
  // A row whose input failed is like none: its fields may be all null.
  const key = JSON.stringify([values._status === 'failed', ...columns.map((name) => values[name] ?? null)]);
  return key.length > KEY_LENGTH ? createHash('sha256').update(key).digest('base64') : key;
};

const inputFailed = (row: number, values: RowValues): RowResult => ({
  row,
  status: 'failed',
  output: null,
  error: {
    code: 'input_failed',
    message: `the row failed in the step before${values._error_code ? ` (${JSON.stringify(values._error_code)})` : ''}`,
  },
  attempts: 0,
  model: null,
  usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 0,
  traceId: null,
});
