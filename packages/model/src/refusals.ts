import { type ApwaError, type ErrorDetails, PermanentError, RefusedError, TransientError } from '@apwa/contracts';

export type TransientCode = 'rate_limited' | 'provider_error' | 'timeout' | 'connection' | 'malformed';
export type PermanentCode = 'truncated' | 'refused' | 'filtered' | 'empty' | 'context_exceeded';
export type RefusedCode = 'authentication' | 'quota_exhausted' | 'invalid_request' | 'unknown_model';
export type FaultCode = TransientCode | PermanentCode | RefusedCode;

/** What a provider said with a status that is not 2xx, or in place of an answer. */
export interface Refusal {
  status: number;
  code: string;
  type: string;
  param: string;
  message: string;
}

const QUOTA = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'insufficient_balance',
  'access_terminated',
]);
const CONTEXT = new Set(['context_length_exceeded', 'string_above_max_length', 'request_too_large', 'exceed_context_size_error']);
const FILTER = new Set([
  'content_filter',
  'content_policy_violation',
  'responsibleaipolicyviolation',
  'data_inspection_failed',
  'moderation_blocked',
]);
const UNKNOWN_MODEL = new Set(['model_not_found', 'model_not_available', 'deploymentnotfound', 'not_found_error']);
const KEY = new Set([
  'invalid_api_key',
  'api_key_invalid',
  'authentication_error',
  'permission_error',
  'unauthenticated',
  'permission_denied',
]);
/** The server itself refuses the model's answer, where it was to follow a schema. */
const BAD_ANSWER = new Set(['json_validate_failed', 'tool_use_failed', 'output_parse_failed']);

/** Some servers (vLLM, llama.cpp, Anthropic, Gemini) tell these apart in words alone. */
const CONTEXT_WORDS =
  /context (length|window|size)|maximum context|prompt is too long|input is too long|too many (input )?tokens|token count .*exceeds|max_model_len|longer than the maximum/i;
const TOO_LARGE_WORDS = /request too large/i;
const QUOTA_WORDS = /credit balance|insufficient (balance|credit|fund)/i;
const KEY_WORDS = /api key not valid|invalid api key|incorrect api key/i;
const FILTER_WORDS = /content (management|filtering) policy|flagged (as|by|for)|requires moderation/i;
const MODEL_WORDS = /model .*(does not exist|not found|is not supported)/i;

/** The code of an error by what the provider said. Statuses first, then the codes and words that tell one status apart. */
export const codeOfRefusal = ({ status, code, type, message }: Refusal): FaultCode => {
  const is = (known: ReadonlySet<string>) => known.has(code.toLowerCase()) || known.has(type.toLowerCase());
  if (is(QUOTA) || status === 402) return 'quota_exhausted';
  if (status === 408 || status === 504) return 'timeout';
  // Waiting helps no request that is larger than all that the account may send in a minute.
  if (status === 429 && TOO_LARGE_WORDS.test(message)) return 'context_exceeded';
  if (status === 429) return 'rate_limited';
  if (status >= 500 || status === 409 || status === 425 || status === 499) return 'provider_error';
  if (is(FILTER) || FILTER_WORDS.test(message)) return 'filtered';
  if (is(UNKNOWN_MODEL)) return 'unknown_model';
  if (status === 401 || status === 403 || is(KEY)) return 'authentication';
  if (status === 404) return 'unknown_model';
  if (status === 413 || is(CONTEXT)) return 'context_exceeded';
  if (is(BAD_ANSWER)) return 'malformed';
  if (CONTEXT_WORDS.test(message)) return 'context_exceeded';
  if (QUOTA_WORDS.test(message)) return 'quota_exhausted';
  if (KEY_WORDS.test(message)) return 'authentication';
  if (MODEL_WORDS.test(message)) return 'unknown_model';
  return 'invalid_request';
};

export type FaultDetails = Pick<ErrorDetails, 'retryAfterMs' | 'field' | 'value' | 'allowed'>;

/** An error of the class that its code belongs to. */
export const faultOf = (code: FaultCode, message: string, details: FaultDetails = {}): ApwaError => {
  switch (code) {
    case 'rate_limited':
    case 'provider_error':
    case 'timeout':
    case 'connection':
    case 'malformed':
      return new TransientError(code, message, details);
    case 'truncated':
    case 'refused':
    case 'filtered':
    case 'empty':
    case 'context_exceeded':
      return new PermanentError(code, message, details);
    case 'authentication':
    case 'quota_exhausted':
    case 'invalid_request':
    case 'unknown_model':
      return new RefusedError(code, message, details);
  }
};
