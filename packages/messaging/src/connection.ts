import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { connect, type NatsConnection, type NodeConnectionOptions, usernamePasswordAuthenticator } from '@nats-io/transport-node';
import { inboxPrefix, type NatsAccess, type ServiceName } from '@apwa/contracts';
import { parseUrl, readPassword } from './access.js';
import { reasonOf } from './reason.js';

/** Who connects. */
export interface Connector {
  /** Shown by NATS' monitoring. */
  readonly name: string;
  /** Whose user and whose inbox it has. Left out: those that the address names, and an inbox of anybody's. */
  readonly service?: ServiceName | undefined;
}

/** Soon enough that work goes on within seconds, spread so that a cluster's clients do not come all at once; milliseconds. */
const RECONNECT_MS = 200;
const RECONNECT_JITTER_MS = 600;

/**
 * How every connection of ours behaves. A service starts before NATS and outlives it: it tries for ever, also when the account is
 * refused for a time.
 */
export const connectionOptions = (access: NatsAccess, { name, service }: Connector): NodeConnectionOptions => {
  const { servers, tls } = parseUrl(access.url);
  return {
    servers,
    ...credentialsOf(access, service),
    ...(tls ? { tls: access.caFile === undefined ? {} : { caFile: access.caFile } } : {}),
    ...(service ? { inboxPrefix: inboxPrefix(service) } : {}),
    name,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    // A dial that hangs (a host that is cut off) is given up after this, milliseconds.
    timeout: 5_000,
    // A connection that is cut off without a word is noticed after two to three of these; milliseconds.
    pingInterval: 3_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
};

const credentialsOf = ({ url, passwordFolder }: NatsAccess, service: ServiceName | undefined): Partial<NodeConnectionOptions> => {
  if (service === undefined || passwordFolder === undefined) {
    const { user, password } = parseUrl(url);
    return password ? { user, pass: password } : user ? { token: user } : {};
  }
  let password = readPassword(passwordFolder, service);
  const current = () => {
    try {
      // Read with each connection, so that it can be replaced while services run.
      password = readPassword(passwordFolder, service);
    } catch {
      // The last one that was there: it may still be right.
    }
    return password;
  };
  return { authenticator: usernamePasswordAuthenticator(service, current) };
};

/** After this long without a first connection it is said what the service waits for; milliseconds. */
const SAY_AFTER_MS = 1_500;

/** Resolves with the first connection, however long that takes; says why it takes long, each reason once. */
export const openConnection = async (access: NatsAccess, connector: Connector): Promise<NatsConnection> => {
  const options = connectionOptions(access, connector);
  const log = new Logger('Messaging');
  const started = performance.now();
  for (let told = ''; ;) {
    try {
      return await connect(options);
    } catch (thrown) {
      const reason = reasonOf(thrown, access);
      if (reason !== told && performance.now() - started > SAY_AFTER_MS) {
        log.warn(`NATS at ${String(options.servers)} can't be used yet (${reason}); trying on`);
        told = reason;
      }
      await sleep(RECONNECT_MS + Math.random() * RECONNECT_JITTER_MS);
    }
  }
};
