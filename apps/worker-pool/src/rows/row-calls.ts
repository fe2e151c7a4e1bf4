import { ApwaError, type Fault, noUsage, type RowResult, tokensOf, type ToldLimits } from '@apwa/contracts';
import { type AssistantMessage, type CallFigures, callOf, type ChatMessage, type ModelAnswer, type ToolDefinition } from '@apwa/model';
import { type CallSize } from '../budgets/call-cost.js';
import { type Reservation } from '../budgets/run-account.js';
import { type CallOutcome, type Pass } from '../permits/endpoint-gate.js';
import { repairMessage } from '../prompts/prompt-builder.js';
import { type Caller } from '../stages/map-stage.js';
import { tokensAtLeast } from './context-bound.js';
import { type CallControl } from './control.js';
import { type Decision, decide, type Failure, type RowHistory, rowErrorOf } from './decide.js';
import { failureOf } from './failure.js';
import { type StageCalls } from './stage-calls.js';
import { RowTally } from './tally.js';

/** What a model is asked, in one or, where its answer is at fault, several calls. */
export interface Question<T> {
  readonly messages: ChatMessage[];
  /** What it may call instead of answering. Default: nothing. */
  readonly tools?: ToolDefinition[];
  /** What the answer says, or what is wrong with it. */
  read(answer: ModelAnswer): { value: T } | { faults: readonly Fault[] };
  /** The same with less in it, where the model takes no more; null if nothing can be left out. Default: nothing can. */
  shorter?(): Question<T> | null;
}

/** What came of a question. */
export type Asked<T> =
  | { kind: 'answered'; value: T; message: AssistantMessage }
  /** The row fails with it. */
  | { kind: 'failed'; result: RowResult }
  /** The attempt was dropped, held before another try, or the stage was stopped. */
  | { kind: 'abandoned' };

/** What became of a call. */
type Called<T> = { kind: 'valid'; value: T; message: AssistantMessage } | FailedCall | { kind: 'aborted' };
interface FailedCall {
  kind: 'failed';
  failure: Failure;
  said: ChatMessage | null;
  /** Limits that the endpoint told, and tokens that the call took, where that is known. */
  told: ToldLimits | null;
  tokens: number | null;
}

/** A row on its way. */
export class Journey {
  readonly tally = new RowTally();
  /** Failures that used up a try, unless the endpoint turns out to have been down at the time. */
  charges: { endpoint: number; at: number }[] = [];
  /** Failures of any kind that may be an endpoint's: another one is called first. */
  failures = 0;

  constructor(
    readonly row: number,
    /** It counts as begun in the budget of its run. */
    public counted = false,
    /** When its first call began. */
    public begunAt?: number,
    /** When the time of what it is a part of is over. */
    readonly until = Infinity,
  ) {}

  /** For the row's next question, with a tally of its own. */
  next(): Journey {
    return new Journey(this.row, this.counted, this.begunAt, this.until);
  }
}

/** A question on its way. */
interface Asking<T> {
  readonly question: Question<T>;
  readonly journey: Journey;
  readonly history: RowHistory;
}

/** What a call needs before it begins. */
interface Entry {
  readonly pass: Pass;
  /** Null: its run has no budget, or it has been settled. */
  reserved: Reservation | null;
}

/** How a call ended that never got an answer. */
const SILENT: ReadonlySet<string> = new Set(['provider_error', 'timeout', 'connection']);

/** Asks a model what a row needs to know: calls, retries, repair turns. */
export class RowCalls {
  constructor(
    private readonly stage: StageCalls,
    private readonly control: CallControl,
    private readonly caller: Caller,
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds that are left of the row's time; Infinity where it has no bound, which it has from its first call on. */
  leftMs({ begunAt = Infinity, until }: Journey): number {
    return Math.min(begunAt + this.stage.policy.totalMs, until) - this.now();
  }

  async ask<T>(journey: Journey, question: Question<T>): Promise<Asked<T>> {
    const { stage } = this;
    const { row, tally } = journey;
    const history: RowHistory = { tries: 0, repairs: 0, refusals: 0, extended: false, elapsedMs: 0 };
    const asking: Asking<T> = { question, journey, history };
    const failed = (code: Parameters<RowTally['failed']>[1], message: string): Asked<T> => ({
      kind: 'failed',
      result: tally.failed(row, code, message),
    });
    const prompt = question.messages;
    const { contextTokens } = stage.model;
    const size = prompt.reduce((sum, { content }) => sum + tokensAtLeast(content ?? '', contextTokens), 0);
    if (size > contextTokens) {
      const shorter = question.shorter?.();
      if (shorter) return this.ask(journey, shorter);
      return failed('context_exceeded', `the row's prompt has more than ${contextTokens} tokens, the model's context`);
    }

    let messages = prompt;
    let before: Failure | undefined;
    for (;;) {
      const characters = messages.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
      const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content ?? ''), 0);
      const size = { bytes, outputTokens: history.extended ? stage.outputTokens.extended : stage.longestOutput };
      const entry = await this.#enter(journey, characters, size);
      if (!entry) return { kind: 'abandoned' };
      const { pass } = entry;
      journey.begunAt ??= this.now();
      const leftMs = this.leftMs(journey);
      if (before && leftMs <= 0) {
        stage.gate.giveBack(pass);
        this.#release(entry.reserved);
        stage.first.passOn();
        const { code, message } = rowErrorOf(before);
        return failed(code, message);
      }
      const called = asExtended(await this.#call(entry, messages, { characters, ...size }, asking, leftMs), history);
      if (called.kind === 'aborted') return { kind: 'abandoned' };
      if (called.kind === 'valid') return { ...called, kind: 'answered' };
      before = called.failure.kind === 'exhausted' ? undefined : called.failure;
      history.elapsedMs = this.now() - journey.begunAt;
      const decision = await this.#decide(called, pass, asking);
      if (decision?.kind !== 'fail') this.control.land(row);
      switch (decision?.kind) {
        case undefined:
        case 'stop_stage':
          return { kind: 'abandoned' };
        case 'fail': {
          const shorter = decision.code === 'context_exceeded' ? question.shorter?.() : null;
          if (!shorter) return failed(decision.code, decision.message);
          this.control.land(row);
          return this.ask(journey, shorter);
        }
        case 'extend':
          history.extended = true;
          break;
        case 'repair':
          history.repairs++;
          // One answer and its faults: what went wrong before that has been answered already.
          messages = [...prompt, ...(called.said ? [called.said] : []), repairMessage(decision.faults)];
          break;
        case 'retry':
          if (!decision.countsAsTry && called.failure.kind === 'transient') journey.charges.pop();
          // Of a row that was refused with 429 the gate takes care.
          if (called.failure.kind !== 'rate_limited' && !(await this.#wait(decision.afterMs))) return { kind: 'abandoned' };
      }
    }
  }

  /** What becomes of the row; null if it was abandoned while that was found out. */
  async #decide<T>(called: FailedCall, pass: Pass, asking: Asking<T>): Promise<Decision | null> {
    const { failure } = called;
    const { history, journey } = asking;
    const { gate, first } = this.stage;
    history.refusals = failure.kind === 'rate_limited' ? history.refusals + 1 : 0;
    // The first call hears of the failure before it is judged: the judgement looks at what it knows.
    this.#tellFirst(failure);
    const refused = failure.kind === 'rate_limited' ? this.#judge(failure, asking) : null;
    const at = gate.leave(pass, outcomeOf(called, refused), called.told);
    if (failure.kind === 'transient') {
      journey.charges.push({ endpoint: pass.endpoint, at });
      journey.failures++;
    }
    let decision = refused ?? this.#judge(failure, asking);
    if (decision.kind === 'fail' && failure.kind === 'transient' && SILENT.has(failure.code)) {
      // It would be its last try: not if the endpoint is down, and that takes a moment to find out.
      const verdict = await gate.verdict(pass.endpoint, at, () => this.control.mayBegin() && !this.stage.fault);
      if (verdict === null) return null;
      if (verdict === 'outage') journey.charges.pop();
      decision = this.#judge(failure, asking);
    }
    if (decision.kind === 'stop_stage') {
      this.stage.fault ??= decision.fault;
      first.ended('other');
    }
    return decision;
  }

  #judge<T>(failure: Failure, { history, journey: { charges } }: Asking<T>): Decision {
    const { gate, first, policy } = this.stage;
    history.tries = charges.filter(({ endpoint, at }) => !gate.excuses(endpoint, at)).length;
    return decide(failure, history, { ...first.history(), known: gate.known }, policy, this.random());
  }

  #tellFirst(failure: Failure): void {
    const { first } = this.stage;
    switch (failure.kind) {
      case 'account':
        return;
      case 'request':
        return first.ended('invalid_request');
      case 'rate_limited':
      case 'exhausted':
        return first.ended('other');
      case 'transient':
        if (failure.code === 'malformed') return first.answered();
        return first.ended(failure.code === 'connection' ? 'unreachable' : 'other');
      case 'invalid':
      case 'truncated':
      case 'permanent':
        return first.answered();
    }
  }

  /** Waits until a call may begin, and counts it as begun; null if the row is to be abandoned. */
  async #enter(journey: Journey, characters: number, size: CallSize): Promise<Entry | null> {
    const { stage, control } = this;
    const { ownerId, budget } = this.caller;
    const { row, failures } = journey;
    const { first, gate } = stage;
    const need = { ownerId, tokens: stage.estimate.of(characters), failures };
    const amounts = () => stage.cost.of(size, journey.counted ? 0 : 1);
    let reserved: Reservation | null = null;
    for (;;) {
      if (!control.mayBegin() || stage.fault) {
        this.#release(reserved);
        first.wakeNext();
        return null;
      }
      if (!control.mayCall() || !first.tryEnter()) {
        // It is put aside again when it may go on: by then less of it may do.
        this.#release(reserved);
        reserved = null;
        await (control.mayCall() ? first.opened() : control.changed());
        continue;
      }
      reserved ??= budget?.tryReserve(amounts()) ?? null;
      if (budget && !reserved) {
        first.passOn();
        reserved = await budget.enter(amounts);
        continue;
      }
      const pass = gate.tryEnter(need) ?? (await gate.enter(need));
      if (pass && control.mayBegin() && !stage.fault && control.mayCall()) {
        if (control.begin(row)) return { pass, reserved };
        gate.giveBack(pass);
        this.#release(reserved);
        first.passOn();
        return null;
      }
      if (pass) gate.giveBack(pass);
      first.passOn();
    }
  }

  #release(reserved: Reservation | null): void {
    if (reserved) this.caller.budget?.release(reserved);
  }

  /** A call has ended. `call`: what it took; undefined if nobody knows: then it counts as what was put aside for it. */
  #settle(entry: Entry, size: CallSize, journey: Journey, call: Pick<CallFigures, 'usage' | 'costUsd'> | undefined): void {
    const { reserved } = entry;
    if (!reserved) return;
    entry.reserved = null;
    const { rows } = reserved.amounts;
    journey.counted = true;
    if (!call) return this.caller.budget?.settle(reserved, reserved.amounts);
    const told = { usd: call.costUsd, tokens: tokensOf(call.usage), rows };
    const { taken, cut } = this.stage.cost.clamp(size, told);
    if (cut) this.stage.impossible({ told, counted: taken });
    this.caller.budget?.settle(reserved, taken);
  }

  /** Sleeps, in pieces if something changes meanwhile; false if the row is to be abandoned. */
  async #wait(ms: number): Promise<boolean> {
    const until = this.now() + ms;
    for (let left = ms; left > 0; left = until - this.now()) {
      if (!this.control.mayBegin() || this.stage.fault) return false;
      await this.control.sleep(left);
    }
    return this.control.mayBegin() && !this.stage.fault;
  }

  /** `leftMs`: of the row's time, Infinity without a bound. */
  async #call<T>(
    entry: Entry,
    messages: ChatMessage[],
    size: CallSize & { characters: number },
    { question, journey, history }: Asking<T>,
    leftMs: number,
  ): Promise<Called<T>> {
    const { pass } = entry;
    const { tally, failures } = journey;
    const { tools } = question;
    const { model, output, outputTokens, longestCallMs, gate, first, estimate, cost } = this.stage;
    tally.calls++;
    const begunAt = this.now();
    const timeoutMs =
      leftMs === Infinity ? this.stage.timeoutMs : Math.max(1, Math.ceil(Math.min(leftMs, this.stage.timeoutMs ?? longestCallMs)));
    const maxOutputTokens = history.extended ? outputTokens.extended : outputTokens.first;
    try {
      const answer = await model.complete(
        { messages, output, ...(tools ? { tools } : {}), maxOutputTokens, timeoutMs },
        { signal: this.control.signal, attempt: 1 + failures, endpoint: pass.endpoint },
      );
      tally.add(answer);
      const { usage, told } = answer;
      const tokens = tokensOf(usage);
      if (!answer.usageEstimated) estimate.saw(size.characters, usage);
      cost.saw(size, usage, answer.costUsd);
      this.#settle(entry, size, journey, answer);
      const read = question.read(answer);
      if ('faults' in read)
        return { kind: 'failed', failure: { kind: 'invalid', faults: read.faults }, said: answer.message, told, tokens };
      // First the gate: what the answer tells of limits holds for those who come next.
      gate.leave(pass, { kind: 'answered', tokens }, told);
      first.answered();
      return { kind: 'valid', value: read.value, message: answer.message };
    } catch (thrown) {
      const call = callOf(thrown);
      const lost = this.control.signal.aborted || ApwaError.from(thrown).code === 'timeout';
      this.#settle(entry, size, journey, lost ? undefined : (call ?? { usage: noUsage(), costUsd: 0 }));
      tally.add({ latencyMs: this.now() - begunAt, ...call });
      if (!this.control.signal.aborted) {
        const tokens = call && tokensOf(call.usage) > 0 ? tokensOf(call.usage) : null;
        return { kind: 'failed', failure: failureOf(thrown), said: null, told: call?.told ?? null, tokens };
      }
      gate.leave(pass, { kind: 'other' }, null);
      first.ended('other');
      return { kind: 'aborted' };
    }
  }
}

/** A larger cap that the endpoint does not take: the answer stays cut off. */
const asExtended = <T>(called: Called<T>, { extended }: RowHistory): Called<T> =>
  extended && called.kind === 'failed' && called.failure.kind === 'request'
    ? { ...called, failure: { kind: 'truncated', message: 'the answer was cut off by its length, and no longer one is allowed' } }
    : called;

/** What the call tells of its endpoint. */
const outcomeOf = ({ failure, tokens }: FailedCall, refused: Decision | null): CallOutcome => {
  switch (failure.kind) {
    case 'rate_limited': {
      const { message, retryAfterMs = null } = failure;
      const waitMs = refused?.kind === 'retry' ? refused.afterMs : (retryAfterMs ?? 0);
      return refused === null ? { kind: 'other' } : { kind: 'refused', waitMs, retryAfterMs, message };
    }
    case 'transient':
      if (failure.code === 'malformed') return { kind: 'answered', tokens };
      return { kind: 'silent', connected: failure.code !== 'connection', message: failure.message };
    case 'exhausted':
      return { kind: 'exhausted', message: failure.message };
    case 'invalid':
    case 'truncated':
    case 'permanent':
      return { kind: 'answered', tokens };
    case 'request':
    case 'account':
      return { kind: 'other' };
  }
};
