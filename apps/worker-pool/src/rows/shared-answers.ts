import { type JsonValue, type RowResult } from '@apwa/contracts';

/** What the answers of all stages may take in memory, about: those that were used longest ago go first. */
const ANSWERS_BYTES = 32 * 1024 * 1024;
/** What an answer takes beside its output, about. */
const ENTRY_BYTES = 500;

/** Answers to the rows of a stage, for its shards in this member: rows that agree are asked once among them, by whoever comes first. */
export interface StageAnswers {
  /** A result that is ok, if one is kept. */
  get(key: string): RowResult | undefined;
  /** True: nobody asks it just now, and it is the caller's to ask, who calls `settle` whatever becomes of it. */
  take(key: string): boolean;
  /** The result of who asks it just now; null where it was given up, or nobody does. */
  wait(key: string): Promise<RowResult | null>;
  /** Null: given up. */
  settle(key: string, result: RowResult | null): void;
}

interface Asked {
  promise: Promise<RowResult | null>;
  resolve: (result: RowResult | null) => void;
}

/** Answers of a member to the rows of its stages: those of late, and those that are being asked. */
export class SharedAnswers {
  readonly #kept = new Map<string, { result: RowResult; bytes: number }>();
  readonly #asked = new Map<string, Asked>();
  #bytes = 0;

  constructor(private readonly capacity = ANSWERS_BYTES) {}

  of(stageId: string): StageAnswers {
    const named = (key: string): string => `${stageId} ${key}`;
    return {
      get: (key) => this.#get(named(key)),
      take: (key) => this.#take(named(key)),
      wait: (key) => this.#asked.get(named(key))?.promise ?? Promise.resolve(null),
      settle: (key, result) => this.#settle(named(key), result),
    };
  }

  #get(name: string): RowResult | undefined {
    const kept = this.#kept.get(name);
    if (!kept) return undefined;
    // A Map keeps the order of insertion: what is asked for goes to its end.
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return kept.result;
  }

  #take(name: string): boolean {
    if (this.#asked.has(name)) return false;
    let resolve: Asked['resolve'] = () => undefined;
    const promise = new Promise<RowResult | null>((settle) => (resolve = settle));
    this.#asked.set(name, { promise, resolve });
    return true;
  }

  #settle(name: string, result: RowResult | null): void {
    const asked = this.#asked.get(name);
    this.#asked.delete(name);
    if (result?.status === 'ok') this.#keep(name, result);
    asked?.resolve(result);
  }

  #keep(name: string, result: RowResult): void {
    const bytes = ENTRY_BYTES + sizeOf(result.output);
    this.#drop(name);
    if (bytes > this.capacity) return;
    this.#kept.set(name, { result, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.capacity) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const kept = this.#kept.get(name);
    if (!kept) return;
    this.#kept.delete(name);
    this.#bytes -= kept.bytes;
  }
}

const sizeOf = (value: JsonValue): number => {
  if (typeof value === 'string') return 2 * value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + sizeOf(element), 16);
  if (typeof value === 'object' && value !== null) return Object.values(value).reduce<number>((sum, field) => sum + sizeOf(field), 64);
  return 8;
};
