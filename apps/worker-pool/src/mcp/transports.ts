import { type McpServerConfig } from '@apwa/config';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { type FetchLike, type Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type RequestInit } from 'undici';
import { WebError } from '../web/web-error.js';
import { type Web } from '../web/web.js';

/** The largest message of a server, and the most that it may answer a request with. */
const MESSAGE_BYTES = 4 * 1024 * 1024;
/** Messages per second; a server that sends more is cut off. */
const MESSAGES_PER_SECOND = 1_000;

/** The way to a server. Its program has no environment but what is said there, and what every program needs to be found. */
export const transportTo = (server: McpServerConfig, web: Web): Transport => {
  if (server.url !== undefined) {
    const headers = { ...server.headers };
    return new StreamableHTTPClientTransport(new URL(server.url), { fetch: through(web), requestInit: { headers } });
  }
  const { command = '', args, env, folder } = server;
  return new StdioClientTransport({
    command,
    args,
    env,
    stderr: 'ignore',
    maxBufferSize: MESSAGE_BYTES,
    ...(folder ? { cwd: folder } : {}),
  });
};

/** Requests by the web that checks addresses; no stream beside them, on which a server could send what nobody has asked for. */
const through =
  (web: Web): FetchLike =>
  async (url, init = {}) => {
    if (init.method === 'GET') return new Response(null, { status: 405 });
    const { method = 'GET', signal } = init;
    const given = { headers: init.headers, body: init.body } as Pick<RequestInit, 'headers' | 'body'>;
    const response = await web.request(new URL(url), { method, ...given, ...(signal ? { signal } : {}) });
    const { status, headers } = response;
    const body = response.body?.pipeThrough(bounded()) ?? null;
    return new Response(body as ConstructorParameters<typeof Response>[0], { status, headers: [...headers] });
  };

const bounded = (): TransformStream<Uint8Array, Uint8Array> => {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > MESSAGE_BYTES) controller.error(new WebError('too_large', `it answered with more than ${MESSAGE_BYTES} bytes`));
      else controller.enqueue(chunk);
    },
  });
};

/** Cuts a server off that sends more messages than anybody could have asked for. Called when a client listens. */
export const guardAgainstFloods = (transport: Transport, now: () => number = () => performance.now()): void => {
  const pass = transport.onmessage;
  let since = now();
  let count = 0;
  let closed = false;
  transport.onmessage = (message, extra) => {
    if (closed) return;
    if (now() - since > 1_000) [since, count] = [now(), 0];
    if (++count <= MESSAGES_PER_SECOND) return pass?.(message, extra);
    closed = true;
    void transport.close();
  };
};
