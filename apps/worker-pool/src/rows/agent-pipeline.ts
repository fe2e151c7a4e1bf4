import { type AgentTurn, type JsonObject, newTurnId, type RowErrorCode, type RowResult, type RowValues, tokensOf } from '@apwa/contracts';
import { type ChatMessage, type ModelAnswer, type ToolCall } from '@apwa/model';
import { type AgentTools } from '../capabilities/agent-tools.js';
import { UNCERTAIN } from '../capabilities/effects.js';
import { type RowsCaller } from '../stages/map-stage.js';
import { type CallControl } from './control.js';
import { type Pipeline, type ReplicaOfRow } from './pipeline.js';
import { Journey, type Question, RowCalls } from './row-calls.js';
import { type StageCalls } from './stage-calls.js';
import { RowTally } from './tally.js';

/** What an agent of a stage works with, and how far it may go. */
export interface AgentSettings {
  readonly tools: AgentTools;
  readonly limits: { turns: number; tokens: number; costUsd: number };
  /** Whose conversations are kept. */
  readonly transcript: 'none' | 'failures' | 'all';
}

/** What the model wants: to have answered, or to have capabilities called. */
type Wish = { kind: 'answer'; output: JsonObject } | { kind: 'calls'; calls: ToolCall[] };

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
    const conversation = new Conversation(this.stage.prompts.messages(values), row, replica, before);
    if (this.agent.tools.unsafe && (await this.#isUncertain(row, before))) return this.#failed(conversation, 'unknown', UNCERTAIN);
    let journey = new Journey(row, counted);
    for (;;) {
      const ended = await this.#turn(conversation, journey);
      if (ended === 'goes_on') {
        journey = journey.next();
        continue;
      }
      if (ended) return ended;
      if (journey.counted && !counted) this.caller.budget?.refundRow();
      return null;
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
    const { tally } = conversation;
    switch (asked.kind) {
      case 'abandoned':
        return null;
      case 'failed': {
        tally.take(asked.result);
        const { error } = asked.result;
        return this.#failed(conversation, error?.code ?? 'unknown', error?.message ?? '');
      }
      case 'answered':
        break;
    }
    const figures = journey.tally.figures();
    if (asked.value.kind === 'answer') {
      tally.take(figures);
      conversation.say([asked.message]);
      return this.#kept(tally.ok(journey.row, asked.value.output), conversation);
    }
    const begunAt = this.now();
    const { row } = journey;
    const { ownerId, intents } = this.caller;
    const where = { ownerId, row, replica: conversation.replica, turn: conversation.turns, control: this.control, intents };
    const outcomes = await this.agent.tools.call(asked.value.calls, where);
    figures.latencyMs += this.now() - begunAt;
    if (outcomes.kind === 'abandoned') {
      if (outcomes.fault) this.stage.fault ??= outcomes.fault;
      if (!this.control.signal.aborted) this.control.land(row);
      return null;
    }
    tally.take(figures);
    const messages: ChatMessage[] = [asked.message, ...outcomes.messages];
    if (outcomes.kind === 'given_up') {
      conversation.say(messages);
      return this.#failed(conversation, outcomes.code, outcomes.reason);
    }
    // The next call begins when this turn is in the journal: whoever takes the row over repeats one call at most.
    const { attempts: calls, usage, usageEstimated, costUsd, latencyMs, model } = figures;
    const ended = outcomes.intents.length > 0 ? { intents: outcomes.intents } : {};
    await this.caller.conversations.add(conversation.turn(messages, { calls, usage, usageEstimated, costUsd, latencyMs, model, ...ended }));
    this.control.land(row);
    return 'goes_on';
  }

  #question(conversation: Conversation): Question<Wish> {
    const { tools, limits } = this.agent;
    const last = conversation.turns + 1 >= limits.turns;
    const nudge: ChatMessage[] = last && conversation.turns > 0 ? [{ role: 'user', content: LAST_TURN }] : [];
    return {
      messages: [...conversation.messages, ...nudge],
      ...(tools.definitions.length > 0 ? { tools: tools.definitions } : {}),
      read: (answer) => this.#wishOf(answer),
    };
  }

  #wishOf(answer: ModelAnswer): ReturnType<Question<Wish>['read']> {
    if (answer.kind === 'tool_calls') return { value: { kind: 'calls', calls: answer.calls } };
    const value = answer.kind === 'structured' ? answer.value : undefined;
    const faults = this.stage.validate(value);
    return faults.length > 0 ? { faults } : { value: { kind: 'answer', output: value as JsonObject } };
  }

  /** Why no further turn begins; null if one may. */
  #limitReached({ tally, turns }: Conversation, journey: Journey): string | null {
    const { limits } = this.agent;
    const { usage, costUsd } = tally.figures();
    const tokens = tokensOf(usage);
    if (turns >= limits.turns) return `no answer after ${turns} turns, its limit`;
    if (tokens >= limits.tokens) return `no answer after ${tokens} tokens: its limit is ${limits.tokens}`;
    if (costUsd >= limits.costUsd) return `no answer for $${costUsd.toFixed(4)}: its limit is $${limits.costUsd}`;
    if (this.#calls.leftMs(journey) <= 0) return `no answer after ${this.stage.policy.totalMs} ms, its limit`;
    return null;
  }

  #failed(conversation: Conversation, code: RowErrorCode, message: string): RowResult {
    return this.#kept(conversation.tally.failed(conversation.row, code, message), conversation);
  }

  #kept(result: RowResult, { messages }: Conversation): RowResult {
    const { transcript } = this.agent;
    if (transcript === 'none' || (transcript === 'failures' && result.status === 'ok')) return result;
    // What the first message says is the same for all rows.
    return { ...result, transcript: JSON.stringify(messages.slice(1)) };
  }
}

/** What was said for a row, and what that took. */
class Conversation {
  readonly messages: ChatMessage[];
  readonly tally = new RowTally();
  turns: number;
  #last: string | null;

  constructor(
    prompt: ChatMessage[],
    readonly row: number,
    readonly replica: number,
    before: readonly AgentTurn[],
  ) {
    this.messages = [...prompt, ...before.flatMap(({ messages }) => messages as unknown as ChatMessage[])];
    for (const { calls: attempts, ...figures } of before) this.tally.take({ attempts, ...figures });
    this.turns = before.length;
    this.#last = before.at(-1)?.id ?? null;
  }

  say(messages: ChatMessage[]): void {
    this.messages.push(...messages);
  }

  /** A turn that has ended. */
  turn(messages: ChatMessage[], figures: Omit<AgentTurn, 'row' | 'replica' | 'id' | 'after' | 'messages'>): AgentTurn {
    const { row, replica } = this;
    const turn = { row, replica, id: newTurnId(), after: this.#last, messages: messages as unknown as JsonObject[], ...figures };
    this.say(messages);
    this.turns++;
    this.#last = turn.id;
    return turn;
  }
}
