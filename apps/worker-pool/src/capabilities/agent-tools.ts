import {
  ApwaError,
  type CallKey,
  type CapabilityId,
  type ErrorPayload,
  excerpt,
  type JsonObject,
  PermanentError,
  RefusedError,
  type RowErrorCode,
} from '@apwa/contracts';
import { type ChatMessage, type ToolCall, type ToolDefinition } from '@apwa/model';
import { fence } from '../prompts/fence.js';
import { shownFaults } from '../rows/shown-faults.js';
import { callWithEffects, type CallPlace, isUnsafe, EndedCall } from './effects.js';
import { type OpenCapability } from './capability-call.js';

/** What came of the calls of a turn. */
export type ToolOutcomes =
  /** Messages in the order of the calls. */
  | { kind: 'results'; messages: ChatMessage[]; /** Calls that had been written down, and came to their end. */ intents: CallKey[] }
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
}

/** The capabilities of a template as its agents see them, and nothing else. */
export interface AgentTools {
  readonly definitions: ToolDefinition[];
  /** Carries out the calls of a turn, side by side. Does not reject. */
  call(calls: readonly ToolCall[], where: TurnPlace): Promise<ToolOutcomes>;
  /** Some calls must never be made twice. */
  readonly unsafe: boolean;
  /** These of them alone, by the names that they have among all. */
  only(ids: readonly CapabilityId[]): AgentTools;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}

/** The longest result that goes into a conversation, in characters: some thousand tokens. */
const RESULT_CHARACTERS = 32_000;
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
  | { kind: 'said'; content: string; intent?: CallKey | null }
  | { kind: 'given_up'; code: GivingUp | 'unknown'; reason: string }
  | { kind: 'abandoned'; fault: ErrorPayload | null };

const said = (content: string): Outcome => ({ kind: 'said', content });

/** Names as models may say them: the capability's own, with its kind before it where two have the same. */
export const toolNamesOf = (ids: readonly CapabilityId[]): Map<string, CapabilityId> => {
  const own = (id: CapabilityId) => id.slice(id.indexOf(':') + 1);
  const taken = new Map<string, number>(Object.keys(GIVING_UP).map((name) => [name, 1]));
  for (const id of ids) taken.set(own(id), (taken.get(own(id)) ?? 0) + 1);
  return new Map(ids.map((id) => [(taken.get(own(id)) ?? 0) > 1 ? id.replace(':', '_') : own(id), id]));
};

export const createAgentTools = (stageId: string, opened: readonly OpenCapability[]): AgentTools => {
  const names = toolNamesOf(opened.map(({ capability }) => capability.id));
  const byId = new Map(opened.map((one) => [one.capability.id, one]));
  return toolsNamed(stageId, new Map([...names].map(([name, id]) => [name, byId.get(id) as OpenCapability])));
};

const toolsNamed = (stageId: string, byName: ReadonlyMap<string, OpenCapability>): AgentTools => {
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

  const callOne = async ({ name, arguments: text }: ToolCall, where: CallPlace): Promise<Outcome> => {
    const read = argumentsIn(text);
    if ('mistake' in read) return said(`The arguments of ${excerpt(name, 60)} are not a JSON object: ${read.mistake}. Call it again.`);
    if (isGivingUp(name)) {
      const { reason: why } = read.given;
      return typeof why === 'string' && why !== '' ? { kind: 'given_up', code: name, reason: why } : said(`${name} needs a reason.`);
    }
    const tool = byName.get(name);
    if (!tool) return said(`There is no tool ${excerpt(name, 60)}. Tools: ${definitions.map((one) => one.name).join(', ')}.`);
    const faults = tool.input.validate(read.given);
    if (faults.length > 0) return said(`The arguments of ${name} are wrong: ${shownFaults(faults)}. Call it again.`);
    try {
      const called = await callWithEffects(tool, read.given, where);
      if (called === null) return { kind: 'abandoned', fault: null };
      const { output, intent } = called;
      const wrong = tool.wrong(output);
      return { kind: 'said', content: wrong ? `${name} failed (${wrong.code}): ${wrong.message}` : shown(name, output), intent };
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
    only: (ids) => toolsNamed(stageId, new Map([...byName].filter(([, { capability }]) => ids.includes(capability.id)))),
    wake: () => byName.forEach((one) => one.wake()),
    unsafe: [...byName.values()].some(({ capability }) => isUnsafe(capability)),
    call: async (calls, { replica, within, turn, ...where }) => {
      const outcomes = await Promise.all(
        calls.map((call, index) =>
          index < CALLS_PER_TURN
            ? callOne(call, { ...where, stageId, place: `${within === undefined ? '' : `${within}.`}${replica}.${turn}.${index}` })
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
      return givenUp ? { ...givenUp, messages } : { kind: 'results', messages, intents };
    },
  };
};

/** Of what asks once, and calls nothing. */
export const noTools: AgentTools = {
  definitions: [],
  unsafe: false,
  only: () => noTools,
  wake: () => undefined,
  call: (calls) =>
    Promise.resolve({
      kind: 'results',
      messages: calls.map(({ id }): ChatMessage => ({ role: 'tool', tool_call_id: id, content: 'There are no tools: answer.' })),
      intents: [],
    }),
};

/** What a capability gave is data, as a row is. */
const shown = (name: string, output: JsonObject): string => {
  const text = JSON.stringify(output);
  const cut = text.length > RESULT_CHARACTERS;
  const value = cut ? `${text.slice(0, RESULT_CHARACTERS)}…` : text;
  return `${fence([{ name, value }])}${cut ? `\nCut off: it has ${text.length} characters.` : ''}`;
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
