import { addAmounts, type Amounts, type BudgetAnswer, type BudgetQuestion, noAmounts } from '@apwa/contracts';

/** Put aside for one call. It ends with `settle` or `release`. */
export interface Reservation {
  readonly token: string;
  readonly amounts: Amounts;
}

interface Waiter {
  readonly token: string;
  readonly need: () => Amounts;
  readonly resolve: (reservation: Reservation | null) => void;
}

const KINDS = ['usd', 'tokens', 'rows'] as const;
const map = (of: (kind: (typeof KINDS)[number]) => number): Amounts => ({ usd: of('usd'), tokens: of('tokens'), rows: of('rows') });
const minus = (a: Amounts, b: Amounts): Amounts => map((kind) => Math.max(0, a[kind] - b[kind]));
/** Sums of fractions are off by less. */
const ROUNDING = 1e-9;
const same = (a: Amounts, b: Amounts): boolean =>
  KINDS.every((kind) => Math.abs(a[kind] - b[kind]) <= ROUNDING * Math.max(1, a[kind], b[kind]));

/** Calls that wait are asked for as far as they are so many: more begin at once nowhere. */
const MOST_WAITING = 2_000;
/** Who holds something for calls to come asks this often, to get more of it or to give it back. Milliseconds. */
const REFRESH_MS = 1_000;
/** Between two questions while somebody waits until the executor knows. Milliseconds. */
const SOON_MS = 50;
/** So long a commit waits for that: then the executor hears of it later. Milliseconds. */
const PATIENCE_MS = 1_000;
/** The first interval between questions, before the executor says another one. Milliseconds. */
const AGAIN_MS = 200;

/**
 * What this member has spent of a run's budget, and what it may come to. All figures are sums since the member's start, so it is kept as
 * long as the member lives. Calls that find nothing left wait in the order in which they came.
 */
export class RunAccount {
  #closed = noAmounts();
  /** Spent by attempts that are not over, by their tokens. */
  readonly #open = new Map<string, Amounts>();
  #reserved = noAmounts();
  #holds = noAmounts();
  /** The executor said that the run has no budget. */
  #unlimited = false;
  #queue: Waiter[] = [];
  /** Of the latest question that was answered. */
  #heard = 0;
  /** Those who want to know that the executor has the answer to a question. */
  #hearers: { sequence: number; resolve: () => void }[] = [];
  #sequence = 0;
  #askedAt = -Infinity;
  #again = AGAIN_MS;
  /** Begun since the last question. */
  #begun = noAmounts();
  #ahead = noAmounts();
  /** With the latest question; null: nobody heard it. */
  #told: { spent: Amounts; reserved: Amounts; holds: Amounts } | null = { spent: noAmounts(), reserved: noAmounts(), holds: noAmounts() };

  constructor(
    readonly ownerId: string,
    /** Called when the executor may have to be asked; `urgent`: at once. */
    private readonly asks: (urgent: boolean) => void = () => undefined,
  ) {}

  get spent(): Amounts {
    return addAmounts(this.#closed, this.#openSum());
  }

  get reserved(): Amounts {
    return this.#reserved;
  }

  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  /** An attempt begins: what it spends is told apart until it is over. */
  opened(token: string): void {
    this.#open.set(token, noAmounts());
  }

  closed(token: string): void {
    this.#closed = addAmounts(this.#closed, this.#open.get(token) ?? noAmounts());
    this.#open.delete(token);
    this.asks(false);
  }

  /** Puts aside what a call may take, if it is there and nobody waits for it. */
  tryReserve(token: string, amounts: Amounts): Reservation | null {
    return this.#queue.length > 0 ? null : this.#take(token, amounts);
  }

  /** Waits in line for what a call may take, told anew whenever it is looked at; null: whoever waits looks whether it still may. */
  enter(token: string, need: () => Amounts): Promise<Reservation | null> {
    return new Promise((resolve) => {
      const first = this.#queue.length === 0;
      this.#queue.push({ token, need, resolve });
      this.asks(first);
      if (first) this.#dispatch();
    });
  }

  /** The call has ended, and took this much. */
  settle({ token, amounts }: Reservation, taken: Amounts): void {
    this.#reserved = minus(this.#reserved, amounts);
    this.#spend(token, taken);
    this.asks(false);
    this.#dispatch();
  }

  /** The call was not made after all. */
  release({ amounts }: Reservation): void {
    this.#reserved = minus(this.#reserved, amounts);
    this.asks(false);
    this.#dispatch();
  }

  /** A row was given up before it had its result: it counts when it is asked again. */
  refundRow(token: string): void {
    this.#spend(token, { usd: 0, tokens: 0, rows: -1 });
  }

  /** Resolves when the executor knows what has been spent until now, or was not to be reached for a while. */
  told(): Promise<void> {
    if (this.#unlimited || (this.#told && this.#heard === this.#sequence && same(this.#told.spent, this.spent))) return Promise.resolve();
    return new Promise((resolve) => {
      const hearer = { sequence: this.#sequence + 1, resolve };
      this.#hearers.push(hearer);
      setTimeout(resolve, PATIENCE_MS).unref();
      this.asks(true);
    });
  }

  /** Something changed for those who wait: they look again. */
  wakeAll(): void {
    const woken = this.#queue;
    this.#queue = [];
    for (const { resolve } of woken) resolve(null);
    if (woken.length > 0) this.asks(false);
  }

  /** When the executor is to be asked; Infinity if there is nothing to ask. */
  askAt(): number {
    if (this.#unlimited) return Infinity;
    if (this.#hearers.length > 0) return this.#askedAt + SOON_MS;
    const told = this.#told;
    if (this.#queue.length > 0) return this.#askedAt + (this.#sequence === 0 ? 0 : this.#again);
    // What is needed soon is asked for in time, and a change is told soon; who waits for the budget elsewhere waits for it.
    if (!told || !same(told.spent, this.spent) || !same(told.reserved, this.#reserved) || !same(told.holds, this.#used()))
      return this.#askedAt + this.#again;
    return same(this.#used(), this.spent) ? Infinity : this.#askedAt + REFRESH_MS;
  }

  question(now: number): BudgetQuestion {
    const elapsed = Math.max(1, Math.min(now - this.#askedAt, REFRESH_MS));
    // Until the answer after the next.
    this.#ahead = map((kind) => (this.#ahead[kind] + (this.#begun[kind] * 2 * this.#again) / elapsed) / 2);
    // What is left of it while nothing begins any more is given back.
    if (same(this.#begun, noAmounts())) this.#ahead = noAmounts();
    this.#begun = noAmounts();
    this.#askedAt = now;
    const used = this.#used();
    const [first] = this.#queue;
    const next = first ? first.need() : null;
    const waiting = this.#queue.slice(0, MOST_WAITING).reduce((sum, { need }) => addAmounts(sum, need()), noAmounts());
    const needed = addAmounts(used, addAmounts(waiting, this.#ahead));
    // What does not do for the first call that waits does for none.
    this.#holds = map((kind) => Math.max(used[kind], next ? used[kind] : Math.min(this.#holds[kind], needed[kind])));
    const told = { spent: this.spent, reserved: this.#reserved, holds: this.#holds };
    this.#told = { ...told };
    const { ownerId } = this;
    return {
      ownerId,
      sequence: ++this.#sequence,
      ...told,
      open: this.#openSum(),
      wants: minus(needed, this.#holds),
      next,
    };
  }

  answer({ sequence, holds }: BudgetAnswer, againMs: number): void {
    if (sequence !== this.#sequence) return;
    this.#heard = sequence;
    const hearers = this.#hearers;
    this.#hearers = hearers.filter((one) => one.sequence > sequence);
    for (const one of hearers) if (one.sequence <= sequence) one.resolve();
    this.#again = againMs;
    if (holds === null) this.#unlimited = true;
    else this.#holds = map((kind) => Math.max(holds[kind], this.#holds[kind]));
    if (this.#told) this.#told.holds = this.#holds;
    this.#dispatch();
  }

  /** The question did not get its answer: what it told is told again. */
  unanswered(): void {
    this.#told = null;
  }

  #take(token: string, amounts: Amounts): Reservation | null {
    const used = this.#used();
    const fits = KINDS.every(
      (kind) => used[kind] + amounts[kind] <= this.#holds[kind] + ROUNDING * Math.max(1, used[kind]) || amounts[kind] === 0,
    );
    if (!this.#unlimited && !fits) return null;
    this.#reserved = addAmounts(this.#reserved, amounts);
    this.#begun = addAmounts(this.#begun, amounts);
    return { token, amounts };
  }

  #dispatch(): void {
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const reservation = this.#take(first.token, first.need());
      if (!reservation) return;
      this.#queue.shift();
      first.resolve(reservation);
    }
  }

  #used(): Amounts {
    return addAmounts(this.spent, this.#reserved);
  }

  #openSum(): Amounts {
    let sum = noAmounts();
    for (const amounts of this.#open.values()) sum = addAmounts(sum, amounts);
    return sum;
  }

  #spend(token: string, { usd, tokens, rows }: Amounts): void {
    const of = this.#open.get(token);
    const into = of ?? this.#closed;
    into.usd += usd;
    into.tokens += tokens;
    into.rows += rows;
  }
}

/** The account of its run, as an attempt uses it. */
export class AttemptBudget {
  constructor(
    private readonly account: RunAccount,
    private readonly token: string,
  ) {
    account.opened(token);
  }

  tryReserve(amounts: Amounts): Reservation | null {
    return this.account.tryReserve(this.token, amounts);
  }

  enter(need: () => Amounts): Promise<Reservation | null> {
    return this.account.enter(this.token, need);
  }

  settle(reservation: Reservation, taken: Amounts): void {
    this.account.settle(reservation, taken);
  }

  release(reservation: Reservation): void {
    this.account.release(reservation);
  }

  refundRow(): void {
    this.account.refundRow(this.token);
  }

  told(): Promise<void> {
    return this.account.told();
  }

  wakeAll(): void {
    this.account.wakeAll();
  }

  close(): void {
    this.account.closed(this.token);
  }
}
