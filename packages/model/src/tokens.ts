import { type JsonSchema } from '@apwa/contracts';
import { type ChatMessage, type ModelRequest } from './model.js';

/** The tokenizer takes time quadratic in the length of a word; pieces keep that small, and cost a token each at most. */
const PIECE = 2_000;
/** Marks of role and end of each message. */
const PER_MESSAGE = 4;

const textsOf = (message: ChatMessage): string[] => {
  if (message.role !== 'assistant') return [message.content];
  return [message.content ?? '', ...(message.tool_calls ?? []).map(({ function: { name, arguments: text } }) => `${name} ${text}`)];
};

/** Bytes of UTF-8 that a UTF-16 unit makes at most. */
const BYTES_PER_UNIT = 3;

/** Whether texts have fewer tokens than `bound` for sure: no token is shorter than a byte. Bytes are counted only where it is close. */
export const surelyFit = (texts: string[], bound: number): boolean => {
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  return units * BYTES_PER_UNIT <= bound || texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) <= bound;
};

const schemaTexts = new WeakMap<JsonSchema, string>();

/** A schema as text, made once: a stage's calls all have the same one. */
const textOfSchema = (schema: JsonSchema): string => {
  const known = schemaTexts.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema);
  schemaTexts.set(schema, text);
  return text;
};

/** All text of a request that becomes tokens, with what the messages' marks take. */
export const requestTexts = ({ messages, tools, output }: ModelRequest): { texts: string[]; marks: number } => ({
  texts: [...messages.flatMap(textsOf), ...(tools ? [JSON.stringify(tools)] : []), ...(output ? [textOfSchema(output.schema)] : [])],
  marks: messages.length * PER_MESSAGE,
});

/**
 * Counts tokens by the vocabulary of OpenAI's newer models: other models are some per cent off. Stops above `enough`.
 * The vocabulary takes some tens of megabytes, and is loaded when it is first needed.
 */
export const countTokens = async (texts: string[], enough = Number.POSITIVE_INFINITY): Promise<number> => {
  const tokenizer = await import('gpt-tokenizer/encoding/o200k_base');
  let count = 0;
  for (const text of texts)
    for (let start = 0; start < text.length; start += PIECE) {
      count += tokenizer.countTokens(text.slice(start, start + PIECE), { disallowedSpecial: new Set<string>() });
      if (count > enough) return count;
    }
  return count;
};
