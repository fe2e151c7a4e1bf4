import { type JsonObject, type RowResult, type RowValues } from '@apwa/contracts';
import { callOf, type ChatMessage } from '@apwa/model';
import { repairMessage } from '../prompts/prompt-builder.js';
import { tokensAtLeast } from './context-bound.js';
import { type CallControl } from './control.js';
import { type Decision, decide, type Failure, type RowHistory } from './decide.js';
import { failureOf } from './failure.js';
import { type CallOutcome } from './gate.js';
import { type Pipeline } from './pipeline.js';
import { type StageCalls } from './stage-calls.js';
import { RowTally } from './tally.js';

/** A call's outcome: what the row needs of it. */
type Called = { kind: 'valid'; output: JsonObject } | { kind: 'failed'; failure: Failure; said: ChatMessage | null } | { kind: 'aborted' };

/** Takes rows to their results: calls, retries, repair turns. All rows of an attempt go through one. */
export class RowPipeline implements Pipeline {
  constructor(
    private readonly stage: StageCalls,
    private readonly control: CallControl,
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  async run(row: number, values: RowValues): Promise<RowResult | null> {
    const { stage } = this;
    const tally = new RowTally();
    const prompt: ChatMessage[] = stage.prompts.messages(values);
    const { contextTokens } = stage.model;
    const size = prompt.reduce((sum, { content }) => sum + tokensAtLeast(content ?? '', contextTokens), 0);
    if (size > contextTokens)
      return tally.failed(row, 'context_exceeded', `the row's prompt has more than ${contextTokens} tokens, the model's context`);

    const history: RowHistory = { tries: 0, repairs: 0, refusals: 0, extended: false, elapsedMs: 0 };
    let messages = prompt;
    let begunAt: number | undefined;
    for (;;) {
      if (!(await this.#enter(row))) return null;
      begunAt ??= this.now();
      const called = asExtended(await this.#call(messages, tally, history), history);
      if (called.kind === 'aborted') return null;
      if (called.kind === 'valid') return tally.ok(row, called.output);
      history.elapsedMs = this.now() - begunAt;
      const decision = this.#decide(called.failure, history);
      if (decision.kind !== 'fail') this.control.land(row);
      switch (decision.kind) {
        case 'fail':
          return tally.failed(row, decision.code, decision.message);
        case 'stop_stage':
          stage.fault ??= decision.fault;
          return null;
        case 'extend':
          history.extended = true;
          break;
        case 'repair':
          history.repairs++;
          // One answer and its faults: what went wrong before that has been answered already.
          messages = [...prompt, ...(called.said ? [called.said] : []), repairMessage(decision.faults)];
          break;
        case 'retry':
          if (!decision.countsAsTry && called.failure.kind === 'transient') history.tries--;
          // Of a row that was refused with 429 the gate takes care.
          if (called.failure.kind !== 'rate_limited' && !(await this.#wait(decision.afterMs))) return null;
      }
    }
  }

  #decide(failure: Failure, history: RowHistory): Decision {
    const { gate, first } = this.stage;
    if (failure.kind === 'transient') history.tries++;
    history.refusals = failure.kind === 'rate_limited' ? history.refusals + 1 : 0;
    // The gate and the first call hear of the failure before it is judged: the judgement looks at what they know.
    switch (failure.kind) {
      case 'account':
        break;
      case 'request':
        first.ended('invalid_request');
        break;
      case 'rate_limited':
        first.ended('other');
        break;
      case 'transient':
        if (failure.code === 'malformed') first.answered();
        else first.ended(failure.code === 'connection' ? 'unreachable' : 'other');
        break;
      case 'invalid':
      case 'truncated':
      case 'permanent':
        first.answered();
    }
    const decision = decide(failure, history, first.history(), this.stage.policy, this.random());
    // Another endpoint of the group may take what this one refused: the gate closes when all have.
    const refusedByAll = history.refusals >= this.stage.endpoints;
    gate.leave(failure.kind === 'rate_limited' && !refusedByAll ? { kind: 'other' } : outcomeFor(failure, decision));
    if (decision.kind === 'stop_stage') first.ended('other');
    return decision;
  }

  /** Waits until a call may begin, and counts it as begun; false if the row is to be abandoned. */
  async #enter(row: number): Promise<boolean> {
    const { stage, control } = this;
    const { first, gate } = stage;
    for (;;) {
      if (!control.mayBegin() || stage.fault) {
        first.wakeNext();
        return false;
      }
      if (!control.mayCall()) await control.changed();
      else if (!first.tryEnter()) await first.opened();
      else if (!gate.tryEnter()) {
        first.passOn();
        await gate.opened();
      } else if (control.begin(row)) return true;
      else {
        gate.leave({ kind: 'other' });
        first.passOn();
        return false;
      }
    }
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

  async #call(messages: ChatMessage[], tally: RowTally, history: RowHistory): Promise<Called> {
    const { model, output, outputTokens, timeoutMs, gate, first } = this.stage;
    tally.calls++;
    const begunAt = this.now();
    const maxOutputTokens = history.extended ? outputTokens.extended : outputTokens.first;
    try {
      const answer = await model.complete(
        { messages, output, maxOutputTokens, timeoutMs },
        { signal: this.control.signal, attempt: 1 + history.tries + history.refusals },
      );
      tally.add(answer);
      const value = answer.kind === 'structured' ? answer.value : undefined;
      const faults = this.stage.validate(value);
      if (faults.length > 0) return { kind: 'failed', failure: { kind: 'invalid', faults }, said: answer.message };
      first.answered();
      gate.leave({ kind: 'answered' });
      return { kind: 'valid', output: value as JsonObject };
    } catch (thrown) {
      tally.add({ latencyMs: this.now() - begunAt, ...callOf(thrown) });
      if (!this.control.signal.aborted) return { kind: 'failed', failure: failureOf(thrown), said: null };
      gate.leave({ kind: 'other' });
      first.ended('other');
      return { kind: 'aborted' };
    }
  }
}

/** A larger cap that the endpoint does not take: the answer stays cut off. */
const asExtended = (called: Called, { extended }: RowHistory): Called =>
  extended && called.kind === 'failed' && called.failure.kind === 'request'
    ? { ...called, failure: { kind: 'truncated', message: 'the answer was cut off by its length, and no longer one is allowed' } }
    : called;

const outcomeFor = (failure: Failure, decision: Decision): CallOutcome => {
  switch (failure.kind) {
    case 'rate_limited':
      return decision.kind === 'retry' ? { kind: 'refused', waitMs: decision.afterMs } : { kind: 'other' };
    case 'transient':
      if (failure.code === 'connection') return { kind: 'unreachable' };
      return failure.code === 'malformed' ? { kind: 'answered' } : { kind: 'other' };
    case 'invalid':
    case 'truncated':
    case 'permanent':
      return { kind: 'answered' };
    case 'request':
    case 'account':
      return { kind: 'other' };
  }
};
