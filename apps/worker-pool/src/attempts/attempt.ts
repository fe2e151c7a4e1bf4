import {
  ApwaError,
  type Assignment,
  type AttemptProgress,
  type CallKey,
  noCounts,
  type RowResult,
  type StageCounts,
  TransientError,
} from '@apwa/contracts';
import { holder, type HolderEffect, type HolderEvent, type HolderState, isOver, RowBook, startHolding } from '@apwa/ledger-protocol';
import { type Sharer } from '../member/sharing.js';
import { AttemptControl, type CallRules } from '../rows/control.js';
import { ConversationBook, type Conversations } from '../rows/conversations.js';
import { IntentBook, type Intents } from '../rows/intents.js';
import { countRow } from '../rows/tally.js';
import { type ReadyStage } from '../stages/stages.js';
import { type AttemptParts, type AttemptTerms } from './attempt-parts.js';
import { JournalBatcher } from './journal-batcher.js';
import { type TurnTaker } from './journal-turns.js';
import { PartCommit, type PartCommitAttempt, RELEASE_DELAY_MS } from './part-commit.js';
import { EXECUTOR_PATIENCE, retrying, type Waiting } from './retrying.js';
import { mayHavePredecessors, takeOver } from './take-over.js';
import { type AttemptEnd, type AttemptWork, type RowsInHand, type RunningRows } from './work.js';

/** Milliseconds for the last rows to be acknowledged before a shard is given back. */
const FLUSH_MS = 5_000;
/** Milliseconds before rows are looked for again that could be neither run nor settled: no lease was confirmed. */
const AGAIN_MS = 200;

/**
 * One attempt at a shard, from its claim to its end. What is due when, `holder` of the ledger's protocol decides; here its effects
 * are carried out.
 */
export class Attempt implements RowsInHand, TurnTaker {
  readonly control: AttemptControl;
  /** Journaled rows, for progress displays. */
  readonly #counts: StageCounts = noCounts();
  /** That it has begun itself. */
  #calls = 0;
  readonly #book: RowBook;
  readonly #results = new Map<number, RowResult>();
  /** Results that came without a call while none might begin: recorded when one may. */
  readonly #deferred = new Map<number, RowResult>();
  readonly #batcher: JournalBatcher;
  readonly #intents: IntentBook;
  readonly #conversations = new ConversationBook((turn) => this.#batcher.addTurn(turn));
  readonly #part: PartCommit;
  #state: HolderState;
  #stage: ReadyStage | undefined;
  #work: AttemptWork | undefined;
  #journalRead = false;
  #rows: RunningRows | undefined;
  /** Rows have been under way. */
  #begun = false;
  #end: AttemptEnd = 'dropped';
  #release: Promise<void> = Promise.resolve();
  readonly #over: Promise<void>;
  #settleOver: () => void = () => undefined;

  constructor(
    readonly assignment: Assignment,
    private readonly parts: AttemptParts,
    private readonly terms: AttemptTerms,
  ) {
    const { range, journal, token, handling } = assignment;
    this.#book = new RowBook(range);
    this.#over = new Promise((resolve) => (this.#settleOver = resolve));
    // Until the stage is known there is nothing to do; what happens meanwhile (renewals, a loss) is for the machine all the same.
    this.#state = startHolding({ ...terms, incarnation: journal.incarnation }).state;
    const rules: CallRules = {
      begin: (row) => this.#beginCall(row),
      join: (row) => this.#joinCall(row),
      land: (row) => this.#dispatch({ kind: 'given_up', row }),
      mayCall: () => this.#mayCall,
      mayBegin: () => !this.#state.held && !isOver(this.#state),
    };
    this.control = new AttemptControl(rules);
    const last: PartCommitAttempt = {
      token,
      waiting: this.#while,
      calls: () => this.#calls,
      dispatch: (event) => void this.#dispatch(event),
      handOn: () => this.handOn(),
      failStage: (error) => this.#failStage(error),
    };
    const intents = {
      list: () => parts.requests.listIntents(),
      record: (row: number, key: CallKey) => parts.requests.recordIntent(row, key, this.#while),
      end: (row: number, key: CallKey) => parts.requests.endIntent(row, key, this.#while),
    };
    this.#intents = new IntentBook(intents, mayHavePredecessors(assignment));
    this.#part = new PartCommit(last, parts.requests, parts.log);
    this.#batcher = new JournalBatcher({
      token,
      place: journal,
      stepwise: handling === 'alone',
      publish: (place, batch, signal) => parts.journal.publish(place, batch, signal),
      store: (sequence, content) => parts.journal.store(sequence, content),
      acked: (rows, incarnation, fresh) => {
        for (const result of fresh) countRow(this.#counts, result);
        this.#dispatch({ kind: 'journaled', incarnation, rows });
      },
      failed: (error) => parts.log.debug({ token, error: error.toPayload() }, 'could not journal'),
    });
  }

  get token(): string {
    return this.assignment.token;
  }

  progress(): AttemptProgress {
    return { token: this.token, counts: structuredClone(this.#counts), calls: this.#calls, waitsFor: this.waitsFor };
  }

  get over(): boolean {
    return isOver(this.#state);
  }

  get missing(): number {
    return this.#book.missing;
  }

  get unbegun(): number {
    return this.#state.phase === 'working' && !this.#state.held && this.#work ? this.#book.missing - this.#book.flying : 0;
  }

  /** Why no new row begins, or why a paused shard is not given back yet. */
  get waitsFor(): AttemptProgress['waitsFor'] {
    const waits = this.#state.held ? this.#waitsForJournal : this.unbegun > 0 && this.parts.turns.holds(this.token);
    return waits ? this.parts.turns.reason() : null;
  }

  /** Runs the attempt; resolves with its end. Does not reject. */
  async run(): Promise<AttemptEnd> {
    try {
      this.#stage = await retrying(() => this.parts.stage(), EXECUTOR_PATIENCE, this.#while);
      if (this.#stage && !this.over) this.#start(this.#stage);
    } catch (thrown) {
      void this.#failStage(ApwaError.from(thrown));
    }
    await this.#over;
    await this.#release;
    return this.#end;
  }

  renewed(sentAt: number): void {
    const stale = this.#state.phase === 'working' && performance.now() >= this.#state.confirmedUntil;
    this.#dispatch({ kind: 'renewed', sentAt });
    if (stale) this.#changed();
  }

  lost(): void {
    this.#dispatch({ kind: 'lost' });
  }

  /** Begin nothing new, or go on. */
  hold(held: boolean): void {
    if (held === this.#state.held) return;
    this.#dispatch({ kind: 'hold', held });
    this.#changed();
    if (held) return;
    this.#rows?.resize(this.parts.slots.heldBy(this.token));
    this.#runRows();
  }

  journalIs(incarnation: number): void {
    this.#dispatch({ kind: 'incarnation', incarnation });
  }

  /** Gives the shard back, after a last chance for finished rows to reach the journal. */
  async handOn(flushMs = FLUSH_MS): Promise<void> {
    if (!this.over) await this.#batcher.flush(flushMs);
    this.#dispatch({ kind: 'hand_on' });
  }

  get conversations(): Conversations {
    return this.#conversations;
  }

  get intents(): Intents {
    return this.#intents;
  }

  known(row: number): RowResult | undefined {
    return this.#results.get(row);
  }

  record(result: RowResult): void {
    const { row } = result;
    if (!this.#book.inFlight(row) && !this.#begin(row)) {
      if (!this.over && !this.#book.answered(row)) this.#deferred.set(row, result);
      return;
    }
    this.#dispatch({ kind: 'answered', row }, result);
  }

  room(): Promise<void> | undefined {
    // Who looks for rows where none are left is not in the way of the journal.
    return (this.unbegun > 0 ? this.parts.turns.room(this.token) : undefined) ?? this.#batcher.room();
  }

  needs(count: number): void {
    if (count >= this.parts.slots.heldBy(this.token)) return;
    this.parts.slots.shrink(this.token, count);
    this.parts.freed();
  }

  /** Finished rows that are in no journal, because it takes no more. */
  get #waitsForJournal(): boolean {
    return !this.over && this.#batcher.unacked > 0 && this.parts.turns.reason() !== null;
  }

  /** What it holds and could use; null when it has no rows to begin any more. */
  get share(): Sharer | null {
    const preparing = !this.#begun && this.#stage?.kind !== 'job' && !this.over && !this.#state.held;
    if (!this.#rows && !preparing) return null;
    const { token, ownerId, slots, elastic, weight } = this.assignment;
    const held = this.parts.slots.heldBy(token);
    const ahead = preparing || this.#rows?.hungry ? this.#book.missing - held : 0;
    return { token, ownerId, weight, held, room: Math.max(0, elastic ? ahead : Math.min(ahead, slots - held)) };
  }

  /** Takes further slots of those that are free. */
  grow(count: number): void {
    this.parts.slots.grow(this.token, count);
    this.#rows?.resize(this.parts.slots.heldBy(this.token));
  }

  /** Gives slots back as rows end, until it holds so many. */
  giveBack(keep: number): void {
    this.#rows?.resize(keep);
  }

  get #while(): Waiting {
    return {
      over: () => this.over,
      wait: (ms: number) => this.control.sleep(ms),
      failed: (error: ApwaError) => this.parts.log.debug({ token: this.token, error: error.toPayload() }, 'trying again'),
    };
  }

  #start(stage: ReadyStage): void {
    this.#work = this.parts.work(stage);
    if (stage.kind === 'job') this.needs(1);
    const { confirmedUntil, incarnation, held } = this.#state;
    const { leaseMs } = this.terms;
    const decision = startHolding({ sentAt: confirmedUntil - leaseMs, leaseMs, incarnation, held, rows: stage.kind === 'map' });
    this.#apply(decision.state, decision.effects);
  }

  get #mayCall(): boolean {
    return this.#state.phase === 'working' && !this.#state.held && performance.now() < this.#state.confirmedUntil;
  }

  #joinCall(row: number): boolean {
    const may = this.#mayCall && this.#book.inFlight(row);
    if (may) this.#calls++;
    return may;
  }

  #beginCall(row: number): boolean {
    const begun = this.#begin(row);
    if (begun) this.#calls++;
    return begun;
  }

  #begin(row: number): boolean {
    const begun = this.#dispatch({ kind: 'begin', row, now: performance.now() }).length > 0;
    // Another may have its turn now.
    if (begun && this.unbegun === 0) this.parts.turns.changed();
    return begun;
  }

  #dispatch(event: HolderEvent, result?: RowResult): readonly HolderEffect[] {
    const { state, effects } = holder(this.#state, event, this.#book);
    this.#apply(state, effects, result);
    return effects;
  }

  #apply(state: HolderState, effects: readonly HolderEffect[], result?: RowResult): void {
    this.#state = state;
    if (effects.length === 0) return;
    this.#book.apply(effects);
    for (const effect of effects) this.#carryOut(effect, result);
  }

  #carryOut(effect: HolderEffect, result: RowResult | undefined): void {
    switch (effect.kind) {
      case 'call':
      case 'land':
      case 'take':
      case 'said':
        return;
      case 'keep':
        if (!result) return;
        this.#results.set(effect.row, result);
        this.#conversations.forget(effect.row);
        return this.#batcher.add(result);
      case 'read_journal':
        // Before the work is known there is nobody to take rows over: it is read when it is.
        if (this.#work) void this.#readJournal(effect.incarnation);
        return;
      case 'journal_again':
        return this.#batcher.moveTo(this.parts.journal.placeIn(effect.incarnation));
      case 'write_part':
        return void this.#writePart(effect.write);
      case 'commit':
        return void this.#part.commit();
      case 'release':
        this.#end = 'released';
        this.#release = this.parts.requests.release(this.#journalRead ? this.#counts : undefined);
        return;
      case 'drop':
        return this.#finish(this.#end);
      case 'finish':
        return this.#finish('committed');
      case 'delete_part':
        return; // Parts are the sweeper's (HAZARDS H3): this effect exists for explorations without that rule.
    }
  }

  #changed(): void {
    this.#retryDeferred();
    this.control.ring();
    this.parts.turns.changed();
    if (this.#stage?.kind === 'map') this.#stage.wake();
    this.parts.wake();
  }

  #retryDeferred(): void {
    const deferred = [...this.#deferred.values()];
    this.#deferred.clear();
    for (const result of deferred) this.record(result);
  }

  async #readJournal(incarnation: number): Promise<void> {
    const { journal } = this.assignment;
    const stale = () => this.over || this.#state.incarnation !== incarnation;
    const place = incarnation === journal.incarnation ? journal : this.parts.journal.placeIn(incarnation);
    this.#batcher.moveTo(place);
    const taken = await takeOver(this.assignment, this.parts.journal, place, {
      signal: this.control.signal,
      waiting: { ...this.#while, over: stale },
      log: this.parts.log,
    });
    // The journal moved while it was read: the machine has asked for the other one already.
    if (stale()) return;
    for (const [row, result] of taken.results) this.#results.set(row, result);
    const results = [...taken.results.values()];
    this.#batcher.addTaken(results);
    this.#batcher.addTakenTurns(this.#conversations.takeOver(taken.turns));
    for (const result of results) countRow(this.#counts, result);
    this.#journalRead = true;
    if (this.#stage?.kind === 'map' && results.some(({ status }) => status === 'ok')) this.#stage.assumeWorking();
    this.#dispatch({ kind: 'journal_read', incarnation, rows: [...taken.results.keys()] });
    if (this.#state.held) await this.#rowsEnded(undefined);
    else this.#runRows();
  }

  /** Keeps the rows running as long as there are any and they may. */
  #runRows(): void {
    if (this.#rows || this.#state.phase !== 'working' || this.#state.held || !this.#work) return;
    const slots = Math.max(1, Math.min(this.parts.slots.heldBy(this.token), this.#book.missing));
    this.needs(slots);
    this.#begun = true;
    this.#rows = this.#work.runRows(this, this.control, slots);
    void this.#rows.ended.then(() => this.#rowsEnded(undefined)).catch((thrown: unknown) => this.#rowsEnded(ApwaError.from(thrown)));
  }

  /** No row is under way: all are done, none may begin, the stage was stopped, or the input can't be read. */
  async #rowsEnded(error: ApwaError | undefined): Promise<void> {
    this.#rows = undefined;
    if (this.over || this.#state.phase !== 'working') return;
    const fault = this.#stage?.kind === 'map' ? this.#stage.fault : null;
    if (fault) return this.#failStage(ApwaError.fromPayload(fault));
    if (error && !(error instanceof TransientError)) return this.#failStage(error);
    // What is paused holds no slots: its finished rows are in the journal, and whoever resumes takes them over.
    if (error) await this.control.sleep(RELEASE_DELAY_MS);
    else if (this.#state.held) await this.#journalAll();
    else await this.control.sleep(AGAIN_MS);
    if (error || this.#state.held) await this.handOn();
    else this.#runRows();
  }

  /** A shard of a paused run is kept while the journal takes no more of it: given back, its finished rows would be asked again. */
  async #journalAll(): Promise<void> {
    do await this.#batcher.flush(FLUSH_MS);
    while (this.#state.held && this.#waitsForJournal);
  }

  async #writePart(write: number): Promise<void> {
    const { first, last } = this.assignment.range;
    const rowWork = this.#stage?.kind === 'map';
    void this.#batcher.flush(FLUSH_MS);
    if (rowWork) this.needs(0);
    const results: RowResult[] = [];
    for (let row = first; rowWork && row <= last; row++) {
      const result = this.#results.get(row);
      if (result) results.push(result);
    }
    const writeOnce = () => this.#work?.writePart(write, results, this.control.signal) ?? Promise.reject(new Error('no work'));
    await this.#part.write(write, writeOnce, rowWork);
  }

  /** The stage ends with the reason; nothing of the attempt is committed. */
  async #failStage(error: ApwaError): Promise<void> {
    if (this.over) return;
    this.#dispatch({ kind: 'hold', held: true });
    await this.parts.requests.failStage(error, this.#while);
    this.#dispatch({ kind: 'lost' });
  }

  #finish(end: AttemptEnd): void {
    this.#end = end;
    this.#batcher.close();
    this.control.abort(new TransientError('attempt_over', 'the attempt is over'));
    this.#changed();
    this.#results.clear();
    this.#deferred.clear();
    this.#settleOver();
  }
}
