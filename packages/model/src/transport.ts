import { Agent, request } from 'undici';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** The largest answer that is read. A model's longest one is far below; what is above never ends. */
export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
/** How long a connection may take to be made; the answer has the call's own timeout. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Providers close idle connections after some seconds; going first avoids requests into a closing one. */
const KEEP_ALIVE_MS = 4_000;

/** Headers that leave the process: neither the client's figures about this machine nor headers of its own environment variables. */
const SENT_HEADERS = ['accept', 'authorization', 'content-type', 'user-agent'];

/** A way to make requests with the signature of `fetch`. */
export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface Transport {
  fetch: Fetch;
  close(): void;
}

/** An answer that cannot be taken, whatever its content. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';
}

const decompress = (bytes: Buffer, encoding: string | null): Buffer => {
  const options = { maxOutputLength: MAX_RESPONSE_BYTES };
  try {
    switch (encoding) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, options);
      case 'deflate':
        return inflateSync(bytes, options);
      case 'br':
        return brotliDecompressSync(bytes, options);
      default:
        return bytes;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new ResponseTooLarge();
    throw error;
  }
};

const readBounded = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    // Leaving the loop ends the stream, and with it the connection.
    if (bytes > MAX_RESPONSE_BYTES) throw new ResponseTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
};

/**
 * Providers' error bodies as `{ error: { … } }`, which is what the client looks for: some send the error itself, some a text
 * in its place, some a list of one.
 */
const normaliseError = (text: string): string => {
  try {
    let body: unknown = JSON.parse(text);
    if (Array.isArray(body)) body = body[0];
    if (typeof body !== 'object' || body === null) return text;
    const { error } = body as { error?: unknown };
    if (typeof error === 'string') return JSON.stringify({ error: { ...body, error: undefined, message: error } });
    return JSON.stringify(typeof error === 'object' && error !== null ? { error } : { error: body });
  } catch {
    return text;
  }
};

/**
 * What the client reads of a response, complete and in memory. A real `Response` would cost as much again as the call itself.
 */
const responseOf = (url: string, status: number, headers: Headers, body: string): Response => {
  const text = status >= 400 ? normaliseError(body) : body;
  const response = {
    status,
    ok: status >= 200 && status < 300,
    headers,
    url,
    body: null,
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
  };
  return response as unknown as Response;
};

const urlOf = (target: string | URL | Request): string =>
  typeof target === 'string' ? target : 'href' in target ? target.href : target.url;

const chosenHeaders = (init: RequestInit | undefined): Record<string, string> => {
  const headers = new Headers(init?.headers);
  return Object.fromEntries(
    SENT_HEADERS.flatMap((name): [string, string][] => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
};

/**
 * Requests over undici: as many connections at once as there are calls, no timeouts but the call's own (undici's 300 s would
 * end long answers), no redirects, no cookies, no proxies of the environment.
 */
export const createTransport = (): Transport => {
  const dispatcher = new Agent({
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    allowH2: false,
  });
  return {
    fetch: async (target, init) => {
      const url = urlOf(target);
      const answer = await request(url, {
        dispatcher,
        method: 'POST',
        headers: chosenHeaders(init),
        body: typeof init?.body === 'string' ? init.body : null,
        signal: init?.signal ?? undefined,
      });
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers))
        for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
      const bytes = decompress(await readBounded(answer.body), headers.get('content-encoding'));
      return responseOf(url, answer.statusCode, headers, bytes.toString('utf8'));
    },
    close: () => void dispatcher.destroy().catch(() => undefined),
  };
};

/** The same borders around a `fetch` from outside: no redirects, chosen headers, bounded answers. It is its owner's to close. */
export const boundedTransport = (inner: Fetch): Transport => ({
  fetch: async (target, init) => {
    const url = urlOf(target);
    const answer = await inner(url, { ...init, headers: chosenHeaders(init), redirect: 'manual' });
    const bytes = answer.body ? await readBounded(answer.body) : Buffer.from(await answer.text());
    return responseOf(url, answer.status, answer.headers, bytes.toString('utf8'));
  },
  close: () => undefined,
});
