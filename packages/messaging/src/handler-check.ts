import { type INestApplicationContext } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { InternalError, type Operation, operations, type ServiceName } from '@apwa/contracts';
import { operationOf } from './handles.js';

/**
 * Every operation of the service must have exactly one handler in the application: with none its callers wait in vain, with
 * two the later one would win unseen. Throws InternalError `handler_missing | handler_doubled | handler_foreign` that names
 * the subjects. `expected` is all operations of the contracts unless a test says otherwise.
 */
export const checkHandlers = (app: INestApplicationContext, service: ServiceName, expected: readonly Operation[] = operations): void => {
  const found = new Map<string, string[]>();
  for (const { operation, place } of handlersIn(app)) {
    if (operation.service !== service)
      throw new InternalError(
        'handler_foreign',
        `${place} handles ${operation.subject}, an operation of the service ${operation.service}: this is ${service}.`,
      );
    found.set(operation.subject, [...(found.get(operation.subject) ?? []), place]);
  }
  for (const [subject, places] of found)
    if (places.length > 1)
      throw new InternalError('handler_doubled', `${subject} has ${places.length} handlers, it must have one: ${places.join(', ')}.`);
  const missing = expected.filter((operation) => operation.service === service && !found.has(operation.subject));
  if (missing.length > 0)
    throw new InternalError('handler_missing', `Without a handler: ${missing.map(({ subject }) => subject).join(', ')}.`);
};

const handlersIn = (app: INestApplicationContext): { operation: Operation; place: string }[] => {
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ metatype, name }) => {
      const prototype = metatype ? (metatype.prototype as Record<string, unknown>) : null;
      if (!prototype) return [];
      return scanner.getAllMethodNames(prototype).flatMap((method) => {
        const operation = operationOf(prototype[method]);
        return operation ? [{ operation, place: `${String(name)}.${method}` }] : [];
      });
    });
};
