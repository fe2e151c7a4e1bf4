import { Logger } from '@nestjs/common';
import { MessagePattern, type NatsContext, Transport } from '@nestjs/microservices';
import { ApwaError, InternalError, type Operation, pathOf, refusedByShape } from '@apwa/contracts';
import 'reflect-metadata';
import { type z } from 'zod';
import { type Envelope } from './wire.js';

const OPERATION = Symbol('apwa:operation');

/** What a handler may look like: it gets the parsed request, and returns what the reply's schema takes. */
export type Handler<O extends Operation> = (
  request: z.output<O['request']>,
  context: NatsContext,
) => z.input<O['reply']> | Promise<z.input<O['reply']>>;

/**
 * Makes a controller's method the handler of an operation, in the queue group of its service: of several processes one answers.
 * The request is parsed before the method sees it (RefusedError with every fault), the reply before it is sent (InternalError
 * `malformed_reply`), and whatever is thrown reaches the caller as the class that was thrown.
 */
export const Handles =
  <O extends Operation>(operation: O) =>
  <M extends Handler<O>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void => {
    const method = descriptor.value as Handler<O>;
    const answer = async function (this: unknown, payload: unknown, context: NatsContext): Promise<Envelope> {
      try {
        const request = operation.request.safeParse(payload);
        if (!request.success) throw refusedByShape(request.error, operation.subject);
        const result = await method.call(this, request.data as z.output<O['request']>, context);
        const reply = operation.reply.safeParse(result);
        if (!reply.success) throw malformed(operation.subject, reply.error);
        return { ok: true, reply: reply.data };
      } catch (thrown) {
        return { ok: false, error: toPayload(operation.subject, thrown) };
      }
    };
    descriptor.value = answer as unknown as M;
    Reflect.defineMetadata(OPERATION, operation, answer);
    MessagePattern(operation.subject, Transport.NATS, { queue: operation.service })(target, key, descriptor);
  };

/** The operation that a method handles, if any. */
export const operationOf = (method: unknown): Operation | undefined =>
  typeof method === 'function' ? (Reflect.getMetadata(OPERATION, method) as Operation | undefined) : undefined;

const log = new Logger('Messaging');

const toPayload = (subject: string, thrown: unknown) => {
  const error = ApwaError.from(thrown);
  // The cause stays on this side of the border, so this is the place to write it down.
  if (error.class === 'internal') log.error(`${subject}: ${error.message}`, stackOf(error.cause ?? error));
  return error.toPayload();
};

const stackOf = (cause: unknown) => (cause instanceof Error ? cause.stack : undefined);

const malformed = (subject: string, error: z.ZodError) => {
  const faults = error.issues.map((issue) => `${pathOf(issue.path) || 'reply'}: ${issue.message}`);
  return new InternalError('malformed_reply', `${subject}: the handler's reply is not of its schema: ${faults.slice(0, 5).join('; ')}`);
};
