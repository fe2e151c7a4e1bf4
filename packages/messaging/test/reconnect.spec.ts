import { type INestMicroservice } from '@nestjs/common';
import { createService, Messaging } from '../src/index.js';
import { eventually } from '@apwa/test-kit';
import { testNats, type TestNats } from './support/nats.js';
import { echo, moduleOf, slow, TestController, WorkerPoolController } from './support/service.js';

/** Real: nats-server, killed with SIGKILL and started again. */
describe('a NATS that dies and comes back', () => {
  let nats: TestNats;
  let service: INestMicroservice;
  let client: Messaging;

  beforeAll(async () => {
    nats = await testNats();
    service = await createService(moduleOf({ url: nats.url }, WorkerPoolController, TestController), {
      service: 'worker-pool',
      nats: { url: nats.url },
      logger: false,
      drainMs: 200,
    });
    client = await Messaging.connect({ url: nats.url }, { name: 'test' });
  }, 20_000);

  afterAll(async () => {
    await client?.close();
    await service?.close();
    await nats?.end();
  });

  it('should make requests wait for it, up to their deadline', async () => {
    let back = 0;
    const stop = client.onReconnect(() => (back += 1));
    await nats.kill();
    await eventually(() => !client.connected);
    const impatient = client.request(echo, { text: 'a' }, { deadlineMs: 200 });
    const abort = new AbortController();
    const aborted = client.request(echo, { text: 'b' }, { signal: abort.signal });
    const patient = client.request(echo, { text: 'c' }, { deadlineMs: 15_000 });
    await expect(impatient).rejects.toMatchObject({ code: 'deadline_exceeded' });
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');

    await nats.restart();
    // The service may come back a moment after the client; then it is told that nobody serves.
    const reply = await patient.catch(async (error: { code: string }) => {
      expect(error.code).toBe('no_responder');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return client.request(echo, { text: 'c' });
    });
    expect(reply).toEqual({ text: 'c' });
    expect(back).toBe(1);
    stop();
  }, 30_000);

  it('should tell at once those whose reply got lost', async () => {
    TestController.begun = 0;
    const reply = client.request(slow, { ms: 60_000 }, { deadlineMs: 60_000 }).catch((error: unknown) => error);
    await eventually(() => TestController.begun === 1);
    await nats.kill();
    await expect(reply).resolves.toMatchObject({ class: 'transient', code: 'connection_lost' });
    await nats.restart();
    await eventually(() => client.connected);
  }, 30_000);

  it('should go on after many deaths', async () => {
    for (let round = 0; round < 3; round += 1) {
      await nats.kill();
      await eventually(() => !client.connected);
      await nats.restart();
      await eventually(() => client.connected);
    }
    await eventually(async () => {
      const reply = await client.request(echo, { text: 'x' }).catch(() => null);
      return reply?.text === 'x';
    });
  }, 60_000);

  it('should notice a connection that is cut off without a word', async () => {
    await nats.pause();
    await eventually(() => !client.connected, { timeoutMs: 20_000 });
    await nats.resume();
    await eventually(() => client.connected, { timeoutMs: 20_000 });
    await eventually(async () => (await client.request(echo, { text: 'y' }).catch(() => null)) !== null);
  }, 60_000);
});
