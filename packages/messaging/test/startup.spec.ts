import { Controller, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { executorOperations, workerPoolOperations } from '@apwa/contracts';
import { createService, Handles, Messaging, MessagingModule } from '../src/index.js';
import { testNats, type TestNats } from './support/nats.js';
import { moduleOf, WorkerPoolController } from './support/service.js';

@Controller()
class SecondController {
  @Handles(workerPoolOperations.checkSql)
  checkAgain() {
    return { columns: [] };
  }
}

@Controller()
class PartialController {
  @Handles(workerPoolOperations.checkSql)
  checkSql() {
    return { columns: [] };
  }
}

@Controller()
class ForeignController {
  @Handles(executorOperations.getStageWork)
  getStageWork(): never {
    throw new Error('not here');
  }
}

/** Real: nats-server, Nest's discovery. */
describe('the start of a service', () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await testNats();
  });
  afterAll(() => nats?.end());

  const start = (...controllers: Parameters<typeof moduleOf>[1][]) =>
    createService(moduleOf({ url: nats.url }, ...controllers), { service: 'worker-pool', nats: { url: nats.url }, logger: false });

  it('should be refused when an operation has no handler, naming every such subject', async () => {
    await expect(start(PartialController)).rejects.toMatchObject({
      code: 'handler_missing',
      message: expect.stringMatching(/worker-pool\.query_tables.*worker-pool\.read_rows.*worker-pool\.describe_table/) as string,
    });
  });

  it('should be refused when an operation has two handlers, naming subject and both', async () => {
    await expect(start(WorkerPoolController, SecondController)).rejects.toMatchObject({
      code: 'handler_doubled',
      message: expect.stringMatching(
        /apwa\.worker-pool\.check_sql.*WorkerPoolController\.checkSql.*SecondController\.checkAgain/,
      ) as string,
    });
  });

  it("should be refused when it handles another service's operation", async () => {
    await expect(start(WorkerPoolController, ForeignController)).rejects.toMatchObject({
      code: 'handler_foreign',
      message: expect.stringContaining('apwa.executor.get_stage_work') as string,
    });
  });

  it('should wait for NATS', async () => {
    await nats.kill();
    const starting = start(WorkerPoolController);
    let started = false;
    void starting.then(() => (started = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(started).toBe(false);
    await nats.restart();
    await (await starting).close();
  }, 20_000);

  it('should not need handlers for an application that only asks', async () => {
    const app: INestApplicationContext = await NestFactory.createApplicationContext(
      MessagingModule.forRoot({ service: 'manager', nats: { url: nats.url } }),
      { logger: false },
    );
    const messaging = app.get(Messaging);
    expect(messaging.connected).toBe(true);
    await app.close();
    expect(messaging.connection.isClosed()).toBe(true);
  });
});
