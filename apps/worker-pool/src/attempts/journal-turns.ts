import { type AttemptProgress } from '@apwa/contracts';
import { type JournalRefusal } from '@apwa/messaging';

/**
 * How long all attempts wait for room in the journal, in milliseconds: a shard that is committed elsewhere makes some, a few
 * seconds later. Then they go on one by one, for it may be that no other shard can be committed before one of theirs.
 */
export const HOLD_MS = 10_000;

/** An attempt as far as turns depend on it. */
export interface TurnTaker {
  readonly token: string;
  /** Rows that it could begin if it might; 0 while it has nothing to do with rows. */
  readonly unbegun: number;
  /** Rows without an answer. */
  readonly missing: number;
}

export interface JournalTurnsOptions {
  /** Why the journal takes no more batches, if so. */
  refusal(): JournalRefusal | null;
  /** The member's attempts. */
  takers(): Iterable<TurnTaker>;
}

/**
 * Who may begin rows while the journal takes no more of them: nobody at first, so that a death costs no more than what was in
 * flight; after a while the attempt that is nearest to its end, whose commit makes room, and then the next (HAZARDS K5). So
 * work slows down when the journal is full, and never stops for good.
 */
export class JournalTurns {
  /** Since when the journal takes no more, in monotonic milliseconds. */
  #since: number | null = null;
  #turn: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #waiting = new Set<() => void>();

  constructor(private readonly options: JournalTurnsOptions) {}

  /** Resolves when the attempt should ask again; undefined if it may begin a row now. */
  room(token: string): Promise<void> | undefined {
    if (!this.holds(token)) return undefined;
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Whether the attempt has to wait with new rows. */
  holds(token: string): boolean {
    if (this.options.refusal() === null) return false;
    const now = performance.now();
    this.#since ??= now;
    const left = this.#since + HOLD_MS - now;
    if (left <= 0) return this.#whoseTurn() !== token;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#wakeAll();
    }, left);
    return true;
  }

  /** What a stage is said to wait for on account of an attempt that waits. */
  reason(): AttemptProgress['waitsFor'] {
    const refusal = this.options.refusal();
    if (refusal === null) return null;
    return refusal === 'full' ? 'journal_room' : 'journal';
  }

  /** The journal takes batches again, or not; or something about an attempt has changed. */
  changed(): void {
    if (this.options.refusal() === null) {
      this.#since = null;
      this.#turn = null;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#wakeAll();
  }

  /** It stays with an attempt until that has begun all its rows. */
  #whoseTurn(): string | null {
    let next: TurnTaker | null = null;
    for (const taker of this.options.takers()) {
      if (taker.unbegun === 0) continue;
      if (taker.token === this.#turn) return this.#turn;
      if (next === null || taker.missing < next.missing) next = taker;
    }
    this.#turn = next?.token ?? null;
    return this.#turn;
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
