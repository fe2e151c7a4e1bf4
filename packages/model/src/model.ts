import { type JsonSchema, type ToldLimits, type TokenUsage } from '@apwa/contracts';

/** A tool call as it stands in an assistant's message. Further keys of providers are kept: some must see them again. */
export interface MessageToolCall {
  id: string;
  type: 'function';
  function: { name: string; /** JSON as text. */ arguments: string };
  [key: string]: unknown;
}
export interface AssistantMessage {
  role: 'assistant';
  content: string | null;
  tool_calls?: MessageToolCall[];
}
/** A message of a conversation, in the words of the chat completions API. */
export type ChatMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string }
  | AssistantMessage
  | { role: 'tool'; tool_call_id: string; content: string };

export interface ToolDefinition {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonSchema;
}

export interface ModelRequest {
  messages: ChatMessage[];
  /** The answer is to be a JSON value of this schema. */
  output?: { name: string; schema: JsonSchema };
  tools?: ToolDefinition[];
  /** `required`: the answer has to be a tool call. Default `auto`. */
  toolChoice?: 'auto' | 'required';
  /** Default: the endpoint's `outputTokens`. */
  maxOutputTokens?: number;
  /** For the whole call. Default: the endpoint's `timeoutMs`. */
  timeoutMs?: number;
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON as text, as the model wrote it: parse it with care. */
  arguments: string;
}

/** What a call took. */
export interface CallFigures {
  usage: TokenUsage;
  /** The tokens were counted by us: the endpoint did not say, or said what cannot be. */
  usageEstimated: boolean;
  /** By the endpoint's prices; 0 without any. */
  costUsd: number;
  /** The provider's id of the model. */
  model: string;
  /** From the request to the answer's last byte. */
  latencyMs: number;
  /** Limits of the endpoint, where the answer's headers tell any. */
  told: ToldLimits | null;
}

export type ModelAnswer = CallFigures & {
  /** To be appended to the conversation before a further turn. */
  message: AssistantMessage;
} & (
    | { kind: 'text'; text: string }
    | { kind: 'structured'; /** In the shape of the request's schema; not yet validated against it. */ value: unknown; text: string }
    | { kind: 'tool_calls'; calls: ToolCall[]; text: string | null }
  );

export interface CallOptions {
  signal?: AbortSignal;
  /** 1 for the first try of a request: chooses the endpoint of an `ordered` group. */
  attempt: number;
  /** The place of the endpoint in the group, from 0, where the caller has chosen it. */
  endpoint?: number;
}

/** What came of a call that only asks whether an endpoint is well. */
export type ProbeResult = { kind: 'answered' } | { kind: 'failed'; message: string } | { kind: 'exhausted'; message: string };

/**
 * A model of the configuration. Calls are made once: whoever calls decides on further tries. Errors:
 * - TransientError `rate_limited`, `provider_error`, `timeout`, `connection`, `malformed`, with `retryAfterMs` where the endpoint said so;
 * - PermanentError `truncated`, `refused`, `filtered`, `empty`, `context_exceeded`: this request fails;
 * - RefusedError `authentication`, `quota_exhausted`, `invalid_request`, `unknown_model`: every request would fail.
 * An aborted signal throws the signal's reason. What a failed call took is in `callOf(error)`.
 */
export interface Model {
  complete(request: ModelRequest, options: CallOptions): Promise<ModelAnswer>;
  /** Makes the smallest call there is. Does not reject. */
  probe(endpoint: number, signal?: AbortSignal): Promise<ProbeResult>;
  /** Ends idle connections and those under way. */
  close(): void;
  /** Prompt and answer together; the smallest of a group. */
  readonly contextTokens: number;
}
