import { type LongResult } from '@apwa/contracts';
import { fence } from '../prompts/fence.js';

/** The longest result that goes into a conversation as a whole, in characters: some thousand tokens. */
const SHOWN_CHARACTERS = 32_000;
/** Even of many results of a turn each shows so much. */
const LEAST_CHARACTERS = 500;
/** What can be read on of a conversation's results, in characters: of several the latest … */
export const KEPT_CHARACTERS = 256 * 1024;
/** … and of each of a turn the beginning, what is shown of it at least. */
export const keptOf = (calls: number, shown: number): number => Math.max(shown, Math.floor(KEPT_CHARACTERS / calls));

/** How much of each result of a turn goes into the conversation, in characters: of English together less than half of the model's context. */
export const shownOf = (calls: number, contextTokens: number): number =>
  Math.max(LEAST_CHARACTERS, Math.min(SHOWN_CHARACTERS, contextTokens, Math.floor((contextTokens * 1.5) / calls)));

/** A part of a result as the model sees it, between marks, with how much is left and how to read on. */
export const shownPart = ({ id, tool, text, characters }: LongResult, offset: number, most: number): string => {
  const part = cutAt(text, offset, most);
  const end = offset + part.length;
  const data = fence([{ name: tool, value: part }]);
  if (offset === 0 && end >= characters) return data;
  const left = end < text.length ? `. To read on: ${READ_RESULT} {"result": "${id}", "offset": ${end}}` : '';
  const lost = characters > text.length ? ` (only the first ${text.length} are kept)` : '';
  return `${data}\nThese are characters ${offset} to ${end} of ${characters}${lost}${left}.`;
};

/** Not between the halves of a character: there is nothing that both parts could be read as. */
const cutAt = (text: string, from: number, most: number): string => {
  const end = from + most;
  return text.slice(from, end < text.length && isHigh(text.charCodeAt(end - 1)) ? end - 1 : end);
};
const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

/** The beginning of a result, as far as it is kept: copied, for a part of a string holds on to the whole of it. */
export const longResult = (id: string, tool: string, text: string, kept: number): LongResult => ({
  id,
  tool,
  text: text.length <= kept ? text : Buffer.from(cutAt(text, 0, kept)).toString(),
  characters: text.length,
});

export const READ_RESULT = 'read_result';
export const READ_RESULT_TOOL = {
  name: READ_RESULT,
  description: 'Gives more of a result that was too long for this conversation, or that was left out of it since.',
  parameters: {
    type: 'object',
    required: ['result'],
    properties: {
      result: { type: 'string', description: 'Its number, as the note says: "4.0".' },
      offset: { type: 'integer', minimum: 0, description: 'From which character on. Default 0.' },
    },
    additionalProperties: false,
  },
};

/** What an agent can read again of what its capabilities gave. */
export interface ReadableResults {
  /** Numbers of results, the latest last. */
  readonly ids: readonly string[];
  find(id: string): LongResult | { whole: string } | undefined;
}

export const nothingToRead: ReadableResults = { ids: [], find: () => undefined };

/** What a call of `read_result` gives, or what is wrong with it. */
export const readResult = (given: Record<string, unknown>, results: ReadableResults, most: number): string => {
  const { result: id, offset = 0 } = given;
  const found = typeof id === 'string' ? results.find(id) : undefined;
  if (!found) return `There is no result ${JSON.stringify(id)?.slice(0, 60)} to be read. Results: ${results.ids.join(', ')}.`;
  if ('whole' in found)
    return offset === 0 ? found.whole : `Of result ${String(id)} no more is kept than was shown. Call the tool again for more.`;
  const last = found.text.length - 1;
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset > last)
    return `offset is ${JSON.stringify(offset)?.slice(0, 60)}: of result ${found.id} it can be 0 to ${last}.`;
  return shownPart(found, offset, most);
};
