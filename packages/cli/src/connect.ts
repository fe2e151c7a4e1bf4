import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RefusedError } from '@apwa/contracts';
import { createClient, type Client } from '@apwa/sdk';
import { startStack, type Stack, type StackOptions } from '@apwa/stack';
import { keyOf } from './inputs/key.js';
import { keepUp } from './keep-up.js';

export interface Connection {
  client: Client;
  /** Where the manager listens. */
  url: string;
  /** Stops what was started for this command; nothing if a server was there. */
  close: () => Promise<void>;
}

export interface EmbeddedConnection extends Connection {
  stack: Stack;
}

/** Where an embedded stack keeps its data between commands. */
const STACK_FOLDER = '.apwa';

export const OFFLINE_NOTICE = 'No model is configured: the offline model answers, by rules. It is no language model.';

/** The model that an embedded stack uses: a configured one where there is any, else the offline model. */
export const embeddedModel = async (env: NodeJS.ProcessEnv = process.env): Promise<'offline' | 'configured'> => {
  if (env.APWA_CONFIG || env.OPENAI_API_KEY) return 'configured';
  const found = await access('apwa.config.yaml').then(
    () => true,
    () => false,
  );
  return found ? 'configured' : 'offline';
};

const managerUrl = (value: string | undefined): string | undefined => {
  if (!value) return undefined;
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? '')) return value;
  throw new RefusedError('bad_input', `APWA_URL ${value} is no address of a manager.`, {
    field: 'APWA_URL',
    value,
    allowed: 'a URL such as http://127.0.0.1:8484',
  });
};

/** The manager that `APWA_URL` names, or a whole stack on this machine for the time of the command. */
export const connect = async (say: (text: string) => void, signal: AbortSignal): Promise<Connection> => {
  const url = managerUrl(process.env.APWA_URL);
  if (url) return { client: createClient({ url, signal, key: await keyOf(process.env) }), url, close: async () => undefined };
  const model = await embeddedModel();
  say('Starting a stack on this machine (APWA_URL names one that runs already) …');
  const connection = await embed({ dir: resolve(STACK_FOLDER), model }, say, signal);
  if (model === 'offline') say(OFFLINE_NOTICE);
  return connection;
};

/** A stack for the time of a command. Services that end by themselves are started again. */
export const embed = async (options: StackOptions, say: (text: string) => void, signal: AbortSignal): Promise<EmbeddedConnection> => {
  const stack = await startStack({ ...options, signal, log: say });
  const { nats, postgres, model, manager, executor } = stack.services;
  const kept = keepUp([nats, postgres, ...(model ? [model] : []), executor, manager], say);
  return {
    stack,
    url: stack.url,
    client: createClient({ url: stack.url, signal: AbortSignal.any([signal, kept.signal]) }),
    close: async () => {
      await kept.stop();
      await stack.stop();
    },
  };
};
