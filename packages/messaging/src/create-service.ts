import {
  type DynamicModule,
  type INestApplication,
  type INestMicroservice,
  type LoggerService,
  type LogLevel,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions } from '@nestjs/microservices';
import { type NatsAccess, type ServiceName } from '@apwa/contracts';
import { checkHandlers } from './handler-check.js';
import { DrainingNatsServer } from './nats-server.js';

export interface ServiceOptions {
  service: ServiceName;
  nats: NatsAccess;
  /** Shown by NATS' monitoring. Default: the service's name. */
  name?: string;
  /** Default: Nest's own. */
  logger?: LoggerService | LogLevel[] | false;
  /** How long handlers under way may take on closing; milliseconds, default 10 000. */
  drainMs?: number;
}

/**
 * Starts a service without HTTP: resolves when its handlers answer. `close()` takes no new requests, lets handlers under way
 * finish, and only then runs the modules' destroy and shutdown hooks.
 * Throws InternalError `handler_missing | handler_doubled | handler_foreign` before anything is served.
 */
export const createService = async (module: Type<unknown> | DynamicModule, options: ServiceOptions): Promise<INestMicroservice> => {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy: serverOf(options),
    abortOnError: false,
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  });
  try {
    checkHandlers(app, options.service);
    await app.listen();
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
};

/**
 * The same for an application that serves HTTP as well: its handlers answer when this resolves, and the modules are initialised
 * by then. Returns what stops serving NATS; call it before `app.close()`, whose destroy hooks run before it closes transports.
 */
export const connectMicroservice = async (app: INestApplication, options: ServiceOptions): Promise<() => Promise<void>> => {
  checkHandlers(app, options.service);
  const server = serverOf(options);
  app.connectMicroservice<MicroserviceOptions>({ strategy: server });
  await app.init();
  await app.startAllMicroservices();
  return () => server.close();
};

const serverOf = ({ service, nats, name = service, drainMs }: ServiceOptions) =>
  new DrainingNatsServer({ nats, service, name: `${name} (handlers)`, ...(drainMs === undefined ? {} : { drainMs }) });
