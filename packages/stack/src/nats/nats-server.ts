import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OwnedProcess } from '../processes/owned-process.js';
import { greetingOf, LOOPBACK } from '../processes/ports.js';
import { serve, type Server, type ServerOptions } from '../processes/server.js';
import { ensureNatsServer } from './nats-binary.js';

export type NatsServer = Server;

export interface NatsOptions extends ServerOptions {
  /** Shown by monitoring tools. Default `apwa`. */
  name?: string;
  /** Of the user `apwa`, whom `url` names then. Left out: whoever reaches the port may connect. */
  password?: string;
}

const READY_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 10_000;

/** Starts a NATS server with JetStream on file storage, on the loopback interface alone. */
export const startNats = async ({ dir, port, logFile, name = 'apwa', password, log }: NatsOptions): Promise<NatsServer> => {
  const folder = resolve(dir);
  await mkdir(folder, { recursive: true });
  const binary = await ensureNatsServer(log);
  const printed = logFile ?? join(folder, 'nats.log');
  const configFile = join(folder, 'nats.conf');

  return serve({
    name: 'NATS',
    port,
    logFile: printed,
    urlOf: (at) => `nats://${password ? `apwa:${password}@` : ''}${LOOPBACK}:${at}`,
    start: async (at) => {
      // Unique, so that another server which listens on this port is not taken for ours.
      const serverName = `${name}-${randomBytes(4).toString('hex')}`;
      await writeFile(configFile, configOf(serverName, at, folder, password), { mode: 0o600 });
      const child = await OwnedProcess.start({ name: 'NATS', command: binary, args: ['-c', configFile], logFile: printed });
      const ready = async () => {
        const greeting = await greetingOf(at);
        return greeting !== null && greeting.includes(serverName) && greeting.includes('"jetstream":true');
      };
      return child.whenReady(ready, READY_TIMEOUT_MS);
    },
    stop: (running) => running.stop('SIGTERM', STOP_GRACE_MS),
  });
};

const configOf = (name: string, port: number, folder: string, password: string | undefined): string =>
  [
    `server_name: ${JSON.stringify(name)}`,
    `host: ${JSON.stringify(LOOPBACK)}`,
    `port: ${port}`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
    ...(password ? [`authorization { user: apwa, password: ${JSON.stringify(password)} }`] : []),
    // A paused or cut-off service is noticed within half a minute, not within the default of some.
    'ping_interval: "10s"',
    'ping_max: 2',
    '',
  ].join('\n');
