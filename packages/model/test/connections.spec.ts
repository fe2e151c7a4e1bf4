import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModel, type Model, type ModelRequest } from '../src/index.js';
import { completion, EndpointServer, modelConfig } from './endpoint-server.js';

const REQUEST: ModelRequest = { messages: [{ role: 'user', content: 'a row' }] };
const ANSWER = completion({ content: 'x' });

/** Real: HTTP and its connections, over our own transport. */
describe('connections of a model', () => {
  let server: EndpointServer;
  let model: Model;
  beforeEach(async () => {
    server = await new EndpointServer().listen();
    server.answer(200, ANSWER);
    model = createModel(modelConfig(server.baseUrl));
  });
  afterEach(async () => {
    model.close();
    await server[Symbol.asyncDispose]();
  });
  const call = (signal?: AbortSignal) => model.complete(REQUEST, { attempt: 1, ...(signal ? { signal } : {}) });

  it('should be used again, one for each call at once', async () => {
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 7 }, () => call()));
    expect(server.received).toHaveLength(35);
    expect(server.connections).toBe(7);
  });

  it('should be made some hundreds at a time, however many calls wait for one', async () => {
    const CALLS = 1_500;
    const waiting: (() => void)[] = [];
    server.handle((_, response) => {
      waiting.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER)));
      if (waiting.length === CALLS) for (const answer of waiting) answer();
    });
    await Promise.all(Array.from({ length: CALLS }, () => call()));
    expect(server.connections).toBe(CALLS);
    await Promise.all(Array.from({ length: 10 }, () => (server.answer(200, ANSWER), call())));
    expect(server.connections).toBe(CALLS);
  }, 30_000);

  it('should fail for every call where nobody listens, those too that waited for one', async () => {
    const silent = createModel(modelConfig('http://127.0.0.1:9/v1'));
    const calls = Array.from({ length: 600 }, () => silent.complete(REQUEST, { attempt: 1 }));
    const ends = await Promise.allSettled(calls);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(600);
    silent.close();
  });

  it('should be made anew after an answer that closes them', async () => {
    server.answer(200, ANSWER, { connection: 'close' });
    await call();
    await expect(call()).resolves.toMatchObject({ kind: 'text' });
    expect(server.connections).toBe(2);
  });

  it('should serve other calls when one of the same signal has ended or was aborted by its own', async () => {
    const held: (() => void)[] = [];
    server.handle((_, response) => {
      held.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER)));
    });
    const [shared, own] = [new AbortController(), new AbortController()];
    const first = call(shared.signal);
    const second = call(shared.signal);
    const third = call(own.signal);
    while (held.length < 3) await sleep(5);
    own.abort(new Error('not needed'));
    await expect(third).rejects.toThrow('not needed');
    held[0]?.();
    await first;
    const ended = expect(second).rejects.toThrow('run cancelled');
    shared.abort(new Error('run cancelled'));
    await ended;
    await expect(call(shared.signal)).rejects.toThrow('run cancelled');
    server.answer(200, ANSWER);
    await expect(call()).resolves.toMatchObject({ kind: 'text' });
  });

  it('should let nobody wait who is aborted before there is a connection', async () => {
    // A server whose queue is full takes no connection, and refuses none.
    const full = createServer();
    await new Promise<void>((resolve) => full.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, resolve));
    const sockets: Socket[] = [];
    full.on('connection', (socket) => sockets.push(socket));
    const silent = createModel(modelConfig(`http://127.0.0.1:${(full.address() as AddressInfo).port}/v1`));
    const controller = new AbortController();
    const calls = Array.from({ length: 3 }, () => silent.complete(REQUEST, { attempt: 1, signal: controller.signal }));
    const ended = Promise.allSettled(calls);
    controller.abort(new Error('enough'));
    expect((await ended).map((end) => (end.status === 'rejected' ? (end.reason as Error).message : end.status))).toEqual(
      Array(3).fill('enough'),
    );
    silent.close();
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => full.close(resolve));
  });

  it('should send the key that is configured with each call, and none where there is none', async () => {
    await call();
    const other = createModel(modelConfig(server.baseUrl, { apiKey: 'sk-other' }));
    await other.complete(REQUEST, { attempt: 1 });
    other.close();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer sk-other']);
  });
});
