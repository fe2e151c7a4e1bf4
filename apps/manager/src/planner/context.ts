import { type ChatMessage } from '@apwa/model';

/** Characters per token, on the safe side: JSON of tables has short tokens. */
const CHARACTERS_PER_TOKEN = 2.5;
/** Share of the context for the conversation; the rest is for the tools' schemas and the answer. */
const SHARE = 0.7;

const LEFT_OUT = '(left out to save room; call the tool again if it is needed)';

const sizeOf = (message: ChatMessage): number => JSON.stringify(message).length;

/**
 * The conversation, made to fit the model's context: results of tools are left out, the oldest first. Prompts, calls and the
 * latest results stay, and so do the faults of rejected plans for as long as anything else can be left out.
 */
export const fitContext = (messages: ChatMessage[], contextTokens: number): ChatMessage[] => {
  const room = contextTokens * SHARE * CHARACTERS_PER_TOKEN;
  let size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  if (size <= room) return messages;
  const lastCall = messages.findLastIndex(({ role }) => role === 'assistant');
  return messages.map((message, index) => {
    if (size <= room || message.role !== 'tool' || index > lastCall || message.content.length <= LEFT_OUT.length) return message;
    size -= message.content.length - LEFT_OUT.length;
    return { ...message, content: LEFT_OUT };
  });
};
