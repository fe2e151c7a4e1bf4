import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createClient, type Client } from '@apwa/sdk';
import { startStack } from '@apwa/stack';

export interface Connection {
  client: Client;
  /** Stops what was started for this command; nothing if a server was there. */
  close: () => Promise<void>;
}

/** Where an embedded stack keeps its data between commands. */
export const STACK_FOLDER = '.apwa';

/** The model that an embedded stack uses: a configured one where there is any, else the offline model. */
export const embeddedModel = async (env: NodeJS.ProcessEnv = process.env): Promise<'offline' | 'configured'> => {
  if (env.APWA_CONFIG || env.OPENAI_API_KEY) return 'configured';
  const found = await access('apwa.config.yaml').then(
    () => true,
    () => false,
  );
  return found ? 'configured' : 'offline';
};

/** The manager that `APWA_URL` names, or a whole stack on this machine for the time of the command. */
export const connect = async (say: (text: string) => void, signal?: AbortSignal): Promise<Connection> => {
  const url = process.env.APWA_URL;
  if (url) return { client: createClient({ url }), close: async () => undefined };
  const model = await embeddedModel();
  say('Starting a stack on this machine (APWA_URL names one that runs already) …');
  const stack = await startStack({ dir: resolve(STACK_FOLDER), model, signal });
  if (model === 'offline') say('No model is configured: the offline model answers, by rules. It is no language model.');
  return { client: createClient({ url: stack.url }), close: () => stack.stop() };
};
