import { ApwaError } from '@apwa/contracts';
import { APIConnectionError, APIError } from 'openai';
import { redact } from './redact.js';
import { codeOfRefusal, type FaultCode, type FaultDetails, faultOf, type Refusal } from './refusals.js';
import { retryAfterOf } from './retry-after.js';
import { ResponseTooLarge } from './connections.js';
import { MAX_RESPONSE_BYTES } from './transport.js';

/** Who was called, for messages. */
export interface Callee {
  /** Host and port. */
  host: string;
  /** The provider's id of the model. */
  model: string;
  key: string | undefined;
  /** Where the endpoint stands in the configuration: `models.small.`, or nothing where it has no place. */
  place: string;
}

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** The provider's own error object, as far as it says something. */
export const refusalOf = (status: number, error: unknown, fallback = ''): Refusal => {
  const body = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const inner = (body.innererror ?? {}) as Record<string, unknown>;
  const details = Array.isArray(body.details) ? (body.details as { reason?: unknown }[]) : [];
  const reason = details.map((detail) => textOf(detail?.reason)).find((text) => text !== '');
  return {
    status,
    code: textOf(reason) || (/^\d*$/.test(textOf(body.code)) ? textOf(inner.code) : textOf(body.code)),
    type: textOf(body.type) || textOf(body.status),
    param: textOf(body.param),
    message: textOf(body.message) || (typeof error === 'string' ? error : fallback),
  };
};

const ADVICE: Partial<Record<FaultCode, string>> = {
  authentication: 'the key is missing, wrong, or not allowed to do this',
  quota_exhausted: 'the account has used up its quota or its credit',
  unknown_model: 'it does not know the model, or baseUrl misses a part of its path such as /v1',
};

/** What has to be changed in the configuration, and into what. */
const placeOfRefusal = (code: FaultCode, { param }: Refusal, { host, model, key, place }: Callee): FaultDetails => {
  switch (code) {
    case 'authentication':
      return { field: `${place}apiKey`, allowed: `a key that ${host} takes for this model` };
    case 'quota_exhausted':
      return { field: `${place}apiKey`, allowed: 'the key of an account with quota and credit left' };
    case 'unknown_model':
      return { field: `${place}name`, value: model, allowed: `a model that ${host} offers` };
    case 'invalid_request':
      return param ? { field: redact(param, key) } : {};
    default:
      return {};
  }
};

/** An error for what a provider answered in place of an answer. Its words are shown only where they can hold no key. */
export const refusedBy = (refusal: Refusal, callee: Callee, headers?: { get(name: string): string | null }, body?: unknown): ApwaError => {
  const code = codeOfRefusal(refusal);
  const said = code === 'authentication' ? '' : redact(refusal.message, callee.key);
  const what = [ADVICE[code], said].filter((part) => part).join('. ');
  const retryAfterMs = code === 'rate_limited' || code === 'provider_error' || code === 'timeout' ? retryAfterOf(headers, body) : undefined;
  return faultOf(code, `${callee.host} answered ${refusal.status} for ${callee.model}${what ? `: ${what}` : ''}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...placeOfRefusal(code, refusal, callee),
  });
};

const causesOf = (error: unknown): Error[] => {
  const causes: Error[] = [];
  for (let next = error; next instanceof Error && causes.length < 8; next = next.cause) causes.push(next);
  return causes;
};

/** Timers may be early by some milliseconds of another clock. */
const TIMER_SLACK_MS = 5;

/** Status, body and headers of an answer that is not 2xx. */
const isStatusError = (thrown: unknown): thrown is APIError<number, Headers, object> =>
  thrown instanceof APIError && typeof thrown.status === 'number';

/** Headers of an answer that is not 2xx. */
export const headersOf = (thrown: unknown): Headers | undefined => (isStatusError(thrown) ? thrown.headers : undefined);

/** Anything that a call threw as an error of ours. The causes are left behind: they hold headers, and with them the key. */
export const errorOf = (thrown: unknown, callee: Callee, { timeoutMs, latencyMs }: { timeoutMs: number; latencyMs: number }): ApwaError => {
  if (thrown instanceof ApwaError) return thrown;
  const causes = causesOf(thrown);
  const { host, model } = callee;
  if (causes.some((cause) => cause instanceof ResponseTooLarge))
    return faultOf('provider_error', `${host} sent more than ${MAX_RESPONSE_BYTES} bytes for one answer of ${model}`);
  const reason = causes.map((cause) => textOf((cause as NodeJS.ErrnoException).code)).find((code) => code !== '');
  // Told by the clock: a timeout while connecting is a fault of the connection, and the client's classes mix the two.
  if (thrown instanceof APIConnectionError && latencyMs >= timeoutMs - TIMER_SLACK_MS)
    return faultOf('timeout', `${host} did not answer for ${model} within ${timeoutMs} ms`);
  if (thrown instanceof APIConnectionError) {
    const how = reason ?? redact(causes.at(-1)?.message ?? '', callee.key);
    return faultOf('connection', `The connection to ${host} failed${how ? ` (${how})` : ''}`);
  }
  if (isStatusError(thrown)) {
    const { status, error } = thrown;
    if (status >= 300 && status < 400)
      return faultOf(
        'invalid_request',
        `${host} redirects to elsewhere (status ${status}), which is not followed: baseUrl must be where it really is`,
        { field: `${callee.place}baseUrl`, allowed: 'the address that answers by itself' },
      );
    return refusedBy(refusalOf(status, error, thrown.message), callee, thrown.headers, error);
  }
  if (thrown instanceof SyntaxError) return faultOf('provider_error', `${host} answered for ${model} with something that is no JSON`);
  return faultOf(
    'provider_error',
    `The call of ${model} at ${host} failed: ${redact(thrown instanceof Error ? thrown.message : String(thrown), callee.key)}`,
  );
};
