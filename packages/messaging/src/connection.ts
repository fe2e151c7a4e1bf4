import { Logger } from '@nestjs/common';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { RefusedError } from '@apwa/contracts';

/**
 * How every connection of ours behaves. A service starts before NATS and outlives it: it tries for ever, from the first
 * connection on, also when the account is refused for a time.
 */
export const connectionOptions = (natsUrl: string, name: string): NodeConnectionOptions => {
  const { servers, credentials } = parseUrl(natsUrl);
  return {
    servers,
    ...credentials,
    name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    ignoreAuthErrorAbort: true,
    // Soon enough that work goes on within seconds, spread so that a cluster's clients do not come all at once.
    reconnectTimeWait: 200,
    reconnectJitter: 600,
    reconnectJitterTLS: 600,
    // A dial that hangs (a host that is cut off) is given up after this, milliseconds.
    timeout: 5_000,
    // A connection that is cut off without a word is noticed after two to three of these; milliseconds.
    pingInterval: 3_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
};

/** `nats://user:password@a:4222,nats://b:4222`: the client takes credentials apart from the addresses. */
const parseUrl = (natsUrl: string) => {
  const urls = natsUrl.split(',').map((text) => {
    const url = URL.parse(/^\w+:\/\//.test(text.trim()) ? text.trim() : `nats://${text.trim()}`);
    if (!url?.hostname || !['nats:', 'tls:'].includes(url.protocol))
      throw new RefusedError('invalid_setting', 'The address of NATS is no URL.', {
        field: 'nats.url',
        allowed: 'nats://HOST:PORT or tls://HOST:PORT, several with commas between them',
      });
    return url;
  });
  const [first] = urls;
  const user = decodeURIComponent(first?.username ?? '');
  const pass = decodeURIComponent(first?.password ?? '');
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    credentials: {
      ...(pass ? { user, pass } : user ? { token: user } : {}),
      ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
    },
  };
};

/** After this long without a first connection it is said what the service waits for; milliseconds. */
const SAY_AFTER_MS = 1_500;

export const openConnection = async (natsUrl: string, name: string): Promise<NatsConnection> => {
  const options = connectionOptions(natsUrl, name);
  const timer = setTimeout(
    () => new Logger('Messaging').warn(`NATS at ${String(options.servers)} does not answer yet; waiting for it`),
    SAY_AFTER_MS,
  );
  try {
    return await connect(options);
  } finally {
    clearTimeout(timer);
  }
};
