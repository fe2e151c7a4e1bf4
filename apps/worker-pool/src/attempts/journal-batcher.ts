import {
  type AgentTurn,
  ApwaError,
  BATCH_MS,
  BATCH_ROWS,
  INLINE_BYTES,
  type JournalBatch,
  type JournaledRows,
  type JournalPlace,
  type RowResult,
} from '@apwa/contracts';

/** Rows without acknowledgement beyond which new ones wait … */
const MAX_UNACKED = 2_048;
/** … for so long at most, in milliseconds: an outage of the journal slows work down, and ends none. */
const MAX_WAIT_MS = 10_000;
/** Publishes under way at once: enough that a slow disk does not set the pace, few enough to keep batches full. */
const MAX_PUBLISHES = 4;
const RETRY_MS = { first: 100, most: 2_000 };
/** A UTF-16 unit makes three bytes of UTF-8 at most; the rest is the frame of a row or a turn. */
const bytesAtMost = (value: unknown) => (JSON.stringify(value)?.length ?? 0) * 3 + 2_000;
const sizeOfResult = ({ output, transcript }: RowResult) => bytesAtMost(output) + (transcript?.length ?? 0) * 3;

interface Entry {
  /** A row's result, or a turn of a row that is under way. */
  readonly content: { result: RowResult } | { turn: AgentTurn };
  readonly bytes: number;
  /** An acknowledgement has been counted: a second one, after a loss of the stream, does not count again. */
  counted: boolean;
}

const resultsOf = (entries: readonly Entry[]): RowResult[] =>
  entries.flatMap(({ content }) => ('result' in content ? [content.result] : []));
const turnsOf = (entries: readonly Entry[]): AgentTurn[] => entries.flatMap(({ content }) => ('turn' in content ? [content.turn] : []));

export interface JournalBatcherOptions {
  token: string;
  place: JournalPlace;
  /** Every answer is published at once, and no row begins before all answers are acknowledged. Default false. */
  stepwise?: boolean;
  /** Resolves when the batch is stored, however long that takes; the signal ends the wait. */
  publish(place: JournalPlace, batch: JournalBatch, signal: AbortSignal): Promise<void>;
  /** Puts what is too large for a message into storage; answers the key. */
  store(sequence: number, content: JournaledRows): Promise<string>;
  /** These rows are in the journal of that incarnation; `fresh`: those of them that were never in one before. */
  acked(rows: readonly number[], incarnation: number, fresh: readonly RowResult[]): void;
  failed(error: ApwaError): void;
}

/**
 * Publishes an attempt's finished rows in batches, and holds them until the attempt is over: should the stream be lost, they are
 * published once more to the next one. Batches are numbered anew with each try: an id is never used twice (HAZARDS H5), and who
 * reads the journal takes one result per row.
 */
export class JournalBatcher {
  #place: JournalPlace;
  /** Grows when the place changes: what was under way to the old one counts for nothing. */
  #epoch = 0;
  #abort = new AbortController();
  #sequence = 0;
  #all: Entry[] = [];
  /** Turns of rows that have no result yet. */
  readonly #turns = new Map<number, Entry[]>();
  #pending: Entry[] = [];
  #pendingBytes = 0;
  #publishes = 0;
  #unacked = 0;
  #failures = 0;
  #outage = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #watchers: (() => void)[] = [];

  constructor(private readonly options: JournalBatcherOptions) {
    this.#place = options.place;
  }

  /** Rows and turns that were added and are not acknowledged. */
  get unacked(): number {
    return this.#unacked;
  }

  add(result: RowResult): void {
    if (this.#closed) return;
    const entry = { content: { result }, bytes: sizeOfResult(result), counted: false };
    this.#all.push(entry);
    // Should the journal be lost, nobody needs them any more.
    this.#turns.delete(result.row);
    this.#add(entry);
  }

  /** Resolves when the turn is in the journal, after `MAX_WAIT_MS` at the latest; at once while an outage lasts. */
  async addTurn(turn: AgentTurn): Promise<void> {
    if (this.#closed) return;
    const entry = this.#keepTurn(turn, false);
    this.#add(entry);
    if (!this.#outage && !(await this.#until(() => entry.counted || this.#outage, MAX_WAIT_MS))) this.#outage = true;
  }

  /** Rows that earlier attempts have journaled: published only if the journal is lost. */
  addTaken(results: readonly RowResult[]): void {
    for (const result of results) this.#all.push({ content: { result }, bytes: sizeOfResult(result), counted: true });
  }

  /** Turns of earlier attempts, of rows that have no result. */
  addTakenTurns(turns: readonly AgentTurn[]): void {
    for (const turn of turns) this.#keepTurn(turn, true);
  }

  /** Resolves when there is room for another row, after `MAX_WAIT_MS` at the latest; undefined if there is room already. */
  room(): Promise<void> | undefined {
    const most = this.options.stepwise ? 1 : MAX_UNACKED;
    if (this.#unacked < most || this.#outage || this.#closed) return undefined;
    return this.#until(() => this.#unacked < most || this.#outage, MAX_WAIT_MS).then((inTime) => {
      if (!inTime) this.#outage = true;
    });
  }

  /** Publishes what is there without waiting for full batches; whether all of it was acknowledged within `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean> {
    this.#send(true);
    return this.#until(() => this.#unacked === 0, timeoutMs);
  }

  /** The journal goes on elsewhere, and what it held is lost: everything is published again. */
  moveTo(place: JournalPlace): void {
    if (this.#closed || place.incarnation === this.#place.incarnation) return;
    this.#place = place;
    this.#epoch++;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#failures = 0;
    const all = [...this.#all, ...[...this.#turns.values()].flat()];
    this.#unacked = all.length;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    for (const entry of all) this.#enqueue(entry);
    this.#send(false);
  }

  /** Nothing more is published. */
  close(): void {
    this.#closed = true;
    this.#abort.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    this.#all = [];
    this.#turns.clear();
    this.#pending = [];
    this.#changed();
  }

  #add(entry: Entry): void {
    this.#unacked++;
    this.#enqueue(entry);
    this.#send(this.options.stepwise ?? false);
  }

  #keepTurn(turn: AgentTurn, counted: boolean): Entry {
    const entry = { content: { turn }, bytes: bytesAtMost(turn), counted };
    const before = this.#turns.get(turn.row);
    if (before) before.push(entry);
    else this.#turns.set(turn.row, [entry]);
    return entry;
  }

  #enqueue(entry: Entry): void {
    this.#pending.push(entry);
    this.#pendingBytes += entry.bytes;
  }

  #send(now: boolean): void {
    if (this.#closed || this.#retryTimer) return;
    while (this.#pending.length > 0 && this.#publishes < MAX_PUBLISHES) {
      if (!now && this.#pending.length < BATCH_ROWS && this.#pendingBytes < INLINE_BYTES) {
        this.#timer ??= setTimeout(() => this.#due(), BATCH_MS);
        return;
      }
      void this.#publish(this.#take());
    }
  }

  #due(): void {
    this.#timer = undefined;
    this.#send(true);
  }

  /** Up to a batch's rows of a size that surely fits a message, but at least one row. */
  #take(): Entry[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#pending.length && count < BATCH_ROWS) {
      bytes += this.#pending[count]?.bytes ?? 0;
      if (count > 0 && bytes > INLINE_BYTES) break;
      count++;
    }
    const taken = this.#pending.splice(0, count);
    for (const entry of taken) this.#pendingBytes -= entry.bytes;
    return taken;
  }

  async #publish(entries: Entry[]): Promise<void> {
    const epoch = this.#epoch;
    const place = this.#place;
    const { signal } = this.#abort;
    const sequence = this.#sequence++;
    this.#publishes++;
    try {
      const content = { rows: resultsOf(entries), turns: turnsOf(entries) };
      const { rows, turns } = isSmall(entries, content)
        ? content
        : { rows: { key: await this.options.store(sequence, content) }, turns: [] };
      const batch = { token: this.options.token, sequence, rows, ...(turns.length > 0 ? { turns } : {}) };
      await this.options.publish(place, batch, signal);
      if (epoch === this.#epoch) this.#acknowledged(entries, place.incarnation);
    } catch (thrown) {
      if (epoch === this.#epoch && !this.#closed) this.#retryLater(entries, ApwaError.from(thrown));
    } finally {
      this.#publishes--;
      this.#send(false);
    }
  }

  #acknowledged(entries: Entry[], incarnation: number): void {
    this.#failures = 0;
    this.#outage = false;
    this.#unacked -= entries.length;
    const fresh = entries.filter(({ counted }) => !counted);
    for (const entry of fresh) entry.counted = true;
    if (!this.#closed)
      this.options.acked(
        resultsOf(entries).map(({ row }) => row),
        incarnation,
        resultsOf(fresh),
      );
    this.#changed();
  }

  #retryLater(entries: Entry[], error: ApwaError): void {
    this.#pending.unshift(...entries);
    for (const entry of entries) this.#pendingBytes += entry.bytes;
    this.options.failed(error);
    if (this.#retryTimer) return;
    const delay = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.#failures++);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#send(true);
    }, delay);
  }

  #until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (met: boolean) => {
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((other) => other !== watcher);
        resolve(met);
      };
      const watcher = () => {
        if (condition() || this.#closed) settle(condition());
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#watchers.push(watcher);
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Whether it fits a message. */
const isSmall = (entries: readonly Entry[], content: JournaledRows): boolean =>
  entries.reduce((sum, { bytes }) => sum + bytes, 0) <= INLINE_BYTES || Buffer.byteLength(JSON.stringify(content)) <= INLINE_BYTES;
