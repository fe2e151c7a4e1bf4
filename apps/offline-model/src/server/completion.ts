import { type Answer, MODEL_ID } from './chat.js';

export interface Completion {
  id: string;
  /** Seconds since 1970. */
  created: number;
  answer: Answer;
  promptTokens: number;
  completionTokens: number;
  cut: boolean;
}

const usageOf = ({ promptTokens, completionTokens }: Completion) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
});

const finishReason = ({ answer, cut }: Completion) => (cut ? 'length' : answer.kind === 'tool_call' ? 'tool_calls' : 'stop');
const callId = ({ id }: Completion) => id.replace('chatcmpl-', 'call_');

/** The body of an answer that is not streamed. */
export const completionBody = (completion: Completion): string => {
  const { answer, id, created } = completion;
  const message =
    answer.kind === 'text'
      ? { role: 'assistant', content: answer.text, refusal: null, annotations: [] }
      : {
          role: 'assistant',
          content: null,
          refusal: null,
          annotations: [],
          tool_calls: [{ id: callId(completion), type: 'function', function: { name: answer.name, arguments: answer.arguments } }],
        };
  return JSON.stringify({
    id,
    object: 'chat.completion',
    created,
    model: MODEL_ID,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(completion) }],
    usage: usageOf(completion),
    service_tier: 'default',
    system_fingerprint: MODEL_ID,
  });
};

/** Characters in a streamed piece. */
const PIECE = 48;
const pieces = (text: string): string[] => text.match(new RegExp(`[^]{1,${PIECE}}`, 'gu')) ?? [''];

/** The body of a streamed answer, as server-sent events. */
export const completionEvents = (completion: Completion, includeUsage: boolean): string[] => {
  const { answer, id, created } = completion;
  const base = { id, object: 'chat.completion.chunk', created, model: MODEL_ID, system_fingerprint: MODEL_ID };
  const event = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...(includeUsage ? { usage: null } : {}) })}\n\n`;
  const toolDelta = (call: object) => event({ tool_calls: [{ index: 0, ...call }] });
  const events =
    answer.kind === 'text'
      ? [event({ role: 'assistant', content: '', refusal: null }), ...pieces(answer.text).map((content) => event({ content }))]
      : [
          event({ role: 'assistant', content: null }),
          toolDelta({ id: callId(completion), type: 'function', function: { name: answer.name, arguments: '' } }),
          ...pieces(answer.arguments).map((part) => toolDelta({ function: { arguments: part } })),
        ];
  events.push(event({}, finishReason(completion)));
  if (includeUsage) events.push(`data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(completion) })}\n\n`);
  events.push('data: [DONE]\n\n');
  return events;
};
