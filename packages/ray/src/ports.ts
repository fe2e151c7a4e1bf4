import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/**
 * A TCP port of the loopback interface that nobody listens on at this moment, out of the range from which systems take ports for
 * connections: those come and go, also while a server that is to keep its port is down.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) return port;
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
