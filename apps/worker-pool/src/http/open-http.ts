import { effectsOf, excerpt, type HttpCapability, type JsonObject, PermanentError, TransientError } from '@apwa/contracts';
import { retryAfterOf } from '@apwa/model';
import { hideSecrets } from '@apwa/service';
import { type Response } from 'undici';
import { answered, parsedJson } from '../capabilities/answered.js';
import { type EndedTry } from '../capabilities/admission.js';
import { type CapabilityCall, NotCarriedOut } from '../capabilities/capability-call.js';
import { readText, type Web } from '../web/web.js';
import { WebError } from '../web/web-error.js';
import { type BuiltRequest, requestOf } from './request-of.js';
import { PASSING, StatusError } from './status-error.js';
import { type Secrets } from './secrets.js';

/** Tries of a call that may be made again, those not counted that were refused with 429. */
const TRIES = 4;
const BACKOFF_MS = 250;
/** The longest wait between two tries, whatever the other side asks for. */
const LONGEST_WAIT_MS = 30_000;
const REDIRECTS = 5;
/** What is shown of an answer that is not what it should be, in characters. */
const SHOWN = 200;

type Tried = { kind: 'output'; output: JsonObject } | { kind: 'again'; error: PermanentError; afterMs: number | undefined };

/** The calls of an operation over HTTP. RefusedError if it names a secret that is not for it. */
export const openHttp = (definition: HttpCapability, web: Web, secrets: Secrets) => {
  const effects = effectsOf(definition);
  secrets.check(definition.secrets, new URL(definition.url.replace(/(^https?:\/\/[^/]+).*/, '$1')));

  const tryOnce = async (request: BuiltRequest, key: CapabilityCall['key'], signal: AbortSignal): Promise<Tried> => {
    const { url, headers, body } = await withSecrets(request, definition, secrets);
    const { method, timeoutMs, maxBytes, result } = definition;
    const all: Record<string, string> = {
      accept: result === 'json' ? 'application/json' : '*/*',
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      ...(effects !== 'none' ? { 'idempotency-key': key() } : {}),
      ...headers,
    };
    try {
      const redirects = method === 'GET' ? REDIRECTS : 0;
      const response = await web.request(url, { method, headers: all, body, timeoutMs, signal, redirects });
      const text = await readText(response, maxBytes, { host: url.host, timeoutMs });
      return outcomeOf(response, text, url.host, definition);
    } catch (thrown) {
      if (thrown instanceof WebError && thrown.mayPass) return { kind: 'again', error: thrown, afterMs: undefined };
      throw thrown;
    }
  };

  const valuesOf = () => Promise.all(definition.secrets.map(({ name }) => secrets.valueOf(name)));

  const call = async ({ given, control, admission, key }: CapabilityCall): Promise<JsonObject | null> => {
    const request = requestOf(definition, given);
    const values = await valuesOf();
    // What is called may tell what it was sent, in its errors above all.
    const hide = (text: string) => hideSecrets(text, values);
    for (let tries = 1; ;) {
      if (control.signal.aborted) return null;
      try {
        const tried = await tryOnce(request, key, control.signal);
        if (tried.kind === 'output') return JSON.parse(hide(JSON.stringify(tried.output))) as JsonObject;
        const again = effects !== 'unsafe' || isNotDone(tried.error);
        if (tries === TRIES || !again) throw tried.error;
        const next = await admission.again(endOf(tried, tries));
        if (next === 'abandoned') return null;
        if (next === 'given_up') throw tried.error;
        if (!isRefused(tried.error)) tries++;
      } catch (thrown) {
        if (control.signal.aborted) return null;
        if (!(thrown instanceof PermanentError)) throw thrown;
        const message = hide(thrown.message);
        if (isNotDone(thrown)) throw new NotCarriedOut(thrown.code, message, { cause: thrown });
        if (effects === 'unsafe') throw new TransientError('uncertain', message, { cause: thrown });
        throw new PermanentError(thrown.code, message, { cause: thrown });
      }
    }
  };
  return {
    call,
    /** RefusedError if one of its secrets can't be read. */
    prepare: async (): Promise<void> => void (await valuesOf()),
  };
};

const isRefused = ({ code }: PermanentError): boolean => code === 'rate_limited';

const endOf = ({ error, afterMs }: Extract<Tried, { kind: 'again' }>, tries: number): EndedTry =>
  isRefused(error)
    ? { kind: 'refused', message: error.message, retryAfterMs: afterMs }
    : { kind: 'failed', afterMs: Math.min(LONGEST_WAIT_MS, afterMs ?? BACKOFF_MS * 2 ** (tries - 1) * (0.5 + Math.random())) };

/** Whether an error proves that the call has not been carried out. */
const isNotDone = (error: PermanentError): boolean =>
  (error instanceof WebError && error.unsent) || (error instanceof StatusError && error.proves === 'not_carried_out');

const withSecrets = async (
  { url, headers, body }: BuiltRequest,
  { secrets: used }: HttpCapability,
  secrets: Secrets,
): Promise<BuiltRequest> => {
  const target = new URL(url);
  const all = { ...headers };
  for (const { name, in: place, as, prefix } of used) {
    const value = prefix + (await secrets.valueOf(name));
    if (place === 'query') target.searchParams.set(as, value);
    else all[as] = value;
  }
  return { url: target, headers: all, body };
};

const outcomeOf = (response: Response, text: string, host: string, definition: HttpCapability): Tried => {
  const { status, headers } = response;
  if (status < 200 || status > 299) {
    const message = `${host} answered ${status}${text === '' ? '' : `: ${excerpt(text, SHOWN)}`}`;
    const error = new StatusError(status, message);
    if (!PASSING.includes(status)) throw error;
    return { kind: 'again', error, afterMs: retryAfterOf(headers, undefined) };
  }
  return { kind: 'output', output: outputOf(text, headers.get('content-type'), host, definition) };
};

const outputOf = (text: string, type: string | null, host: string, definition: HttpCapability): JsonObject => {
  if (definition.result === 'text') return { [definition.into ?? 'text']: text };
  // Many a DELETE answers with nothing.
  const value = text === '' ? {} : parsedJson(text, `${host} answered with ${type ?? 'what says not what it is'}`);
  return answered(value, definition, host);
};
