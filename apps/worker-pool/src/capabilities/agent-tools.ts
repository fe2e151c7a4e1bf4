import {
  ApwaError,
  type CallKey,
  type CapabilityId,
  type ErrorPayload,
  excerpt,
  type JsonObject,
  type LongResult,
  PermanentError,
  RefusedError,
  type RowErrorCode,
} from '@apwa/contracts';
import { type ChatMessage, type ToolCall, type ToolDefinition } from '@apwa/model';
import { shownFaults } from '../rows/shown-faults.js';
import { callWithEffects, type CallPlace, isUnsafe, EndedCall } from './effects.js';
import { type OpenCapability } from './capability-call.js';
import {
  keptOf,
  longResult,
  nothingToRead,
  READ_RESULT,
  READ_RESULT_TOOL,
  type ReadableResults,
  readResult,
  shownOf,
  shownPart,
} from './long-results.js';

/** What came of the calls of a turn. */
export type ToolOutcomes =
  /** Messages in the order of the calls. */
  | {
      kind: 'results';
      messages: ChatMessage[];
      /** Calls that had been written down, and came to their end. */
      intents: CallKey[];
      /** Of which the messages hold a part. */
      long: LongResult[];
    }
  /** The agent says that it can't do the row, and why. */
  | { kind: 'given_up'; messages: ChatMessage[]; code: RowErrorCode; reason: string }
  /** `fault`: a capability can't be called for any row. */
  | { kind: 'abandoned'; fault: ErrorPayload | null };

/** Of which turn calls are. */
export interface TurnPlace extends Omit<CallPlace, 'place' | 'stageId'> {
  readonly replica: number;
  /** Of a template that was called as a capability: that call. */
  readonly within?: CallKey | undefined;
  readonly turn: number;
  /** What it can read again. Default: nothing. */
  readonly results?: ReadableResults;
}

/** The capabilities of a template as its agents see them, and nothing else. */
export interface AgentTools {
  readonly definitions: ToolDefinition[];
  /** For a conversation in which something can be read again. */
  readonly withReading: ToolDefinition[];
  /** Carries out the calls of a turn, side by side. Does not reject. */
  call(calls: readonly ToolCall[], where: TurnPlace): Promise<ToolOutcomes>;
  /** Some calls must never be made twice. */
  readonly unsafe: boolean;
  /** These of them alone, by the names that they have among all. */
  only(ids: readonly CapabilityId[]): AgentTools;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}

/** Calls of one turn that are carried out; the others are told so. */
const CALLS_PER_TURN = 32;

const reason = {
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string', minLength: 1 } },
  additionalProperties: false,
};
/** Ways of an agent to say that it has no answer: a wrong one would be worse. */
const GIVING_UP = {
  needs_split: {
    description: 'Gives the task back because the record is too large for one task. Say how it could be cut.',
    parameters: reason,
  },
  blocked: {
    description: 'Gives the task back because it cannot be done: something that it needs is missing or does not work. Say what.',
    parameters: reason,
  },
} as const satisfies Record<string, Omit<ToolDefinition, 'name'>>;
type GivingUp = keyof typeof GIVING_UP;
const isGivingUp = (name: string): name is GivingUp => Object.hasOwn(GIVING_UP, name);

/** What came of one call. */
type Outcome =
  | { kind: 'said'; content: string; intent?: CallKey | null; long?: LongResult | null }
  | { kind: 'given_up'; code: GivingUp | 'unknown'; reason: string }
  | { kind: 'abandoned'; fault: ErrorPayload | null };

/** By which a result is asked for again. */
export const resultId = (turn: number, index: number): string => `${turn}.${index}`;

/** A call of a turn. */
interface OneCall extends CallPlace {
  readonly id: string;
  readonly results: ReadableResults;
  /** Characters of its result that go into the conversation. */
  readonly most: number;
  /** Of a longer one, those that can be read on. */
  readonly kept: number;
}

const said = (content: string): Outcome => ({ kind: 'said', content });

/** Names as models may say them: the capability's own, with its kind before it where two have the same. */
export const toolNamesOf = (ids: readonly CapabilityId[]): Map<string, CapabilityId> => {
  const own = (id: CapabilityId) => id.slice(id.indexOf(':') + 1);
  const taken = new Map<string, number>([...Object.keys(GIVING_UP), READ_RESULT].map((name) => [name, 1]));
  for (const id of ids) taken.set(own(id), (taken.get(own(id)) ?? 0) + 1);
  return new Map(ids.map((id) => [(taken.get(own(id)) ?? 0) > 1 ? id.replace(':', '_') : own(id), id]));
};

/** `contextTokens`: what the model takes, which bounds how much of results it is shown. */
export const createAgentTools = (stageId: string, opened: readonly OpenCapability[], contextTokens: number): AgentTools => {
  const names = toolNamesOf(opened.map(({ capability }) => capability.id));
  const byId = new Map(opened.map((one) => [one.capability.id, one]));
  return toolsNamed(stageId, new Map([...names].map(([name, id]) => [name, byId.get(id) as OpenCapability])), contextTokens);
};

const toolsNamed = (stageId: string, byName: ReadonlyMap<string, OpenCapability>, contextTokens: number): AgentTools => {
  const definitions: ToolDefinition[] = [
    ...[...byName].map(
      ([
        name,
        {
          capability: { description, input: parameters },
        },
      ]) => ({ name, description, parameters }),
    ),
    ...Object.entries(GIVING_UP).map(([name, one]) => ({ name, ...one })),
  ];

  const callOne = async ({ name, arguments: text }: ToolCall, where: OneCall): Promise<Outcome> => {
    const read = argumentsIn(text);
    if ('mistake' in read) return said(`The arguments of ${excerpt(name, 60)} are not a JSON object: ${read.mistake}. Call it again.`);
    if (isGivingUp(name)) {
      const { reason: why } = read.given;
      return typeof why === 'string' && why !== '' ? { kind: 'given_up', code: name, reason: why } : said(`${name} needs a reason.`);
    }
    if (name === READ_RESULT && where.results.ids.length > 0) return said(readResult(read.given, where.results, where.most));
    const tool = byName.get(name);
    if (!tool) return said(`There is no tool ${excerpt(name, 60)}. Tools: ${definitions.map((one) => one.name).join(', ')}.`);
    const faults = tool.input.validate(read.given);
    if (faults.length > 0) return said(`The arguments of ${name} are wrong: ${shownFaults(faults)}. Call it again.`);
    try {
      const called = await callWithEffects(tool, read.given, where);
      if (called === null) return { kind: 'abandoned', fault: null };
      const { output, intent } = called;
      const wrong = tool.wrong(output);
      if (wrong) return { kind: 'said', content: `${name} failed (${wrong.code}): ${wrong.message}`, intent };
      // What a capability gave is data, as a row is.
      const result = longResult(where.id, name, JSON.stringify(output), where.kept);
      const long = result.text.length > where.most ? result : null;
      return { kind: 'said', content: shownPart(result, 0, where.most), intent, long };
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (error instanceof RefusedError) return { kind: 'abandoned', fault: error.toPayload() };
      if (error.code === 'unknown') return { kind: 'given_up', code: 'unknown', reason: error.message };
      const code = error instanceof PermanentError ? error.code : 'capability_failed';
      const content = `${name} failed (${code}): ${excerpt(error.message, 1_000)}`;
      return { kind: 'said', content, intent: error instanceof EndedCall ? error.intent : null };
    }
  };

  return {
    definitions,
    withReading: [...definitions, READ_RESULT_TOOL],
    only: (ids) => toolsNamed(stageId, new Map([...byName].filter(([, { capability }]) => ids.includes(capability.id))), contextTokens),
    wake: () => byName.forEach((one) => one.wake()),
    unsafe: [...byName.values()].some(({ capability }) => isUnsafe(capability)),
    call: async (calls, { replica, within, turn, results = nothingToRead, ...where }) => {
      const made = Math.min(calls.length, CALLS_PER_TURN);
      const most = shownOf(made, contextTokens);
      const placed = { ...where, stageId, results, most, kept: keptOf(made, most) };
      const outcomes = await Promise.all(
        calls.map((call, index) =>
          index < CALLS_PER_TURN
            ? callOne(call, {
                ...placed,
                id: resultId(turn, index),
                place: `${within === undefined ? '' : `${within}.`}${replica}.${turn}.${index}`,
              })
            : Promise.resolve(said(`Not called: a turn has ${CALLS_PER_TURN} calls at most.`)),
        ),
      );
      const abandoned = outcomes.find((outcome) => outcome.kind === 'abandoned');
      if (abandoned) return abandoned;
      const messages = calls.map(({ id }, index): ChatMessage => {
        const outcome = outcomes[index] as Exclude<Outcome, { kind: 'abandoned' }>;
        return { role: 'tool', tool_call_id: id, content: outcome.kind === 'said' ? outcome.content : outcome.reason };
      });
      const givenUp = outcomes.find((outcome) => outcome.kind === 'given_up');
      const intents = outcomes.flatMap((outcome) => (outcome.kind === 'said' && outcome.intent ? [outcome.intent] : []));
      const long = outcomes.flatMap((outcome) => (outcome.kind === 'said' && outcome.long ? [outcome.long] : []));
      return givenUp ? { ...givenUp, messages } : { kind: 'results', messages, intents, long };
    },
  };
};

/** Of what asks once, and calls nothing. */
export const noTools: AgentTools = {
  definitions: [],
  withReading: [],
  unsafe: false,
  only: () => noTools,
  wake: () => undefined,
  call: (calls) =>
    Promise.resolve({
      kind: 'results',
      messages: calls.map(({ id }): ChatMessage => ({ role: 'tool', tool_call_id: id, content: 'There are no tools: answer.' })),
      intents: [],
      long: [],
    }),
};

const argumentsIn = (text: string): { given: JsonObject } | { mistake: string } => {
  try {
    // Some models send nothing at all where there are no arguments.
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { given: value as JsonObject };
    return { mistake: 'it is another value' };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
};
