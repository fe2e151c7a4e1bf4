import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type NatsAccess, type ServiceName, serviceNames } from '@apwa/contracts';
import { LOOPBACK } from '@apwa/ray';
import { OwnedProcess } from '../processes/owned-process.js';
import { greetingOf } from '../processes/ports.js';
import { serve, type Server, type ServerOptions } from '../processes/server.js';
import { natsAccounts, passwordVariable } from './accounts.js';
import { ensureNatsServer } from './nats-binary.js';

/** `url` is the administrator's, who may do everything. */
export interface NatsServer extends Server {
  /** How services get in, each with a user of its own: `nats` of their configuration. */
  readonly access: NatsAccess & { readonly passwordFolder: string };
  /** The address with a service's user and password, for who takes no folder. */
  urlFor(service: ServiceName): string;
}

export interface NatsOptions extends ServerOptions {
  /** Shown by monitoring tools. Default `apwa`. */
  name?: string;
  /** It takes connections over TLS alone then. Files as PEM; `caFile` for those who connect. */
  tls?: { certFile: string; keyFile: string; caFile: string } | undefined;
}

const READY_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 10_000;
const ADMINISTRATOR = 'administrator';
const ADMINISTRATOR_PASSWORD = 'PASSWORD_ADMINISTRATOR';

const newPassword = () => randomBytes(16).toString('hex');

/**
 * Starts a NATS server with JetStream on file storage, on the loopback interface alone, with the users and permissions of a deployment.
 * Their passwords are made anew, and stand in files that nobody else may read.
 */
export const startNats = async ({ dir, port, logFile, name = 'apwa', tls, log }: NatsOptions): Promise<NatsServer> => {
  const folder = resolve(dir);
  const passwordFolder = join(folder, 'passwords');
  await mkdir(passwordFolder, { recursive: true, mode: 0o700 });
  const passwords = new Map(serviceNames.map((service) => [service, newPassword()] as const));
  for (const [service, password] of passwords) await writeFile(join(passwordFolder, service), password, { mode: 0o600 });
  const administrator = newPassword();
  const variables = [
    ...[...passwords].map(([service, password]) => `${passwordVariable(service)}: "${password}"`),
    `${ADMINISTRATOR_PASSWORD}: "${administrator}"`,
  ];
  const binary = await ensureNatsServer(log);
  const printed = logFile ?? join(folder, 'nats.log');
  const configFile = join(folder, 'nats.conf');
  const scheme = tls ? 'tls' : 'nats';
  const urlOf = (at: number, user?: string) => `${scheme}://${user ? `${user}@` : ''}${LOOPBACK}:${at}`;

  const server = await serve({
    name: 'NATS',
    port,
    logFile: printed,
    urlOf: (at) => urlOf(at, `${ADMINISTRATOR}:${administrator}`),
    start: async (at) => {
      // Unique, so that another server which listens on this port is not taken for ours.
      const serverName = `${name}-${randomBytes(4).toString('hex')}`;
      await writeFile(configFile, configOf(serverName, at, folder, variables, tls), { mode: 0o600 });
      const child = await OwnedProcess.start({ name: 'NATS', command: binary, args: ['-c', configFile], logFile: printed });
      const ready = async () => {
        const greeting = await greetingOf(at);
        return greeting !== null && greeting.includes(serverName) && greeting.includes('"jetstream":true');
      };
      return child.whenReady(ready, READY_TIMEOUT_MS);
    },
    stop: (running) => running.stop('SIGTERM', STOP_GRACE_MS),
  });
  const own: Pick<NatsServer, 'access' | 'urlFor'> = {
    access: { url: urlOf(server.port), passwordFolder, ...(tls ? { caFile: tls.caFile } : {}) },
    urlFor: (service) => urlOf(server.port, `${service}:${passwords.get(service) ?? ''}`),
  };
  return Object.defineProperties(own as NatsServer, Object.getOwnPropertyDescriptors(server));
};

const configOf = (name: string, port: number, folder: string, variables: string[], tls: NatsOptions['tls']): string =>
  [
    ...variables,
    `server_name: ${JSON.stringify(name)}`,
    `host: ${JSON.stringify(LOOPBACK)}`,
    `port: ${port}`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
    ...(tls ? [`tls { cert_file: ${JSON.stringify(tls.certFile)}, key_file: ${JSON.stringify(tls.keyFile)}, handshake_first: auto }`] : []),
    // A paused or cut-off service is noticed within half a minute, not within the default of some.
    'ping_interval: "10s"',
    'ping_max: 2',
    natsAccounts(null, ADMINISTRATOR_PASSWORD),
  ].join('\n');
