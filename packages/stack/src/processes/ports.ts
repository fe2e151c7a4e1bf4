import { type AddressInfo, connect, createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** A TCP port of the loopback interface that nobody listens on at this moment. */
export const freePort = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });

/** The first bytes that a server sends by itself, or null if it can't be reached or says nothing within the time. */
export const greetingOf = async (port: number, timeoutMs = 500): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const finish = (value: string | null) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(timeoutMs, () => {
      finish(null);
    });
    socket.once('error', () => {
      finish(null);
    });
    socket.once('data', (data) => {
      finish(data.toString('utf8'));
    });
    socket.once('close', () => {
      finish(null);
    });
  });

/** Whether somebody accepts connections there. */
export const listensOn = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const finish = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
