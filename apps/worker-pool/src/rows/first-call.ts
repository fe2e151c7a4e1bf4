import { type StageHistory } from './decide.js';
import { Waiters } from './waiters.js';

/** Refusals of a key or a request come sooner than this, answers of a model often not. Milliseconds. */
export const REFUSAL_MS = 300;

export interface FirstCallOptions extends Pick<StageHistory, 'model' | 'endpoint'> {
  /** Milliseconds after which others call beside one that has not ended yet; Infinity: not before it has. */
  aloneMs: number;
}

/**
 * A stage's calls in this member begin with one: until it has been answered, or has taken so long that it will hardly be refused,
 * nobody else calls. So a wrong key costs one call and not one per slot, a slow model no time, and an endpoint that caches prompts
 * has the static part cached before the fan-out. When the one ends without an answer the next in line takes its place.
 */
export class FirstCall {
  #state: 'open' | 'taken' | 'beside' | 'answered' = 'open';
  #timer: NodeJS.Timeout | undefined;
  readonly #place: Pick<StageHistory, 'model' | 'endpoint'>;
  readonly #aloneMs: number;
  #unreachableSince: number | undefined;
  #invalidRequests = 0;
  #known = false;
  readonly #waiters = new Waiters();

  constructor(
    { aloneMs, ...place }: FirstCallOptions,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#place = place;
    this.#aloneMs = aloneMs;
  }

  /** Rows of the stage were answered elsewhere: account and template are right, whatever the first calls here meet. */
  assumeWorking(): void {
    this.#known = true;
  }

  tryEnter(): boolean {
    if (this.#state === 'answered' || this.#state === 'beside') return true;
    if (this.#state === 'taken') return false;
    this.#state = 'taken';
    clearTimeout(this.#timer);
    if (Number.isFinite(this.#aloneMs)) this.#timer = setTimeout(() => this.#beside(), this.#aloneMs).unref();
    return true;
  }

  #beside(): void {
    if (this.#state !== 'taken') return;
    this.#state = 'beside';
    this.#waiters.wakeAll();
  }

  /** Resolves when trying again makes sense. */
  opened(): Promise<void> {
    return this.#waiters.wait();
  }

  /** The model has answered, in whatever way. */
  answered(): void {
    if (this.#state === 'answered') return;
    this.#state = 'answered';
    clearTimeout(this.#timer);
    this.#waiters.wakeAll();
  }

  /** A call that had entered ended without an answer. */
  ended(why: 'unreachable' | 'invalid_request' | 'other'): void {
    if (this.#state === 'answered') return;
    this.#unreachableSince = why === 'unreachable' ? (this.#unreachableSince ?? this.now()) : undefined;
    if (why === 'invalid_request') this.#invalidRequests++;
    this.#state = 'open';
    clearTimeout(this.#timer);
    this.#waiters.wakeOne();
  }

  /** Whoever had entered does not call after all. */
  passOn(): void {
    if (this.#state === 'taken') {
      this.#state = 'open';
      clearTimeout(this.#timer);
    }
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
      ...this.#place,
    };
  }
}
