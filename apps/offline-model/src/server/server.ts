import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type ChatRequest, MODEL_ID } from './chat.js';
import { parseChatRequest, readBody } from './body.js';
import { type Completion, completionBody, completionEvents } from './completion.js';
import { HttpError, invalidRequest } from './errors.js';
import { breakJson, Faults } from './faults.js';
import { shareOf } from './hash.js';
import { DEFAULT_OPTIONS, type OfflineModelOptions } from './options.js';
import { RateLimit } from './rate-limit.js';
import { rowKey } from './row-key.js';
import { Stats, type StatsPage } from './stats.js';
import { limitAnswer, promptTokens } from './tokens.js';
import { answerTo } from '../answer.js';
import { isPlanning } from '../planner/planner.js';

export interface OfflineModel {
  /** Base URL for OpenAI clients, for example `http://127.0.0.1:8399/v1`. */
  readonly url: string;
  stats(): StatsPage;
  close(): Promise<void>;
}

/** Connections that wait to be accepted: ten thousand clients may come at once. */
const BACKLOG = 16_384;
/** Longer than clients keep idle connections, so that none is closed under a request. */
const KEEP_ALIVE_MS = 600_000;

const MODEL_CARD = {
  id: MODEL_ID,
  object: 'model',
  created: 1_767_225_600,
  owned_by: 'apwa',
  description:
    'Not a language model: it answers by rules, patterns and word lists, so that everything around a model can be tried, tested and loaded without one. Do not judge results by it.',
};

/** Starts the server. */
export const startOfflineModel = async (given: Partial<OfflineModelOptions> = {}): Promise<OfflineModel> => {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const stats = new Stats();
  const server = createServer({ keepAlive: true, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  const completions = createCompletions(options, stats);
  server.on('request', (request, response) => {
    route(request, response, options, stats, completions).catch((error: unknown) => sendError(response, error));
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/v1`,
    stats: () => ({ ...stats.page }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const listen = (server: Server, { host, port }: OfflineModelOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });

type Completions = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const route = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: OfflineModelOptions,
  stats: Stats,
  completions: Completions,
): Promise<void> => {
  const path = (request.url ?? '').split('?')[0];
  switch (`${request.method} ${path}`) {
    case 'POST /v1/chat/completions':
      return completions(request, response);
    case 'GET /v1/models':
      authenticate(request, options);
      return send(response, 200, JSON.stringify({ object: 'list', data: [MODEL_CARD] }));
    case `GET /v1/models/${MODEL_ID}`:
      authenticate(request, options);
      return send(response, 200, JSON.stringify(MODEL_CARD));
    case 'GET /stats':
      return send(response, 200, JSON.stringify(stats.page));
    case 'POST /stats/reset':
      stats.reset();
      return send(response, 200, JSON.stringify(stats.page));
    default:
      throw new HttpError(404, 'invalid_request_error', 'unknown_url', `Unknown request URL: ${request.method} ${path}.`);
  }
};

const createCompletions = (options: OfflineModelOptions, stats: Stats): Completions => {
  const limit = new RateLimit({
    requestsPerMinute: options.requestsPerMinute,
    tokensPerMinute: options.tokensPerMinute,
    windowMs: options.limitWindowMs,
  });
  const faults = new Faults(options);
  let serial = 0;

  return async (request, response) => {
    stats.begin();
    response.once('close', () => stats.end());
    authenticate(request, options, stats);
    const chat = parseChatRequest(await readBody(request));
    const tokens = promptTokens(chat);
    if (tokens > options.contextTokens) {
      throw invalidRequest(
        `This model's maximum context length is ${options.contextTokens} tokens, and the messages have about ${tokens}.`,
        'messages',
        'context_length_exceeded',
      );
    }
    const key = rowKey(chat.messages);
    const planning = isPlanning(chat);
    const answer = answerTo(chat);
    const limited = limitAnswer(answer, chat.max_completion_tokens ?? chat.max_tokens ?? null);
    const headers = admit(limit, tokens + limited.tokens, stats);
    if (!planning) stats.asked(key);

    const delay = options.latencyMs + (options.jitterMs > 0 ? options.jitterMs * shareOf(options.seed, key, 'jitter') : 0);
    if (delay > 0 && !(await waitFor(delay, response))) {
      stats.page.aborted++;
      return;
    }
    const fault = faults.next(key);
    if (fault === 'error') {
      stats.page.errors++;
      throw new HttpError(500, 'server_error', null, 'The server had an error while processing your request (asked for by --error-rate).');
    }
    if (fault === 'malformed') {
      stats.page.malformed++;
      if (limited.answer.kind === 'text') limited.answer.text = breakJson(limited.answer.text);
      else limited.answer.arguments = breakJson(limited.answer.arguments);
    } else if (!planning && !limited.cut) stats.answeredWell(key);
    stats.page.answered++;
    stats.page.promptTokens += tokens;
    stats.page.completionTokens += limited.tokens;
    sendCompletion(response, chat, headers, {
      id: `chatcmpl-${key.toString(36)}${(++serial).toString(36)}`,
      created: Math.floor(Date.now() / 1_000),
      answer: limited.answer,
      promptTokens: tokens,
      completionTokens: limited.tokens,
      cut: limited.cut,
    });
  };
};

const authenticate = (request: IncomingMessage, { apiKey }: OfflineModelOptions, stats?: Stats): void => {
  if (apiKey === null || request.headers.authorization === `Bearer ${apiKey}`) return;
  if (stats) stats.page.refused++;
  throw new HttpError(401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.');
};

const admit = (limit: RateLimit, tokens: number, stats: Stats): Record<string, string> => {
  try {
    return limit.admit(tokens);
  } catch (error) {
    stats.page.refused++;
    throw error;
  }
};

/** @returns false if the caller hung up before `ms` had passed */
const waitFor = (ms: number, response: ServerResponse): Promise<boolean> =>
  new Promise((resolve) => {
    const hangUp = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      response.off('close', hangUp);
      resolve(true);
    }, ms);
    response.once('close', hangUp);
  });

const sendCompletion = (response: ServerResponse, chat: ChatRequest, headers: Record<string, string>, completion: Completion): void => {
  const all = { ...headers, 'x-request-id': completion.id };
  if (!chat.stream) return send(response, 200, completionBody(completion), all);
  response.writeHead(200, { ...all, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const event of completionEvents(completion, chat.stream_options?.include_usage === true)) response.write(event);
  response.end();
};

const send = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void => {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

const sendError = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) return void response.destroy();
  const known = error instanceof HttpError ? error : new HttpError(500, 'server_error', null, 'The rules failed on this request.');
  send(response, known.status, known.body, known.headers);
};
