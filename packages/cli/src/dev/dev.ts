import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '@apwa/contracts';
import { createClient } from '@apwa/sdk';
import { LOOPBACK, startStack, type Stack } from '@apwa/stack';
import { embeddedModel, OFFLINE_NOTICE, type Connection } from '../connect.js';
import { EXIT, type ExitCode } from '../exit.js';
import { columns, displayFor, print } from '../output.js';
import { withSession } from '../session.js';
import { build } from './build.js';
import { Restarts } from './restarts.js';
import { watchSources } from './watch.js';
import { readWorkspaces } from './workspaces.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const STACK = fileURLToPath(new URL('../../../../.apwa/dev', import.meta.url));
/** How often it is looked whether a service has ended, in milliseconds. */
const LOOK_MS = 1_000;

interface DevConnection extends Connection {
  stack: Stack;
}

const checkPort = async (port: number): Promise<void> => {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (cause) {
    throw new RefusedError('bad_input', `Nothing can listen on port ${port}: ${(cause as Error).message}`, {
      field: '--port',
      value: port,
      allowed: 'a port that is free',
      cause,
    });
  } finally {
    server.close();
  }
};

const open =
  (port: number) =>
  async (say: (text: string) => void, signal: AbortSignal): Promise<DevConnection> => {
    const model = await embeddedModel();
    say('Starting the stack …');
    const stack = await startStack({ dir: STACK, model, ports: { manager: port }, signal, log: say });
    if (model === 'offline') say(OFFLINE_NOTICE);
    return { stack, url: stack.url, client: createClient({ url: stack.url, signal }), close: () => stack.stop() };
  };

/** An address without the password in it. */
const bare = (url: string): string => new URL(url).host;

const overview = async (stack: Stack): Promise<string> => {
  const { nats, postgres, model } = stack.services;
  const members = await stack.members();
  const rows = [
    ['manager', stack.url],
    ['its API', `${stack.url}/openapi.json`],
    ['model', model ? `${model.url} (offline)` : 'as configured'],
    ['members', `${members.length}: ${members.map(({ pool, pid }) => `${pool} (process ${pid})`).join(', ')}`],
    ['NATS', bare(nats.url)],
    ['Postgres', bare(postgres.url)],
    ['settings', `${stack.configFile} (with the passwords)`],
    ['logs', `${stack.dir}/logs`],
  ];
  return `${columns(rows)}\n\nAPWA_URL=${stack.url} npm run apwa -- run "GOAL" --input PATH --output PATH\nCtrl-C stops everything.`;
};

/** `npm run dev`: the stack stays up until Ctrl-C, and services start again when their sources have changed. */
export const runDev = async (port: number): Promise<ExitCode> => {
  await checkPort(port);
  return withSession<ExitCode, DevConnection>(
    displayFor({}),
    async ({ interrupt, say }, { stack }) => {
      const workspaces = await readWorkspaces(ROOT);
      const restarts = new Restarts({
        workspaces,
        services: stack.services,
        build: (names) => build(ROOT, names, interrupt.signal),
        say,
      });
      const watching = watchSources(ROOT, workspaces, (names) => void restarts.changed(names));
      const looking = setInterval(() => restarts.lookAfter(), LOOK_MS);
      try {
        print(await overview(stack));
        if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort');
        say('Stopping …');
      } finally {
        watching.close();
        clearInterval(looking);
        await restarts.changed([]);
      }
      return EXIT.interrupted;
    },
    open(port),
  );
};
