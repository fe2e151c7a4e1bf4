import { type ChatMessage } from '@apwa/model';

/** Characters per token, on the safe side: JSON of tables has short tokens. */
const CHARACTERS_PER_TOKEN = 2.5;
/** Share of the context for the conversation; the rest is for the tools' schemas and the answer. */
const SHARE = 0.7;

const LEFT_OUT = '(left out to save room; call the tool again if it is needed)';
/** In place of the arguments of a call: still JSON, as APIs want it. */
const DRAFT_LEFT_OUT = JSON.stringify({ leftOut: 'an earlier draft, left out to save room' });

const sizeOf = (message: ChatMessage): number => JSON.stringify(message).length;

/**
 * The conversation, made to fit the model's context: results of tools are left out, the oldest first, and then drafts of plans that
 * others have followed. Prompts, calls, the latest results and the latest plan stay, and so do the faults of rejected plans for as
 * long as anything else can be left out.
 */
export const fitContext = (messages: ChatMessage[], contextTokens: number): ChatMessage[] => {
  const room = contextTokens * SHARE * CHARACTERS_PER_TOKEN;
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  if (size <= room) return messages;
  const lastCall = messages.findLastIndex(({ role }) => role === 'assistant');
  return withoutDrafts(withoutResults(messages, lastCall, size - room), room);
};

/** Leaves out so many characters of results before the last call, if there are as many. */
const withoutResults = (messages: ChatMessage[], lastCall: number, excess: number): ChatMessage[] => {
  let left = excess;
  return messages.map((message, index) => {
    if (left <= 0 || message.role !== 'tool' || index > lastCall || message.content.length <= LEFT_OUT.length) return message;
    left -= message.content.length - LEFT_OUT.length;
    return { ...message, content: LEFT_OUT };
  });
};

const withoutDrafts = (messages: ChatMessage[], room: number): ChatMessage[] => {
  let excess = messages.reduce((sum, message) => sum + sizeOf(message), 0) - room;
  const drafts = messages.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []).filter(isDraft) : []));
  const last = drafts.at(-1)?.id;
  return messages.map((message) => {
    if (message.role !== 'assistant' || !message.tool_calls?.some(isDraft)) return message;
    const tool_calls = message.tool_calls.map((call) => {
      if (excess <= 0 || !isDraft(call) || call.id === last || call.function.arguments.length <= DRAFT_LEFT_OUT.length) return call;
      excess -= call.function.arguments.length - DRAFT_LEFT_OUT.length;
      return { ...call, function: { ...call.function, arguments: DRAFT_LEFT_OUT } };
    });
    return { ...message, tool_calls };
  });
};

const isDraft = (call: { function: { name: string } }): boolean =>
  call.function.name === 'submit_plan' || call.function.name === 'try_template';
