import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type ApwaError, newId, noUsage, PermanentError, RefusedError, TransientError, type Run } from '@apwa/contracts';
import { createClient } from './client.js';
import { waitBefore } from './http.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const serve = async (answers: Answer[]) => {
  const requests: { method?: string; url?: string; body: string; authorization?: string }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      requests.push({ method: request.method, url: request.url, body, authorization: request.headers.authorization });
      const answer = answers.shift();
      if (!answer) throw new Error(`unexpected request ${request.url}`);
      answer(request, response);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
};

const json =
  (status: number, body: unknown): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const run = (state: Run['state']): Run => ({
  id: runId,
  redriveOf: null,
  goal: 'x',
  state,
  version: 1,
  inputs: [],
  plan: null,
  planVersion: null,
  planning: { turns: 0, usage: noUsage(), costUsd: 0 },
  quote: null,
  sampling: { calls: 0, usage: noUsage(), costUsd: 0 },
  amendments: [],
  replaced: { calls: 0, usage: noUsage(), costUsd: 0 },
  steps: [],
  outputs: [],
  paused: null,
  pausedMs: 0,
  budget: null,
  error: null,
  cancelReason: null,
  createdAt: new Date(0).toISOString(),
  startedAt: null,
  finishedAt: null,
});
const runId = newId('run');

describe('client', () => {
  let server: Awaited<ReturnType<typeof serve>>;
  const start = async (...answers: Answer[]) => {
    server = await serve(answers);
    return createClient({ url: server.url });
  };
  afterEach(async () => {
    await server.close();
  });

  it('should throw the class that the manager threw', async () => {
    const refusal = new RefusedError('not_found', 'No such run.', { field: 'id', value: runId });
    const client = await start(json(404, { error: refusal.toPayload() }), json(422, { error: new PermanentError('x', 'y').toPayload() }));
    await expect(client.runs.get(runId)).rejects.toMatchObject({ class: 'refused', code: 'not_found', details: { field: 'id' } });
    await expect(client.runs.cancel(runId)).rejects.toBeInstanceOf(PermanentError);
  });

  it('should ask again for what a restarting manager could not say, but never create twice', async () => {
    const away = json(503, { error: new TransientError('unavailable', 'Away.', { retryAfterMs: 1 }).toPayload() });
    const client = await start(away, away, json(200, run('running')), away);
    expect((await client.runs.get(runId)).state).toBe('running');
    await expect(client.runs.create({ goal: 'x', inputs: [{ name: 'a', table: newId('table') }] })).rejects.toBeInstanceOf(TransientError);
    expect(server.requests).toHaveLength(4);
  });

  it('should pause and resume, and tell a refusal with what is allowed', async () => {
    const refusal = new RefusedError('wrong_state', 'No.', { field: 'id', value: 'running', allowed: 'a run that is paused' });
    const paused = { ...run('paused'), paused: { reason: 'user', message: 'x', since: new Date(0).toISOString() } };
    const client = await start(json(200, paused), json(200, run('running')), json(409, { error: refusal.toPayload() }));
    expect(await client.runs.pause(runId)).toMatchObject({ state: 'paused', paused: { reason: 'user' } });
    expect(await client.runs.resume(runId)).toMatchObject({ state: 'running' });
    await expect(client.runs.resume(runId)).rejects.toMatchObject({ code: 'wrong_state', details: { allowed: 'a run that is paused' } });
    expect(server.requests.map(({ method, url }) => `${method} ${url?.split('/').at(-1)}`)).toEqual([
      'POST pause',
      'POST resume',
      'POST resume',
    ]);
  });

  it('should say that nobody listens', async () => {
    const client = await start();
    await server.close();
    await expect(client.runs.cancel(runId)).rejects.toMatchObject({ code: 'manager_unreachable' });
  });

  it('should refuse an answer of another shape', async () => {
    const client = await start(json(200, { surprise: true }));
    await expect(client.runs.get(runId)).rejects.toMatchObject({ class: 'internal', code: 'unexpected_answer' });
  });

  it('should follow a run over a connection that breaks, until it has ended', async () => {
    const event = (state: Run['state']) => `: beat\n\ndata: ${JSON.stringify({ type: 'run', run: run(state) })}\n\n`;
    const client = await start(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(event('planning').slice(0, 30));
        setImmediate(() => response.write(event('planning').slice(30), () => response.destroy()));
      },
      (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(event('running') + event('succeeded')),
    );
    const states: string[] = [];
    for await (const seen of client.runs.events(runId)) if (seen.type === 'run') states.push(seen.run.state);
    expect(states.at(-1)).toBe('succeeded');
    expect(states).toContain('running');
  });

  it('should tell what the planner did once, however often the connection breaks', async () => {
    const stream: Answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' });
    const planner = (turn: number) => `data: ${JSON.stringify({ type: 'planner', runId, turn, text: 'lists the tables' })}\n\n`;
    const end = `data: ${JSON.stringify({ type: 'run', run: run('succeeded') })}\n\n`;
    const client = await start(
      (request, response) => {
        stream(request, response);
        response.write(planner(1), () => response.destroy());
      },
      (request, response) => {
        stream(request, response);
        response.end(planner(1) + planner(2) + end);
      },
    );
    const turns: number[] = [];
    for await (const seen of client.runs.events(runId)) if (seen.type === 'planner') turns.push(seen.turn);
    expect(turns).toEqual([1, 2]);
  });

  it('should tell what a check of the storage finds until it is done, and throw what it failed with', async () => {
    const amount = { objects: 1, bytes: 2 };
    const progress = { type: 'progress' as const, looked: amount };
    const done = { type: 'done' as const, looked: amount, orphans: amount, foreign: amount, removed: false };
    const failed = { type: 'failed' as const, error: new TransientError('executor_away', 'Away.').toPayload() };
    const stream =
      (...events: object[]): Answer =>
      (_, response) =>
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    const client = await start(stream(progress, done), stream(progress, failed), stream(progress));
    const check = async () => {
      const seen = [];
      for await (const event of client.storage.check({ remove: true })) seen.push(event);
      return seen;
    };
    expect(await check()).toEqual([progress, done]);
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/v1/storage/check', body: '{"remove":true}' });
    await expect(check()).rejects.toMatchObject({ class: 'transient', code: 'executor_away' });
    await expect(check()).rejects.toMatchObject({ class: 'transient', code: 'connection_lost' });
  });

  it('should send its key with every request, and none where it has none', async () => {
    const upload = { id: newId('upload'), files: [] };
    const stream: Answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    const keyless = await start(json(200, run('running')), json(200, run('running')), json(201, upload), json(200, upload), stream);
    const client = createClient({ url: server.url, key: 'apwa_x' });
    await keyless.runs.get(runId);
    await client.runs.get(runId);
    await client.uploads.of([{ name: 'a', content: 'x' }]);
    await expect(client.storage.check().next()).rejects.toMatchObject({ code: 'connection_lost' });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, ...Array<string>(4).fill('Bearer apwa_x')]);
  });

  it('should ask again whatever a manager that was asked too often has not done, with the whole file', async () => {
    const tooMany = json(429, { error: new TransientError('too_many_requests', 'Too many.', { retryAfterMs: 1 }).toPayload() });
    const upload = { id: newId('upload'), files: [] };
    const client = await start(tooMany, json(201, upload), tooMany, json(200, upload));
    await client.uploads.of([{ name: 'a', path: fileURLToPath(import.meta.url) }]);
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'PUT', 'PUT']);
    expect(server.requests[3]?.body).toContain('the whole file');
    expect(server.requests[3]?.body).toBe(server.requests[2]?.body);
  });

  it.each<[string, number, ApwaError, number | null]>([
    ['GET', 1, new TransientError('x', ''), 200],
    ['GET', 4, new TransientError('x', ''), 1_600],
    ['GET', 1, new TransientError('x', '', { retryAfterMs: 5 }), 5],
    ['GET', 5, new TransientError('x', ''), null],
    ['GET', 1, new RefusedError('x', ''), null],
    ['POST', 1, new TransientError('x', ''), null],
    ['POST', 1, new TransientError('too_many_requests', '', { retryAfterMs: 5 }), 200],
    ['PUT', 2, new TransientError('too_many_requests', '', { retryAfterMs: 9_000 }), 9_000],
    ['POST', 5, new TransientError('too_many_requests', ''), null],
  ])('should know when to ask again: %s, try %i, %j', (method, attempt, error, waitMs) => {
    expect(waitBefore(method, attempt, error)).toBe(waitMs);
  });

  it('should say of a file that cannot be read that it is the file', async () => {
    const client = await start(json(201, { id: newId('upload'), files: [] }));
    const none = [{ name: 'a.txt', path: '/nowhere/a.txt' }];
    await expect(client.uploads.of(none)).rejects.toMatchObject({
      class: 'refused',
      code: 'bad_input',
      details: { value: '/nowhere/a.txt' },
    });
    expect(server.requests).toHaveLength(1);
  });

  it('should send files as they are, with their names', async () => {
    const upload = { id: newId('upload'), files: [] };
    const client = await start(json(201, upload), json(200, { ...upload, files: [{ name: 'a b/ü.txt', bytes: 5 }] }));
    await client.uploads.of([{ name: 'a b/ü.txt', content: 'héy\n' }]);
    expect(server.requests[1]).toMatchObject({ method: 'PUT', body: 'héy\n', url: expect.stringContaining('name=a+b%2F%C3%BC.txt') });
  });
});
