import { ApwaError, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type Failure } from './decide.js';

/** What a thrown error says of the call, by class and code alone. */
export const failureOf = (thrown: unknown): Failure => {
  const error = ApwaError.from(thrown);
  const { message } = error;
  const { retryAfterMs } = error.details;
  if (error instanceof RefusedError) {
    const fault = error.toPayload();
    if (error.code === 'quota_exhausted') return { kind: 'exhausted', message };
    return error.code === 'invalid_request' ? { kind: 'request', fault } : { kind: 'account', fault };
  }
  if (error instanceof TransientError) {
    switch (error.code) {
      case 'rate_limited':
        return { kind: 'rate_limited', message, retryAfterMs };
      case 'timeout':
      case 'connection':
      case 'malformed':
        return { kind: 'transient', code: error.code, message, retryAfterMs };
      default:
        return { kind: 'transient', code: 'provider_error', message, retryAfterMs };
    }
  }
  if (error instanceof PermanentError) {
    switch (error.code) {
      case 'truncated':
        return { kind: 'truncated', message };
      case 'refused':
      case 'filtered':
      case 'empty':
      case 'context_exceeded':
        return { kind: 'permanent', code: error.code, message };
    }
  }
  // Nothing that a model's client throws: a fault of ours, met by every row or by an odd one.
  return { kind: 'request', fault: error.toPayload() };
};
