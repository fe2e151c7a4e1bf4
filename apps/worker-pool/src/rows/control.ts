import { setMaxListeners } from 'node:events';
import { Waiters } from './waiters.js';

/** What the state machine of an attempt says of its rows. */
export interface CallRules {
  /** Begins a call of the row if one may begin: not without a fresh lease (HAZARDS K1), not while the attempt is held. */
  begin(row: number): boolean;
  /** Begins a call beside others of a row that is in flight, if calls may begin. */
  join(row: number): boolean;
  /** The call ended without an outcome: the row may begin another one. */
  land(row: number): void;
  /** Whether calls may begin at all, the row aside. */
  mayCall(): boolean;
  /** Whether new work may begin: false while the run is paused or the member drains, and once the attempt is over. */
  mayBegin(): boolean;
}

/** What a row in its pipeline must know of its attempt. */
export interface CallControl extends CallRules {
  /** Aborted when the attempt is dropped: calls in flight end. */
  readonly signal: AbortSignal;
  /** Resolves at the next change of what may begin. */
  changed(): Promise<void>;
  /** Resolves after `ms` at the latest, earlier on a change. */
  sleep(ms: number): Promise<void>;
}

/** The rules, and a bell: whatever waits looks at them again whenever it rings. */
export class AttemptControl implements CallControl {
  readonly #abort = new AbortController();
  readonly #waiters = new Waiters();
  readonly #sleepers = new Set<() => void>();

  constructor(private readonly rules: CallRules) {
    // Every call in flight listens: thousands are no leak.
    setMaxListeners(0, this.#abort.signal);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  begin(row: number): boolean {
    return this.rules.begin(row);
  }

  join(row: number): boolean {
    return this.rules.join(row);
  }

  land(row: number): void {
    this.rules.land(row);
  }

  mayCall(): boolean {
    return this.rules.mayCall();
  }

  mayBegin(): boolean {
    return this.rules.mayBegin();
  }

  /** Ends what is in flight. */
  abort(reason: Error): void {
    this.#abort.abort(reason);
    this.ring();
  }

  changed(): Promise<void> {
    return this.#waiters.wait();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  ring(): void {
    this.#waiters.wakeAll();
    for (const wake of [...this.#sleepers]) wake();
  }
}
