import { type INestMicroservice } from '@nestjs/common';
import { InternalError, PermanentError, RefusedError, stageChanged, TransientError, newId } from '@apwa/contracts';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';
import { createService, Messaging } from '../src/index.js';
import { eventually } from '@apwa/test-kit';
import { testNats, type TestNats } from './support/nats.js';
import {
  echo,
  fail,
  growing,
  moduleOf,
  operation,
  slow,
  TestController,
  unserved,
  WorkerPoolController,
  wrongReply,
} from './support/service.js';

/** Real: nats-server, Nest's NATS transport. */
describe('requests', () => {
  let nats: TestNats;
  let service: INestMicroservice;
  let client: Messaging;

  const start = () =>
    createService(moduleOf({ url: nats.url }, WorkerPoolController, TestController), {
      service: 'worker-pool',
      nats: { url: nats.url },
      logger: false,
    });

  beforeAll(async () => {
    nats = await testNats();
    service = await start();
    client = await Messaging.connect({ url: nats.url }, { name: 'test' });
  }, 20_000);

  afterAll(async () => {
    await client?.close();
    await service?.close();
    await nats?.end();
  });

  it('should give back what the handler returned', async () => {
    await expect(client.request(echo, { text: 'héllo' })).resolves.toEqual({ text: 'héllo' });
  });

  it('should carry many requests at once and mix none up', async () => {
    const texts = Array.from({ length: 2_000 }, (_, n) => `text ${n}`);
    const replies = await Promise.all(texts.map((text) => client.request(echo, { text })));
    expect(replies.map(({ text }) => text)).toEqual(texts);
    expect(client.inbox.size).toBe(0);
  });

  it.each([
    ['transient', TransientError, { code: 'busy', message: 'Later.', details: { retryAfterMs: 70 } }],
    ['permanent', PermanentError, { code: 'broken', message: 'Never.' }],
    ['refused', RefusedError, { code: 'bad', details: { field: 'a.b', value: '{"c":1}', allowed: 'something else' } }],
    ['internal', InternalError, { code: 'bug', message: 'Our fault.' }],
    ['something else', InternalError, { code: 'internal', message: 'nobody expected this' }],
  ])('should throw the class that the handler threw: %s', async (kind, ErrorType, expected) => {
    const thrown: unknown = await client.request(fail, { kind }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ErrorType);
    expect(thrown).toMatchObject(expected);
    expect(JSON.stringify(thrown)).not.toContain('inner secret');
  });

  it('should say when the deadline is over', async () => {
    await expect(client.request(slow, { ms: 500 }, { deadlineMs: 50 })).rejects.toMatchObject({
      class: 'transient',
      code: 'deadline_exceeded',
    });
    expect(client.inbox.size).toBe(0);
  });

  it('should end the wait with the reason of the signal', async () => {
    const abort = new AbortController();
    const reply = client.request(slow, { ms: 500 }, { signal: abort.signal });
    const reason = new Error('not wanted any more');
    abort.abort(reason);
    await expect(reply).rejects.toBe(reason);
    await expect(client.request(echo, { text: '' }, { signal: abort.signal })).rejects.toBe(reason);
    expect(client.inbox.size).toBe(0);
  });

  it('should say at once that nobody serves a subject', async () => {
    const began = performance.now();
    await expect(client.request(unserved, {})).rejects.toMatchObject({ class: 'transient', code: 'no_responder' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('should refuse a malformed request before it is sent, naming the fields', async () => {
    const wrong = { text: 1, more: true } as unknown as { text: string };
    const thrown: unknown = await client.request(echo, wrong).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RefusedError);
    expect((thrown as RefusedError).details.faults?.map(({ field }) => field)).toContain('text');
  });

  it('should refuse a malformed request of a caller that did not check it', async () => {
    const careless = operation('test_echo', z.any(), z.any());
    await expect(client.request(careless, { text: 1 })).rejects.toMatchObject({
      class: 'refused',
      code: 'invalid_shape',
      details: { field: 'text' },
    });
  });

  it('should answer bytes that are no request', async () => {
    const { host, username: user, password: pass } = new URL(nats.url);
    const stranger = await connect({ servers: host, user, pass });
    for (const bytes of ['{', '', '[]', 'null', '{"id":"1"}', '\u0000\u0001']) {
      const reply = await stranger.request(echo.subject, bytes, { timeout: 1_000 });
      expect(reply.json()).toMatchObject({ response: { ok: false, error: { class: 'refused' } } });
    }
    await stranger.close();
    await expect(client.request(echo, { text: 'still there' })).resolves.toEqual({ text: 'still there' });
  });

  it("should blame the handler for a reply that breaks the operation's schema", async () => {
    await expect(client.request(wrongReply, {})).rejects.toMatchObject({
      class: 'internal',
      code: 'malformed_reply',
      message: expect.stringContaining('count') as string,
    });
  });

  it('should refuse to read a reply of another shape', async () => {
    const otherVersion = operation('test_echo', echo.request, z.strictObject({ length: z.number() }));
    await expect(client.request(otherVersion, { text: 'x' })).rejects.toMatchObject({ class: 'internal', code: 'malformed_reply' });
  });

  it('should carry large payloads, and name the limit for larger ones', async () => {
    const large = 'x'.repeat(1_000_000);
    await expect(client.request(echo, { text: large })).resolves.toEqual({ text: large });
    await expect(client.request(echo, { text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({
      class: 'refused',
      code: 'too_large',
      details: { allowed: 'at most 1048576 bytes' },
    });
    // NUL takes six bytes in JSON and one in memory.
    const short = { length: 200_000 };
    await expect(client.request(growing, short)).rejects.toMatchObject({ class: 'permanent', code: 'reply_too_large' });
  });

  it('should deliver notices, and drop those of another shape', async () => {
    const seen: unknown[] = [];
    const stop = client.subscribe(stageChanged, (notice) => {
      seen.push(notice.version);
      if (notice.version === 1) throw new Error('a handler that fails');
    });
    const notice = { stageId: newId('stage'), ownerId: newId('run'), version: 1, state: 'running' as const };
    client.publish(stageChanged, notice);
    client.connection.publish(stageChanged.subject, '{"version":"x"}');
    client.connection.publish(stageChanged.subject, 'no json');
    client.publish(stageChanged, { ...notice, version: 2 });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([1, 2]);
    stop();
    client.publish(stageChanged, { ...notice, version: 3 });
    await client.connection.flush();
    expect(seen).toEqual([1, 2]);
    expect(() => client.publish(stageChanged, { ...notice, version: 'x' as unknown as number })).toThrow(RefusedError);
  });

  it('should finish what is under way when it closes, and take nothing new', async () => {
    const second = await start();
    await service.close();
    service = second;
    TestController.begun = 0;
    const replies = [client.request(slow, { ms: 400 }), client.request(slow, { ms: 300 })];
    await eventually(() => TestController.begun === 2);
    const closing = service.close();
    await expect(Promise.all(replies)).resolves.toEqual([{ done: true }, { done: true }]);
    await closing;
    await expect(client.request(echo, { text: '' })).rejects.toMatchObject({ code: 'no_responder' });
    service = await start();
    await expect(client.request(echo, { text: 'back' })).resolves.toEqual({ text: 'back' });
  });
});
