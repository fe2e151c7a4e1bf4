import { type ChatMessage, textOf } from './chat.js';
import { hashOf } from './hash.js';

const FENCE_MARK = /\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/;

/** The fence's random mark: a hexadecimal word of the first line that stands in the last line too. */
export const fenceMark = (text: string): string | null => {
  const mark = FENCE_MARK.exec(text.slice(0, 400))?.[0];
  return mark !== undefined && text.lastIndexOf(mark) > text.indexOf(mark) ? mark : null;
};

/**
 * The row part of a conversation: the last user message that holds fenced data, else the last user message. A repair turn is so
 * the same row again.
 */
export const rowMessage = (messages: readonly ChatMessage[]): string => {
  const users = messages.filter(({ role }) => role === 'user').map(textOf);
  return users.findLast((text) => fenceMark(text) !== null) ?? users.at(-1) ?? '';
};

/** Names a row under its instructions, whatever the mark is. */
export const rowKey = (messages: readonly ChatMessage[]): number => {
  const row = rowMessage(messages);
  const mark = fenceMark(row);
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer').map(textOf);
  return hashOf([...system, mark === null ? row : row.replaceAll(mark, '')].join('\u0000').replace(/\s+/g, ' ').trim());
};
