import { z } from 'zod';

/** The model that this server offers. It is no language model, and its name says so wherever it is recorded. */
export const MODEL_ID = 'offline-rules';

const ContentPart = z.looseObject({ type: z.string(), text: z.string().optional() });

const ToolCall = z.looseObject({ id: z.string(), function: z.looseObject({ name: z.string(), arguments: z.string() }) });
export type ToolCall = z.infer<typeof ToolCall>;

export const ChatMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(ContentPart), z.null()]).optional(),
  tool_calls: z.array(ToolCall).optional(),
  tool_call_id: z.string().optional(),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

export const JsonSchemaNode = z.record(z.string(), z.unknown());
export type JsonSchemaNode = z.infer<typeof JsonSchemaNode>;

export const Tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string().min(1), description: z.string().optional(), parameters: JsonSchemaNode.optional() }),
});
export type Tool = z.infer<typeof Tool>;

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);

const ResponseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({ type: z.literal('json_schema'), json_schema: z.looseObject({ name: z.string(), schema: JsonSchemaNode.optional() }) }),
]);

/** What of `POST /v1/chat/completions` is looked at. */
export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(ChatMessage).min(1),
  tools: z.array(Tool).max(128).nullish(),
  tool_choice: ToolChoice.nullish(),
  response_format: ResponseFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  n: z.literal(1, 'only one choice is offered').nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** Parameters that OpenAI's API takes; another one is refused as there, so that a typing error in a configuration is found. */
export const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...Object.keys(ChatRequest.shape),
  ...['audio', 'frequency_penalty', 'function_call', 'functions', 'logit_bias', 'logprobs', 'metadata', 'modalities', 'moderation'],
  ...['parallel_tool_calls', 'prediction', 'presence_penalty', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention'],
  ...['reasoning_effort', 'safety_identifier', 'seed', 'service_tier', 'stop', 'store', 'temperature', 'top_logprobs', 'top_p', 'user'],
  ...['verbosity', 'web_search_options'],
]);

/** What the rules answer: text (JSON where a structure was asked for), or one call of a tool with its arguments as JSON. */
export type Answer = { kind: 'text'; text: string } | { kind: 'tool_call'; name: string; arguments: string };

export const textOf = (message: ChatMessage | undefined): string => {
  const content = message?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('\n');
};
