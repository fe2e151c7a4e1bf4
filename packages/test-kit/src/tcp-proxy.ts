import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { reset } from './reset.js';

export interface TcpProxy {
  /** The target's URL with the proxy's host and port in place of its own. */
  readonly url: string;
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Breaks all connections and refuses new ones, until `restore()`. */
  cut(): void;
  /** Keeps connections open and passes nothing on, in no direction: a network that swallows packets. */
  freeze(): void;
  /** Passes requests on and swallows what comes back. */
  dropReplies(): void;
  /** Delays each chunk, in both directions. Milliseconds. */
  slow(delayMs: number): void;
  /** All is well again. Connections that were frozen or lost replies are broken, as no bytes of a stream may go missing. */
  restore(): void;
  close(): Promise<void>;
}

type Mode = 'open' | 'cut' | 'frozen' | 'no_replies';

/** A TCP proxy on the loopback interface in front of `target` (a URL with a port), whose faults a test switches on and off. */
export const tcpProxy = async (target: string): Promise<TcpProxy> => {
  const to = new URL(target);
  const pairs = new Set<{ client: Socket; server: Socket; lossy: boolean }>();
  let mode: Mode = 'open';
  let delayMs = 0;

  const listener = createServer((client) => {
    if (mode === 'cut') {
      reset(client);
      return;
    }
    const server = connect({ host: to.hostname, port: Number(to.port) });
    const pair = { client, server, lossy: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', end).on('close', end);
    const pass = (from: Socket, into: Socket, isReply: boolean) => {
      from.on('data', (data) => {
        if (mode === 'frozen' || (mode === 'no_replies' && isReply)) {
          pair.lossy = true;
          return;
        }
        const write = () => {
          if (into.destroyed) return;
          if (!into.write(data)) {
            from.pause();
            into.once('drain', () => from.resume());
          }
        };
        // Timers of one length fire in the order in which they were set: bytes never overtake each other.
        if (delayMs > 0) setTimeout(write, delayMs);
        else write();
      });
    };
    pass(client, server, false);
    pass(server, client, true);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const breakAll = (which: (pair: { lossy: boolean }) => boolean) => {
    for (const pair of [...pairs].filter(which)) {
      reset(pair.client);
      pair.server.destroy();
    }
  };
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);

  return {
    url: target.endsWith('/') ? url.href : url.href.replace(/\/$/, ''),
    port,
    get connections() {
      return pairs.size;
    },
    cut: () => {
      mode = 'cut';
      breakAll(() => true);
    },
    freeze: () => {
      mode = 'frozen';
    },
    dropReplies: () => {
      mode = 'no_replies';
    },
    slow: (ms) => {
      delayMs = ms;
    },
    restore: () => {
      mode = 'open';
      delayMs = 0;
      breakAll(({ lossy }) => lossy);
    },
    close: async () => {
      breakAll(() => true);
      await new Promise<void>((resolve) =>
        listener.close(() => {
          resolve();
        }),
      );
    },
  };
};
