import { type LedgerPart } from '../ledger-types.js';
import { type Answers } from './journal-twin.js';

export interface StoredPart extends LedgerPart {
  readonly token: string;
  readonly answers: Answers;
}

export const partOf = (key: string, token: string, answers: Answers): StoredPart => {
  const content = `${token}:${[...answers].join(';')}`;
  return { key, bytes: content.length, sha256: content, token, answers };
};

/** The storage of parts: a PUT replaces what was there. */
export class StoreTwin {
  readonly #parts = new Map<string, StoredPart>();

  /** `changed`: called after each PUT and DELETE. */
  constructor(private readonly changed: () => void) {}

  put(part: StoredPart): void {
    this.#parts.set(part.key, part);
    this.changed();
  }

  /** Undefined if it is not there, or not with its size and checksum. */
  find({ key, bytes, sha256 }: LedgerPart): StoredPart | undefined {
    const stored = this.#parts.get(key);
    return stored?.bytes === bytes && stored.sha256 === sha256 ? stored : undefined;
  }

  delete(key: string): void {
    if (this.#parts.delete(key)) this.changed();
  }

  list(): StoredPart[] {
    return [...this.#parts.values()];
  }
}
