import { type ApwaError } from '@apwa/contracts';
import { type LoweredSchema } from '@apwa/json-schema';
import { type Choice, contentOf } from './completion.js';
import { jsonIn } from './json-text.js';
import { type AssistantMessage, type MessageToolCall, type ModelRequest, type ToolCall } from './model.js';
import { safeName } from './request-body.js';
import { faultOf } from './refusals.js';

/** What a completion comes to: an answer, or a fault with what was written. */
export type Outcome =
  | { kind: 'text'; text: string; message: AssistantMessage }
  | { kind: 'structured'; value: unknown; text: string; message: AssistantMessage }
  | { kind: 'tool_calls'; calls: ToolCall[]; text: string | null; message: AssistantMessage }
  | { kind: 'fault'; error: ApwaError; text: string | null };

const fault = (error: ApwaError, text: string): Outcome => ({ kind: 'fault', error, text: text === '' ? null : text });

/** Tool calls with the ids and texts that a further turn needs, whatever the server left out. */
const toolCallsOf = (choice: Choice): MessageToolCall[] =>
  (choice.message?.tool_calls ?? []).map((call, index) => {
    const { arguments: written, ...rest } = call.function;
    const text = typeof written === 'string' ? written : JSON.stringify(written ?? {});
    return { ...call, id: call.id || `call_${index}`, type: 'function', function: { ...rest, arguments: text || '{}' } };
  });

const structured = (text: string, lowered: LoweredSchema, model: string): Outcome => {
  const found = jsonIn(text);
  if (!found) return fault(faultOf('malformed', `${model} answered with something that is no JSON`), text);
  return { kind: 'structured', value: lowered.restore(found.value), text, message: { role: 'assistant', content: text } };
};

/** A stop that is no answer: cut off, kept back or broken. Tells length and filter from malformed output. */
const stopOf = (choice: Choice, text: string, model: string): Outcome | undefined => {
  switch (choice.finish_reason) {
    case 'length':
    case 'max_tokens':
      return fault(faultOf('truncated', `The answer of ${model} was cut off at its longest length`), text);
    case 'content_filter':
      return fault(faultOf('filtered', `The provider's filter stopped the answer of ${model}`), text);
    case 'error':
      return fault(faultOf('provider_error', `The provider broke off the answer of ${model}`), text);
    default:
      return undefined;
  }
};

/** Reads the first choice of a completion. */
export const readChoice = (choice: Choice, request: ModelRequest, lowered: LoweredSchema | undefined, model: string): Outcome => {
  const content = contentOf(choice);
  const calls = toolCallsOf(choice);
  const outputName = request.output ? safeName(request.output.name) : undefined;
  const outputCall = calls.find(({ function: { name } }) => name === outputName);
  const written = outputCall?.function.arguments ?? content;

  const stopped = stopOf(choice, written, model);
  if (stopped) return stopped;
  if (choice.message?.refusal) return fault(faultOf('refused', `${model} refused to answer`), choice.message.refusal);
  if (outputCall && lowered) return structured(written, lowered, model);
  if (calls.length > 0 && (request.tools?.length ?? 0) > 0) {
    const message: AssistantMessage = { role: 'assistant', content: content === '' ? null : content, tool_calls: calls };
    return {
      kind: 'tool_calls',
      calls: calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text })),
      text: message.content,
      message,
    };
  }
  if (content.trim() === '') return fault(faultOf('empty', `${model} answered nothing`), content);
  if (lowered) return structured(content, lowered, model);
  return { kind: 'text', text: content, message: { role: 'assistant', content } };
};
