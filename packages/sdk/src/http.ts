import { ApwaError, ErrorBody, InternalError, TransientError } from '@apwa/contracts';
import type { z } from 'zod';

export interface HttpOptions {
  /** Where the manager listens, for example `http://127.0.0.1:8484`. */
  url: string;
  /** The key of the API, where the manager asks for one: `apwa_…`. */
  key?: string | undefined;
  /** Ends every request of the client. */
  signal?: AbortSignal;
}

export interface RequestOptions {
  body?: unknown;
  /** A body that is sent as it is: what gives it, for each try anew. */
  stream?: () => Promise<ReadableStream<Uint8Array> | Uint8Array>;
  query?: Record<string, string | number | undefined>;
  signal?: AbortSignal;
}

/** Tries of a request, and the wait before the second one; it doubles. */
const TRIES = 5;
const FIRST_WAIT_MS = 200;

/** A manager that was asked too often has done nothing: whatever was asked may be asked again. */
const TOO_MANY = 'too_many_requests';

/** Milliseconds until the next try of a request that has failed; null: there is none. */
export const waitBefore = (method: string, attempt: number, error: unknown): number | null => {
  if (!(error instanceof TransientError) || attempt >= TRIES) return null;
  const { retryAfterMs } = error.details;
  const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1);
  // Of many who wait for a place only one gets it: those who come late have theirs.
  if (error.code === TOO_MANY) return Math.max(retryAfterMs ?? 0, backoff);
  return method === 'GET' ? (retryAfterMs ?? backoff) : null;
};

const wait = (ms: number, signal: AbortSignal | undefined) =>
  new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });

/**
 * HTTP with the API's errors as the classes that the manager threw. A GET is tried again where that can help, anything else only
 * where the manager has said that it did nothing of it.
 */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  async json<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<z.output<Schema>> {
    const response = await this.send(method, path, options);
    const parsed = schema.safeParse(await response.json());
    if (parsed.success) return parsed.data;
    throw new InternalError('unexpected_answer', `${method} ${path} was answered in another shape: ${parsed.error.message}`);
  }

  /** The answer itself, for contents and events; its status is 2xx. */
  async send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const signals = [options.signal, this.options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length ? AbortSignal.any(signals) : undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(method, path, options, signal);
      } catch (error) {
        const waitMs = signal?.aborted ? null : waitBefore(method, attempt, error);
        if (waitMs === null) throw error;
        await wait(waitMs, signal);
      }
    }
  }

  private async once(method: string, path: string, { body, stream, query }: RequestOptions, signal: AbortSignal | undefined) {
    const url = new URL(path, this.options.url);
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
    const { key } = this.options;
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const init: RequestInit & { duplex?: 'half' } = { method, headers, signal: signal ?? null };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      headers['content-type'] = 'application/json';
    } else if (stream) {
      init.body = (await stream()) as NonNullable<RequestInit['body']>;
      headers['content-type'] = 'application/octet-stream';
      init.duplex = 'half';
    }
    let response: Response;
    try {
      response = await fetch(url, init);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new TransientError('manager_unreachable', `The manager at ${this.options.url} cannot be reached.`, { cause });
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

const errorOf = async (response: Response): Promise<ApwaError> => {
  const text = await response.text().catch(() => '');
  try {
    return ApwaError.fromPayload(ErrorBody.parse(JSON.parse(text)).error);
  } catch {
    const message = `The manager answered ${response.status} ${response.statusText}: ${text.slice(0, 200)}`;
    return response.status >= 500 ? new TransientError('manager_unavailable', message) : new InternalError('unexpected_answer', message);
  }
};
