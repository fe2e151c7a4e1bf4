import {
  AGENT_DEFAULTS,
  type AgentTemplate,
  type AgentTurn,
  type CallKey,
  type JsonObject,
  type RowErrorCode,
  type RowResult,
  type RowValues,
} from '@apwa/contracts';
import { type ChatMessage, type ModelAnswer, type ToolCall } from '@apwa/model';
import { type AgentTools } from '../capabilities/agent-tools.js';
import { type CallingAgent } from '../capabilities/capability-call.js';
import { UNCERTAIN } from '../capabilities/effects.js';
import { type RowsCaller } from '../stages/map-stage.js';
import { type AgentLimits, Allowance } from './allowance.js';
import { type CallControl } from './control.js';
import { Conversation, type ConversationPlace, tokensIn } from './conversation.js';
import { type Pipeline, type ReplicaOfRow } from './pipeline.js';
import { Journey, type Question, RowCalls } from './row-calls.js';
import { type StageCalls } from './stage-calls.js';
import { type RowFigures, RowTally } from './tally.js';

/** What an agent of a stage works with, and how far it may go. */
export interface AgentSettings {
  readonly tools: AgentTools;
  readonly limits: AgentLimits;
  /** Tokens of a conversation before older results are left out of it. */
  readonly room: number;
  /** Whose conversations are kept. */
  readonly transcript: 'none' | 'failures' | 'all';
}

/** Of the context an answer keeps so much free at most … */
const ANSWER_SHARE = 1 / 4;
/** … and the rest is filled so far before results are left out: tokens are not always four bytes. */
const ROOM_SHARE = 3 / 4;

/** Tokens that conversations with a stage's model may have, with what goes with each call beside them taken off. */
const roomOf = ({ model: { contextTokens }, outputTokens, longestOutput, output }: StageCalls, tools: AgentTools): number => {
  const answer = Math.min(outputTokens.first ?? longestOutput, contextTokens * ANSWER_SHARE);
  const beside = tokensIn(JSON.stringify([tools.withReading, output.schema]));
  return Math.max(2, Math.floor((contextTokens - answer - beside) * ROOM_SHARE));
};

/** The settings of agents as a template has them, with the defaults for what it leaves out. */
export const agentSettings = (
  { limits = {}, transcript = 'failures' }: Pick<AgentTemplate, 'limits' | 'transcript'>,
  tools: AgentTools,
  calls: StageCalls,
): AgentSettings => {
  const { turns = AGENT_DEFAULTS.turns, tokens = AGENT_DEFAULTS.tokens, costUsd = Infinity } = limits;
  return { tools, limits: { turns, tokens, costUsd }, room: roomOf(calls, tools), transcript };
};

/** What the model wants: to have answered, or to have capabilities called. */
type Wish = { kind: 'answer'; output: JsonObject } | { kind: 'calls'; calls: ToolCall[] };

const FULL = 'There is no room for further results: answer now, with what you know.';
const LAST_TURN = 'No more calls can be made: answer now, with what you know.';

/** Takes rows to their results by an agent each: it calls capabilities, turn by turn, until it answers. */
export class AgentPipeline implements Pipeline {
  readonly #calls: RowCalls;

  constructor(
    private readonly stage: StageCalls,
    private readonly agent: AgentSettings,
    private readonly control: CallControl,
    private readonly caller: RowsCaller,
    private readonly now: () => number = () => performance.now(),
    random?: () => number,
  ) {
    this.#calls = new RowCalls(stage, control, caller, now, random);
  }

  async run(row: number, values: RowValues, { replica = 0, counted = false }: ReplicaOfRow = {}): Promise<RowResult | null> {
    const before = this.caller.conversations.of(row, replica);
    const conversation = this.#conversation(values, { row, replica }, before, new Allowance(this.agent.limits));
    if (this.agent.tools.unsafe && (await this.#isUncertain(row, before))) return this.#failed(conversation, 'unknown', UNCERTAIN);
    const journey = new Journey(row, counted);
    const result = await this.#converse(conversation, journey);
    if (!result && journey.counted && !counted) this.caller.budget?.refundRow();
    return result;
  }

  /** A call of the template by another agent; null if the row is abandoned. What it took is its caller's. */
  async runWithin(values: RowValues, within: CallKey, { row, replica, allowance, leftMs, took }: CallingAgent): Promise<RowResult | null> {
    const before = this.caller.conversations.of(row, replica, within);
    const own = new Allowance(this.agent.limits, allowance);
    const conversation = this.#conversation(values, { row, replica, within }, before, own);
    const outcome = before.at(-1)?.outcome;
    const result = outcome
      ? conversation.resultOf(outcome)
      : await this.#converse(conversation, new Journey(row, true, undefined, this.now() + leftMs()));
    if (result) took(result, own.turns);
    return result;
  }

  #conversation(values: RowValues, place: ConversationPlace, before: readonly AgentTurn[], allowance: Allowance): Conversation {
    return new Conversation({ prompt: this.stage.prompts.messages(values), values, place, before, allowance, room: this.agent.room });
  }

  async #converse(conversation: Conversation, first: Journey): Promise<RowResult | null> {
    for (let journey = first; ;) {
      const ended = await this.#turn(conversation, journey);
      first.counted ||= journey.counted;
      if (ended !== 'goes_on') return ended;
      journey = journey.next();
    }
  }

  /** Whether a call may have been made that must not be made twice, in a turn that is not known to have ended. */
  #isUncertain(row: number, before: readonly AgentTurn[]): Promise<boolean> {
    return this.caller.intents.uncertain(row, new Set(before.flatMap(({ intents = [] }) => intents)));
  }

  /** A turn: its result if the row has one then, null if it was abandoned. */
  async #turn(conversation: Conversation, journey: Journey): Promise<RowResult | 'goes_on' | null> {
    const reached = this.#limitReached(conversation, journey);
    if (reached) return this.#failed(conversation, 'limit_exceeded', reached);
    const asked = await this.#calls.ask(journey, this.#question(conversation));
    const { tally, allowance } = conversation;
    switch (asked.kind) {
      case 'abandoned':
        return null;
      case 'failed': {
        const { code = 'unknown', message = '' } = asked.result.error ?? {};
        tally.take(asked.result);
        const { contextTokens } = this.stage.model;
        const sizes = code === 'context_exceeded' ? `: it has ${conversation.sizes}, and the context ${contextTokens}` : '';
        return this.#failed(conversation, code, `${message}${sizes}`);
      }
      case 'answered':
        break;
    }
    const figures = journey.tally.figures();
    allowance.take(figures);
    if (asked.value.kind === 'answer') {
      tally.take(figures);
      return this.#ended(conversation, [asked.message], figures, tally.ok(journey.row, asked.value.output));
    }
    const called = await this.#called(asked.value.calls, conversation, journey);
    if (called.outcomes.kind === 'abandoned') {
      if (called.outcomes.fault) this.stage.fault ??= called.outcomes.fault;
      if (!this.control.signal.aborted) this.control.land(journey.row);
      return null;
    }
    const { outcomes, turns, took } = called;
    took.take(figures);
    const all = took.figures();
    tally.take(all);
    const messages: ChatMessage[] = [asked.message, ...outcomes.messages];
    if (outcomes.kind === 'given_up')
      return this.#ended(conversation, messages, all, tally.failed(journey.row, outcomes.code, outcomes.reason));
    // The next call begins when this turn is in the journal: whoever takes the row over repeats one call at most.
    const { intents, long } = outcomes;
    const more = {
      ...(intents.length > 0 ? { intents } : {}),
      ...(long.length > 0 ? { results: long } : {}),
      ...(turns > 0 ? { inner: turns } : {}),
    };
    await this.caller.conversations.add(conversation.turn(messages, all, more));
    this.control.land(journey.row);
    return 'goes_on';
  }

  /** Has capabilities called: what came of that, and what it took beside the time of the row. */
  async #called(calls: readonly ToolCall[], conversation: Conversation, journey: Journey) {
    const took = new RowTally();
    let turns = 0;
    const { row, replica, within } = conversation.place;
    const { ownerId, intents } = this.caller;
    const agent: CallingAgent = {
      row,
      replica,
      values: conversation.values,
      caller: this.caller,
      allowance: conversation.allowance,
      leftMs: () => this.#calls.leftMs(journey),
      took: (figures, inner) => {
        took.take({ ...figures, latencyMs: 0 });
        turns += inner;
      },
    };
    const begunAt = this.now();
    const where = { ownerId, agent, row, replica, within, turn: conversation.turns, control: this.control, intents, results: conversation };
    const outcomes = await this.agent.tools.call(calls, where);
    took.add({ latencyMs: this.now() - begunAt });
    return { outcomes, turns, took };
  }

  /** The last turn. Of a template it is journaled too: its caller may be asked again for what it made of it. */
  async #ended(conversation: Conversation, messages: ChatMessage[], figures: RowFigures, result: RowResult): Promise<RowResult> {
    if (conversation.place.within === undefined) {
      conversation.say(messages);
      return this.#kept(result, conversation);
    }
    const { output, error } = result;
    await this.caller.conversations.add(conversation.turn(messages, figures, { outcome: { output, error } }));
    return result;
  }

  #question(conversation: Conversation): Question<Wish> {
    const { isFull, allowance, turns } = conversation;
    const isLast = isFull || (allowance.isLast && turns > 0);
    const nudge: ChatMessage[] = isLast ? [{ role: 'user', content: isFull ? FULL : LAST_TURN }] : [];
    const tools = conversation.ids.length > 0 ? this.agent.tools.withReading : this.agent.tools.definitions;
    return {
      messages: [...conversation.shown, ...nudge],
      ...(tools.length > 0 ? { tools } : {}),
      read: (answer) => this.#wishOf(answer),
      shorter: () => (conversation.shrink() ? this.#question(conversation) : null),
    };
  }

  #wishOf(answer: ModelAnswer): ReturnType<Question<Wish>['read']> {
    if (answer.kind === 'tool_calls') return { value: { kind: 'calls', calls: answer.calls } };
    const value = answer.kind === 'structured' ? answer.value : undefined;
    const faults = this.stage.validate(value);
    return faults.length > 0 ? { faults } : { value: { kind: 'answer', output: value as JsonObject } };
  }

  /** Why no further turn begins; null if one may. */
  #limitReached({ allowance }: Conversation, journey: Journey): string | null {
    if (allowance.reached) return allowance.reached;
    return this.#calls.leftMs(journey) <= 0 ? `no answer after ${this.stage.policy.totalMs} ms, its limit` : null;
  }

  #failed(conversation: Conversation, code: RowErrorCode, message: string): RowResult {
    return this.#kept(conversation.tally.failed(conversation.place.row, code, message), conversation);
  }

  #kept(result: RowResult, { messages }: Conversation): RowResult {
    const { transcript } = this.agent;
    if (transcript === 'none' || (transcript === 'failures' && result.status === 'ok')) return result;
    // What the first message says is the same for all rows.
    return { ...result, transcript: JSON.stringify(messages.slice(1)) };
  }
}
