import {
  type AgentTurn,
  type CallKey,
  type JsonObject,
  type LongResult,
  newTurnId,
  type RowResult,
  type RowValues,
  TOKEN_BYTES,
} from '@apwa/contracts';
import { type ChatMessage } from '@apwa/model';
import { resultId } from '../capabilities/agent-tools.js';
import { KEPT_CHARACTERS, READ_RESULT, type ReadableResults } from '../capabilities/long-results.js';
import { type Allowance } from './allowance.js';
import { type RowFigures, RowTally } from './tally.js';

/** Whose a conversation is: of a replica of a row, or of a template that was called for it. */
export interface ConversationPlace {
  row: number;
  replica: number;
  within?: CallKey;
}

export interface ConversationParts {
  prompt: ChatMessage[];
  /** The fields of its record. */
  values: RowValues;
  place: ConversationPlace;
  /** Turns that have ended: it goes on behind them. */
  before: readonly AgentTurn[];
  allowance: Allowance;
  /** Tokens that it may have before older results are left out. */
  room: number;
}

/** Of the room so much is taken once results are left out: the next ones have place, and what was cached of the prompt stays so for some turns. */
const FILLED = 2 / 3;
/** After a refusal it is held to so much of what was refused. */
const SHRUNK = 3 / 4;
/** Of a conversation that is held to what nothing can be left out of. */
const NO_ROOM = 1;
/** Shorter results stay: a note in their place would be as long. */
const WORTH_LEAVING_OUT = 400;

/**
 * What was said for a row, what that took, and what of it the model is shown. Results of capabilities are left out, the oldest first, as the room ends: by what was said
 * alone, so that who goes on behind journaled turns shows the same.
 */
export class Conversation implements ReadableResults {
  /** As it was. */
  readonly messages: ChatMessage[];
  readonly values: RowValues;
  readonly place: ConversationPlace;
  readonly allowance: Allowance;
  readonly tally = new RowTally();
  turns = 0;
  /** Results that are left out. */
  leftOut = 0;
  readonly #prompt: number;
  #shown: ChatMessage[];
  #size: number;
  #room: number;
  /** What it was held to, where its model took no more. */
  #held: number | null = null;
  #last: string | null = null;
  /** Where the messages of the latest turn begin. */
  #latest: number;
  readonly #results = new Map<string, { at: number; long: LongResult | null }>();

  constructor({ prompt, values, place, before, allowance, room }: ConversationParts) {
    this.messages = [...prompt];
    this.values = values;
    this.place = place;
    this.allowance = allowance;
    this.#shown = [...prompt];
    this.#size = sizeOf(prompt);
    this.#prompt = this.#size;
    this.#room = room;
    this.#latest = prompt.length;
    for (const turn of before) this.#goOn(turn);
  }

  /** What the model is shown of it. */
  get shown(): readonly ChatMessage[] {
    return this.#shown;
  }

  /** By which results are read again. */
  get ids(): readonly string[] {
    return [...this.#results].flatMap(([id, { at, long }]) => ((long ?? this.#shown[at] !== this.messages[at]) ? [id] : []));
  }

  find(id: string): LongResult | { whole: string } | undefined {
    const result = this.#results.get(id);
    return result && (result.long ?? { whole: contentOf(this.messages[result.at]) });
  }

  say(messages: ChatMessage[]): void {
    this.#latest = this.messages.length;
    this.messages.push(...messages);
    this.#shown.push(...messages);
    this.#size += sizeOf(messages);
  }

  /** A turn that has ended. */
  turn(messages: ChatMessage[], figures: RowFigures, more: Pick<AgentTurn, 'intents' | 'inner' | 'outcome' | 'results'>): AgentTurn {
    const { attempts: calls, usage, usageEstimated, costUsd, latencyMs, model } = figures;
    const said = messages as unknown as JsonObject[];
    const held = this.#held === null ? {} : { room: this.#held };
    const told = { calls, usage, usageEstimated, costUsd, latencyMs, model };
    const turn: AgentTurn = { ...this.place, id: newTurnId(), after: this.#last, messages: said, ...told, ...more, ...held };
    this.#add(turn);
    return turn;
  }

  /** No further results have room: it can only answer. */
  get isFull(): boolean {
    return this.#room === NO_ROOM;
  }

  /** Its model takes less than it was shown: whether there is less to be shown. At last the results of the latest turn are left out too. */
  shrink(): boolean {
    const before = this.leftOut;
    if (!this.isFull) this.#hold(Math.max(NO_ROOM + 1, Math.floor(Math.min(this.#size, this.#room) * SHRUNK)));
    if (this.leftOut === before) this.#hold(NO_ROOM);
    return this.leftOut > before;
  }

  /** What it takes, in words. */
  get sizes(): string {
    const said = this.#size - this.#prompt;
    const left = this.leftOut > 0 ? `, ${this.leftOut} results of capabilities being left out` : '';
    return `about ${this.#size} tokens (${this.#prompt} of instructions and record, ${said} of what was said in ${this.turns} turns${left})`;
  }

  /** What came of it, as it was journaled. */
  resultOf({ output, error }: NonNullable<AgentTurn['outcome']>): RowResult {
    const { row } = this.place;
    return error ? this.tally.failed(row, error.code, error.message) : this.tally.ok(row, output);
  }

  #goOn(turn: AgentTurn): void {
    const { calls: attempts, inner = 0, room, ...figures } = turn;
    this.tally.take({ attempts, ...figures });
    this.allowance.take(figures, 1 + inner);
    if (room !== undefined) this.#hold(room);
    this.#add(turn);
  }

  #add({ id, messages, results = [] }: AgentTurn): void {
    this.say(messages as unknown as ChatMessage[]);
    const long = new Map(results.map((one) => [one.id, one]));
    let index = 0;
    for (let at = this.#latest; at < this.messages.length; at++) {
      if (this.messages[at]?.role !== 'tool') continue;
      const result = resultId(this.turns, index++);
      this.#results.set(result, { at, long: long.get(result) ?? null });
    }
    this.#forget();
    this.turns++;
    this.#last = id;
    this.#fit();
  }

  #hold(room: number): void {
    this.#held = room;
    this.#room = room;
    if (this.isFull) this.#leaveOut(this.messages.length, 0);
    else this.#fit();
  }

  #fit(): void {
    if (this.#size > this.#room) this.#leaveOut(this.#latest, this.#room * FILLED);
  }

  /** Shows a note in the place of results before a message, the oldest first, until so many tokens are left. */
  #leaveOut(before: number, goal: number): void {
    for (const [id, { at }] of this.#results) {
      if (this.#size <= goal) return;
      const message = this.#shown[at];
      if (at >= before || message?.role !== 'tool' || message !== this.messages[at] || message.content.length < WORTH_LEAVING_OUT) continue;
      const note = { ...message, content: leftOutNote(id, message.content.length) };
      this.#size += sizeOf([note]) - sizeOf([message]);
      this.#shown[at] = note;
      this.leftOut++;
    }
  }

  /** Of long results the latest are kept. */
  #forget(): void {
    let kept = 0;
    for (const [id, { at, long }] of [...this.#results].reverse()) {
      kept += long?.text.length ?? 0;
      if (long && kept > KEPT_CHARACTERS) this.#results.set(id, { at, long: null });
    }
  }
}

const contentOf = (message: ChatMessage | undefined): string => message?.content ?? '';

const leftOutNote = (id: string, characters: number): string =>
  `This result was left out to make room: it had ${characters} characters. If it is needed again: ${READ_RESULT} {"result": "${id}"}.`;

/** In tokens of four bytes, as they are counted wherever nobody is asked. */
const sizeOf = (messages: readonly ChatMessage[]): number => messages.reduce((sum, message) => sum + tokensIn(textOf(message)), 0);

export const tokensIn = (text: string): number => Math.ceil(Buffer.byteLength(text) / TOKEN_BYTES);

const textOf = (message: ChatMessage): string =>
  message.role === 'assistant' && message.tool_calls
    ? `${message.content ?? ''}${JSON.stringify(message.tool_calls)}`
    : (message.content ?? '');
