import { type CommitAnswer } from '@apwa/contracts';
import { partName } from '../exploration/world.js';
import { holder, isOver, startHolding } from '../holder.js';
import { type HolderEffect, type HolderEvent, type HolderState } from '../holder-types.js';
import { RowBook } from '../row-book.js';
import { ALONE_ROWS } from '../suspicion.js';
import { type Assigned, type Executor, type ExecutorWorld } from './executor.js';
import { type Answers } from './journal-twin.js';
import { LEASE_MS } from './ledger-twin.js';
import { type Network } from './network.js';
import { type Process } from './schedule.js';
import { partOf } from './store-twin.js';
import { type Holding, type Watch } from './watch.js';

export interface MemberWorld extends ExecutorWorld {
  readonly network: Network;
  readonly watch: Watch;
  /** Whoever calls it dies of it; -1 if none does. */
  readonly killer: number;
  /** The one that requests reach. */
  executor(): Executor;
}

export interface AttemptTerms {
  readonly sentAt: number;
  /** The member's process. */
  readonly process: Process;
  /** Its member may begin nothing: the run is paused, or it drains. */
  held(): boolean;
  ended(): void;
  /** The row that kills was called. */
  diesOf(row: number): void;
}

const SLOTS = 4;
const CALL_MS = { least: 1_000, most: 6_000 };
/** Calls that end without an outcome and are begun again: of a rate limit, a time-out. */
const TRANSIENT = 0.03;
/** Share of the moments at which any row is asked for, be it answered, in flight or held. */
const STRAY = 0.05;
const BATCH_MS = 50;
const RETRY_MS = 500;
const FLUSH_MS = 5_000;
/** In the place of an answer, for a row that was given up. */
const FAILED = -1;

/** A member around `holder`: carries out its effects against the twins, as the attempt of the worker pool does against the real ones. */
export class Attempt implements Holding {
  readonly book: RowBook;
  known: ReadonlySet<number> = new Set();
  #state: HolderState;
  readonly #answers = new Map<number, number>();
  #unpublished: number[] = [];
  #batchDue = false;
  /** Batches are numbered anew with each try: no id is used twice. */
  #batches = 0;
  #flushing = false;

  constructor(
    readonly assigned: Assigned,
    private readonly world: MemberWorld,
    private readonly terms: AttemptTerms,
  ) {
    this.book = new RowBook(assigned);
    const { sentAt } = terms;
    const begun = startHolding({ sentAt, leaseMs: LEASE_MS, incarnation: assigned.incarnation, held: terms.held() });
    this.#state = begun.state;
    world.watch.holds(this);
    for (const effect of begun.effects) this.#carryOut(effect);
  }

  get token(): string {
    return this.assigned.token;
  }

  get first(): number {
    return this.assigned.first;
  }

  get last(): number {
    return this.assigned.last;
  }

  get over(): boolean {
    return isOver(this.#state);
  }

  dispatch(event: HolderEvent): readonly HolderEffect[] {
    const { state, effects } = holder(this.#state, event, this.book, this.world.rules);
    this.#state = state;
    this.book.apply(effects);
    for (const effect of effects) this.#carryOut(effect);
    if (event.kind !== 'begin') this.#goOn();
    return effects;
  }

  #goOn(): void {
    if (this.#state.phase !== 'working') return;
    if (this.#state.held) this.#comeToRest();
    else this.#flushing = false;
    this.#beginRows();
  }

  /** Gives the shard back once no call is under way, and its answers are journaled or had their time to be. */
  #comeToRest(): void {
    if (this.book.flying > 0) return;
    if (this.book.unsaid === 0) return void this.dispatch({ kind: 'hand_on' });
    if (this.#flushing) return;
    this.#flushing = true;
    this.terms.process.after(FLUSH_MS, () => {
      if (this.#state.held && this.#flushing) this.dispatch({ kind: 'hand_on' });
    });
  }

  #beginRows(): void {
    const { handling, first, last } = this.assigned;
    const slots = handling === 'alone' ? ALONE_ROWS : SLOTS;
    // The holder refuses what may not be begun, whatever it is asked.
    if (handling !== 'alone' && this.world.random.chance(STRAY)) this.#begin(first + this.world.random.below(last - first + 1));
    for (let row = first; row <= last && this.book.flying < slots; row++) {
      // Alone, a row begins only when all answers before it are journaled: what the journal lacks is what was in flight.
      if (handling === 'alone' && this.book.unsaid > 0) return;
      if (!this.book.lacks(row) || this.book.inFlight(row)) continue;
      if (!this.#begin(row) || this.#state.phase !== 'working') return;
    }
  }

  /** Whether it has begun. */
  #begin(row: number): boolean {
    const begun = this.dispatch({ kind: 'begin', row, now: this.world.schedule.now }).length > 0;
    if (begun) this.#run(row);
    return begun;
  }

  #run(row: number): void {
    const { watch, random, ledger, schedule, killer } = this.world;
    if (this.assigned.handling === 'condemned') return this.#answered(row, FAILED);
    const { token, shard } = this.assigned;
    const lease = { until: ledger.lease(token)?.surelyUntil ?? 0, active: ledger.isActive(shard, token), held: this.terms.held() };
    const answer = watch.called(this, row, schedule.now, lease);
    const { least, most } = CALL_MS;
    this.terms.process.after(row === killer ? random.between(5, 300) : random.between(least, most), () => {
      if (row === killer && !this.over) this.terms.diesOf(row);
      else if (!random.chance(TRANSIENT)) this.#answered(row, answer);
      else {
        if (this.book.inFlight(row)) watch.excuse(row);
        this.dispatch({ kind: 'given_up', row });
      }
    });
  }

  #answered(row: number, answer: number): void {
    if (this.book.lacks(row)) this.#answers.set(row, answer);
    this.dispatch({ kind: 'answered', row });
  }

  #carryOut(effect: HolderEffect): void {
    switch (effect.kind) {
      case 'call':
      case 'land':
      case 'said':
      case 'take':
        return;
      case 'keep':
        return this.#journal([effect.row]);
      case 'read_journal':
        return this.#read(effect.incarnation);
      case 'journal_again':
        this.#unpublished = [];
        return this.#journal([...this.#answers.keys()]);
      case 'write_part':
        return this.#write(effect.write);
      case 'commit':
        return this.#commit(effect.write);
      case 'release':
        return this.#release();
      case 'drop':
      case 'finish':
        return this.terms.ended();
      case 'delete_part':
        return this.world.store.delete(this.#partKey(this.#state.writes));
    }
  }

  #read(incarnation: number): void {
    const { origin, shard, number, handling, second } = this.assigned;
    const { network, journal, watch } = this.world;
    if (handling === 'condemned' || (number === 1 && origin === shard))
      return this.terms.process.after(0, () => this.#hasRead(incarnation, new Map()));
    network.ask<Answers | null>(
      this.terms.process,
      'journal',
      (reply) => reply(journal.read(incarnation, origin)),
      (answers) => {
        if (this.#state.phase !== 'reading' || this.#state.incarnation !== incarnation) return;
        if (!answers) return this.terms.process.after(RETRY_MS, () => this.#readAgain(incarnation));
        if (second) for (let row = this.first; row <= this.last; row++) if (!answers.has(row)) watch.excuse(row);
        this.#hasRead(incarnation, answers);
      },
    );
  }

  #readAgain(incarnation: number): void {
    if (this.#state.phase === 'reading' && this.#state.incarnation === incarnation) this.#read(incarnation);
  }

  #hasRead(incarnation: number, answers: Answers): void {
    this.known = new Set(answers.keys());
    if (this.world.rules.has('read-journal')) for (const [row, answer] of answers) if (this.book.lacks(row)) this.#answers.set(row, answer);
    this.dispatch({ kind: 'journal_read', incarnation, rows: [...answers.keys()] });
  }

  #journal(rows: readonly number[]): void {
    this.#unpublished.push(...rows);
    this.#publishAfter(BATCH_MS);
  }

  #publishAfter(ms: number): void {
    if (this.#batchDue || this.#unpublished.length === 0) return;
    this.#batchDue = true;
    this.terms.process.after(ms, () => {
      this.#batchDue = false;
      if (!this.over) this.#publish();
    });
  }

  #publish(): void {
    const { network, journal } = this.world;
    const rows = this.#unpublished;
    const { incarnation } = this.#state;
    this.#unpublished = [];
    const message = {
      id: `${this.token}.${this.#batches++}`,
      origin: this.assigned.origin,
      answers: new Map(rows.map((row) => [row, this.#answers.get(row) ?? FAILED])),
    };
    network.ask<boolean>(
      this.terms.process,
      'journal',
      (reply) => reply(journal.publish(incarnation, message)),
      (stored) => {
        if (this.over || this.#state.incarnation !== incarnation) return;
        if (stored) return void this.dispatch({ kind: 'journaled', incarnation, rows });
        this.#unpublished.unshift(...rows);
        this.#publishAfter(RETRY_MS);
      },
    );
  }

  #partKey(write: number): string {
    const { rules } = this.world;
    return `${this.assigned.shard}/${partName(this.token, write, rules)}`;
  }

  #part(write: number) {
    return partOf(this.#partKey(write), this.token, this.#answers);
  }

  #write(write: number): void {
    const { network, store, random } = this.world;
    const part = this.#part(write);
    network.ask<true>(
      this.terms.process,
      'store',
      (reply) => {
        if (!random.chance(network.vices.store.forgotten)) store.put(part);
        reply(true);
      },
      (done) => {
        if (done) this.dispatch({ kind: 'part_written', write });
        else
          this.terms.process.after(RETRY_MS, () => {
            if (!this.over) this.#write(write);
          });
      },
    );
  }

  #commit(write: number): void {
    const { network } = this.world;
    const { shard } = this.assigned;
    const part = this.#part(write);
    network.ask<CommitAnswer>(
      this.terms.process,
      'executor',
      (reply) => this.world.executor().commit(shard, this.token, part, reply),
      (answer) => {
        if (answer) this.dispatch({ kind: 'commit_answered', answer });
        else this.terms.process.after(RETRY_MS, () => this.dispatch({ kind: 'commit_unanswered' }));
      },
    );
  }

  #release(): void {
    const { network } = this.world;
    const { shard } = this.assigned;
    network.ask<true>(
      this.terms.process,
      'executor',
      (reply) => this.world.executor().release(shard, this.token, reply),
      () => undefined,
    );
  }
}
