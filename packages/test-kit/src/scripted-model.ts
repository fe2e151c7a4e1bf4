import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { reset } from './reset.js';

/** A request to `POST /v1/chat/completions`, as far as tests look at it. */
export interface ScriptedRequest {
  model: string;
  messages: { role: string; content?: unknown; tool_calls?: unknown; tool_call_id?: string }[];
  tools?: { type: 'function'; function: { name: string; parameters?: unknown } }[];
  tool_choice?: unknown;
  response_format?: unknown;
  [key: string]: unknown;
}

/** What the server answers. The first field that is given decides. */
export interface ScriptedAnswer {
  /** The whole body of an answer 200, sent as it is; text that is no JSON is a malformed answer. */
  raw?: string;
  /** HTTP status other than 200, with `error` as its body. */
  status?: number;
  error?: { message: string; type?: string; code?: string; param?: string };
  /** Breaks the connection without an answer … */
  hangUp?: boolean;
  /** … or in the middle of one. */
  cutOff?: boolean;
  /** The assistant's text; objects are sent as JSON text. */
  content?: unknown;
  refusal?: string;
  toolCalls?: { id?: string; name: string; arguments: unknown }[];
  finishReason?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** `null`: the answer says nothing of usage. Default 10 read, 5 written. */
  usage?: Record<string, unknown> | null;
  headers?: Record<string, string>;
  /** Milliseconds before the answer. */
  delayMs?: number;
}

export type Script = (
  request: ScriptedRequest,
  /** `remotePort`: the caller's end of the connection, which tells one process from another. */
  call: { number: number; authorization: string | null; remotePort: number },
) => ScriptedAnswer | Promise<ScriptedAnswer>;

export interface ScriptedModel {
  /** `http://127.0.0.1:PORT/v1`, for `baseUrl`. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, in order of arrival. */
  readonly requests: ScriptedRequest[];
  readonly calls: number;
  readonly inFlight: number;
  readonly mostInFlight: number;
  /** Puts answers at the end of the queue; the queue is used up before `otherwise` is asked. */
  enqueue(...answers: (ScriptedAnswer | Script)[]): void;
  /** Answers what the queue does not. */
  otherwise(script: Script | ScriptedAnswer): void;
  /** Fails if a call came that nothing was scripted for, or if a scripted answer was not asked for. */
  verify(): void;
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible server whose answers a test decides. A call for which there is no answer gets status 418, which no client
 * tries again, and fails `verify()`.
 */
export const scriptedModel = async (...queue: (ScriptedAnswer | Script)[]): Promise<ScriptedModel> => {
  const requests: ScriptedRequest[] = [];
  const unexpected: string[] = [];
  let fallback: Script | ScriptedAnswer | undefined;
  let inFlight = 0;
  let mostInFlight = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET' && request.url === '/v1/models') {
      send(response, 200, { object: 'list', data: [{ id: 'scripted', object: 'model', created: 0, owned_by: 'test' }] });
      return;
    }
    const body = JSON.parse(await textOf(request)) as ScriptedRequest;
    requests.push(body);
    const number = requests.length;
    const next = queue.shift() ?? fallback;
    if (!next) {
      unexpected.push(`call ${number}: ${JSON.stringify(body.messages.at(-1)).slice(0, 300)}`);
      send(response, 418, { error: { message: 'this call was not expected by the test', type: 'unexpected_call' } });
      return;
    }
    const authorization = request.headers.authorization ?? null;
    const scripted =
      typeof next === 'function' ? await next(body, { number, authorization, remotePort: request.socket.remotePort ?? 0 }) : next;
    if (scripted.delayMs) await sleep(scripted.delayMs);
    reply(request, response, body, scripted, number);
  };

  const server = createServer((request, response) => {
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    response.once('close', () => (inFlight -= 1));
    answer(request, response).catch((error: unknown) => {
      unexpected.push(`the script threw: ${String(error)}`);
      if (!response.headersSent) send(response, 418, { error: { message: String(error), type: 'script_failed' } });
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    get calls() {
      return requests.length;
    },
    get inFlight() {
      return inFlight;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    enqueue: (...answers) => {
      queue.push(...answers);
    },
    otherwise: (script) => {
      fallback = script;
    },
    verify: () => {
      if (unexpected.length > 0) throw new Error(`${unexpected.length} unexpected calls:\n${unexpected.slice(0, 10).join('\n')}`);
      if (queue.length > 0) throw new Error(`${queue.length} scripted answers were not asked for (${requests.length} calls came)`);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
};

/** Milliseconds: so that the first half of an answer has been read when it breaks off. */
const CUT_AFTER_MS = 20;

const reply = (
  request: IncomingMessage,
  response: ServerResponse,
  asked: ScriptedRequest,
  scripted: ScriptedAnswer,
  number: number,
): void => {
  const { raw, status, error, hangUp, cutOff, content, refusal, toolCalls, finishReason, usage, headers } = scripted;
  if (raw !== undefined) {
    response.writeHead(status ?? 200, { 'content-type': 'application/json', ...headers }).end(raw);
    return;
  }
  if (hangUp) {
    reset(request.socket);
    return;
  }
  if (cutOff) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 }).write('{"id":"chatcmpl-1","choices":[{');
    setTimeout(() => reset(request.socket), CUT_AFTER_MS);
    return;
  }
  if (status !== undefined && status !== 200) {
    send(response, status, { error: error ?? { message: `scripted status ${status}` } }, headers);
    return;
  }
  const calls = toolCalls?.map((call, index) => ({
    id: call.id ?? `call_${number}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: asText(call.arguments) },
  }));
  const message = {
    role: 'assistant',
    content: content === undefined ? null : asText(content),
    refusal: refusal ?? null,
    ...(calls ? { tool_calls: calls } : {}),
  };
  const body = {
    id: `chatcmpl-${number}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: asked.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason ?? (calls ? 'tool_calls' : 'stop') }],
    ...(usage === null ? {} : { usage: usage ?? { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }),
  };
  send(response, 200, body, headers);
};

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
