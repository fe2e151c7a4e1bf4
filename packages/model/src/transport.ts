import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { type Cancel } from './cancel.js';
import { Connections, ResponseTooLarge } from './connections.js';

/** The largest answer that is read. A model's longest one is far below; what is above never ends. */
export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

/** A way to make requests with the signature of `fetch`. */
export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A POST, ready to be sent. */
export interface Outgoing {
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface Transport {
  /** Resolves with the whole answer, whatever its status. Rejects with what ended `cancel`, or the connection's error. */
  post(request: Outgoing, cancel: Cancel): Promise<Response>;
  close(): void;
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

/** What the client reads of headers, over those that undici has taken apart. A real `Headers` would check each of them once more. */
class ReceivedHeaders {
  constructor(private readonly values: Record<string, string | string[] | undefined>) {}

  get(name: string): string | null {
    const value = this.values[name.toLowerCase()];
    return (Array.isArray(value) ? value.join(', ') : value) ?? null;
  }

  *entries(): Generator<[string, string]> {
    for (const name of Object.keys(this.values)) yield [name, this.get(name) ?? ''];
  }

  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }
}

/** What the client reads of a response, complete and in memory. A real `Response` would cost as much again as the call itself. */
const responseOf = (url: string, status: number, headers: Pick<Headers, 'get'>, body: string): Response => {
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

/** Requests over connections of our own. */
export const createTransport = (): Transport => {
  const targets = new Map<string, { connections: Connections; path: string }>();
  const targetOf = (url: string) => {
    const known = targets.get(url);
    if (known) return known;
    const { origin, pathname, search } = new URL(url);
    const made = { connections: new Connections(origin, MAX_RESPONSE_BYTES), path: `${pathname}${search}` };
    targets.set(url, made);
    return made;
  };
  return {
    post: async ({ url, headers, body }, cancel) => {
      const { connections, path } = targetOf(url);
      const received = await connections.post({ path, headers, body }, cancel);
      const answered = new ReceivedHeaders(received.headers);
      const bytes = decompress(received.body, answered.get('content-encoding'));
      return responseOf(url, received.status, answered, bytes.toString('utf8'));
    },
    close: () => {
      for (const { connections } of targets.values()) connections.close();
      targets.clear();
    },
  };
};

/** The same borders around a `fetch` from outside: no redirects, bounded answers. It is its owner's to close. */
export const boundedTransport = (inner: Fetch): Transport => ({
  post: async ({ url, headers, body }, cancel) => {
    const controller = new AbortController();
    cancel.onEnd((reason) => controller.abort(reason));
    const answer = await inner(url, { method: 'POST', headers, body, redirect: 'manual', signal: controller.signal });
    const bytes = answer.body ? await readBounded(answer.body) : Buffer.from(await answer.text());
    return responseOf(url, answer.status, answer.headers, bytes.toString('utf8'));
  },
  close: () => undefined,
});
