import { type CallKey } from '@apwa/contracts';

/** Calls of an attempt that must never be made twice. */
export interface Intents {
  /** Whether the row may have made such a call, beside those that are known to have ended. Errors: of the request. */
  uncertain(row: number, ended: ReadonlySet<CallKey>): Promise<boolean>;
  /** Writes a call down before it is made; false if it must not be made here. Does not reject. */
  record(row: number, key: CallKey): Promise<boolean>;
  /** A call that was written down was not carried out: it leaves nothing in doubt. It is not made again here. */
  refused(row: number, key: CallKey): void;
}

export interface IntentRequests {
  list(): Promise<readonly { row: number; key: CallKey }[]>;
  record(row: number, key: CallKey): Promise<boolean>;
  /** Does not reject. */
  end(row: number, key: CallKey): Promise<void>;
}

/** What was written down for the rows of a shard: by attempts before, asked for once, and by this one. */
export class IntentBook implements Intents {
  readonly #own = new Map<number, Set<CallKey>>();
  /** A late word that one of these was refused must meet no second try of it. */
  readonly #refused = new Set<string>();
  #before: Promise<ReadonlyMap<number, ReadonlySet<CallKey>>> | undefined;

  constructor(
    private readonly requests: IntentRequests,
    /** Others may have had the shard. */
    private readonly mayHavePredecessors: boolean,
  ) {}

  async uncertain(row: number, ended: ReadonlySet<CallKey>): Promise<boolean> {
    const before = this.mayHavePredecessors ? await this.#earlier() : undefined;
    const keys = [...(before?.get(row) ?? []), ...(this.#own.get(row) ?? [])];
    return keys.some((key) => !ended.has(key));
  }

  async record(row: number, key: CallKey): Promise<boolean> {
    if (this.#refused.has(`${row} ${key}`)) return false;
    addTo(this.#own, row, key);
    return this.requests.record(row, key);
  }

  refused(row: number, key: CallKey): void {
    this.#own.get(row)?.delete(key);
    this.#refused.add(`${row} ${key}`);
    void this.requests.end(row, key);
  }

  #earlier(): Promise<ReadonlyMap<number, ReadonlySet<CallKey>>> {
    this.#before ??= this.#list().catch((thrown: unknown) => {
      this.#before = undefined;
      throw thrown;
    });
    return this.#before;
  }

  async #list(): Promise<Map<number, Set<CallKey>>> {
    const byRow = new Map<number, Set<CallKey>>();
    for (const { row, key } of await this.requests.list()) addTo(byRow, row, key);
    return byRow;
  }
}

const addTo = (byRow: Map<number, Set<CallKey>>, row: number, key: CallKey): void => {
  const keys = byRow.get(row);
  if (keys) keys.add(key);
  else byRow.set(row, new Set([key]));
};
