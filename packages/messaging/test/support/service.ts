import { Controller, Module, type Type } from '@nestjs/common';
import {
  InternalError,
  type NatsAccess,
  type Operation,
  PermanentError,
  RefusedError,
  TransientError,
  workerPoolOperations,
} from '@apwa/contracts';
import { z } from 'zod';
import { Handles, MessagingModule } from '../../src/index.js';

export const operation = <Request extends z.ZodType, Reply extends z.ZodType>(
  name: string,
  request: Request,
  reply: Reply,
  deadlineMs = 5_000,
) =>
  ({ subject: `apwa.worker-pool.${name}`, service: 'worker-pool', callers: ['manager'], request, reply, deadlineMs }) satisfies Operation;

export const echo = operation('test_echo', z.strictObject({ text: z.string() }), z.strictObject({ text: z.string() }));
export const fail = operation('test_fail', z.strictObject({ kind: z.string() }), z.strictObject({}));
export const slow = operation('test_slow', z.strictObject({ ms: z.number() }), z.strictObject({ done: z.boolean() }));
export const wrongReply = operation('test_wrong_reply', z.strictObject({}), z.strictObject({ count: z.number() }));
export const growing = operation('test_growing', z.strictObject({ length: z.number() }), z.strictObject({ text: z.string() }));
export const unserved = operation('test_unserved', z.strictObject({}), z.strictObject({}));

/** Handlers of the service that do nothing: it may not start without them. */
@Controller()
export class WorkerPoolController {
  @Handles(workerPoolOperations.queryTables)
  queryTables() {
    return { columns: [], rows: [], cut: false };
  }
  @Handles(workerPoolOperations.checkSql)
  checkSql() {
    return { columns: [] };
  }
  @Handles(workerPoolOperations.readRows)
  readRows() {
    return { columns: [], rows: [], cut: false };
  }
  @Handles(workerPoolOperations.tryCapability)
  tryCapability() {
    return { results: [] };
  }
  @Handles(workerPoolOperations.describeTable)
  describeTable() {
    return { metadata: { rows: 0, bytes: 0, columns: [], sample: [], leftOut: [] } };
  }
}

@Controller()
export class TestController {
  static begun = 0;

  @Handles(echo)
  echo({ text }: { text: string }) {
    return { text };
  }

  @Handles(fail)
  fail({ kind }: { kind: string }): Promise<Record<string, never>> {
    switch (kind) {
      case 'transient':
        throw new TransientError('busy', 'Later.', { retryAfterMs: 70 });
      case 'permanent':
        throw new PermanentError('broken', 'Never.');
      case 'refused':
        throw new RefusedError('bad', 'Not so.', { field: 'a.b', value: { c: 1 }, allowed: 'something else' });
      case 'internal':
        throw new InternalError('bug', 'Our fault.', { cause: new Error('the inner secret') });
      default:
        throw new TypeError('nobody expected this');
    }
  }

  @Handles(slow)
  async slow({ ms }: { ms: number }) {
    TestController.begun += 1;
    await new Promise((resolve) => setTimeout(resolve, ms).unref());
    return { done: true };
  }

  @Handles(growing)
  growing({ length }: { length: number }) {
    return { text: '\u0000'.repeat(length) };
  }

  @Handles(wrongReply)
  wrongReply() {
    return { count: 'many' as unknown as number };
  }
}

export const moduleOf = (nats: NatsAccess, ...controllers: Type<unknown>[]): Type<unknown> => {
  @Module({ imports: [MessagingModule.forRoot({ service: 'worker-pool', nats })], controllers })
  class TestModule {}
  return TestModule;
};
