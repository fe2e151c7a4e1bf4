import { type StageHistory } from './decide.js';
import { Waiters } from './waiters.js';

/**
 * A stage's calls in this member begin with one: until it has been answered, nobody else calls. So a wrong key costs one call
 * and not one per slot, and an endpoint that caches prompts has the static part cached before the fan-out.
 * When the one ends without an answer the next in line takes its place.
 */
export class FirstCall {
  #state: 'open' | 'taken' | 'answered' = 'open';
  #unreachableSince: number | undefined;
  #invalidRequests = 0;
  #known = false;
  readonly #waiters = new Waiters();

  constructor(
    private readonly place: Pick<StageHistory, 'model' | 'endpoint'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Rows of the stage were answered elsewhere: account and template are right, whatever the first calls here meet. */
  assumeWorking(): void {
    this.#known = true;
  }

  tryEnter(): boolean {
    if (this.#state === 'answered') return true;
    if (this.#state === 'taken') return false;
    this.#state = 'taken';
    return true;
  }

  /** Resolves when trying again makes sense. */
  opened(): Promise<void> {
    return this.#waiters.wait();
  }

  /** The model has answered, in whatever way. */
  answered(): void {
    if (this.#state === 'answered') return;
    this.#state = 'answered';
    this.#waiters.wakeAll();
  }

  /** A call that had entered ended without an answer. */
  ended(why: 'unreachable' | 'invalid_request' | 'other'): void {
    if (this.#state === 'answered') return;
    this.#unreachableSince = why === 'unreachable' ? (this.#unreachableSince ?? this.now()) : undefined;
    if (why === 'invalid_request') this.#invalidRequests++;
    this.#state = 'open';
    this.#waiters.wakeOne();
  }

  /** Whoever had entered does not call after all. */
  passOn(): void {
    if (this.#state === 'taken') this.#state = 'open';
    this.wakeNext();
  }

  /** A row that had waited leaves without entering: its turn is the next one's. */
  wakeNext(): void {
    if (this.#state === 'open') this.#waiters.wakeOne();
  }

  /** Something changed for those who wait: they look again. */
  wakeAll(): void {
    this.#waiters.wakeAll();
  }

  history(): Omit<StageHistory, 'known'> {
    return {
      answered: this.#known || this.#state === 'answered',
      unreachableMs: this.#unreachableSince === undefined ? 0 : this.now() - this.#unreachableSince,
      invalidRequests: this.#invalidRequests,
      ...this.place,
    };
  }
}
