import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PermanentError } from '@apwa/contracts';
import { OwnedProcess } from '../processes/owned-process.js';

export type AppName = 'manager' | 'executor' | 'worker-pool' | 'offline-model';

/** The built program of an app, found from this package's place in the repository. */
const appEntry = (app: AppName): string => {
  const path = fileURLToPath(new URL(`../../../../apps/${app}/dist/main.js`, import.meta.url));
  if (existsSync(path)) return path;
  throw new PermanentError('not_built', `${path} is not there: run "npm run build" first`);
};

export interface NodeServiceSpec {
  app: AppName;
  args?: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  ready: () => Promise<boolean>;
  readyTimeoutMs: number;
}

/** Starts a built app with a lifeline, and waits until it is ready. */
export const startApp = async ({ app, args = [], env, logFile, ready, readyTimeoutMs }: NodeServiceSpec): Promise<OwnedProcess> => {
  const child = await OwnedProcess.start({
    name: app,
    command: process.execPath,
    args: ['--enable-source-maps', appEntry(app), ...args],
    env: { ...env, APWA_LIFELINE: '1' },
    logFile,
    lifeline: true,
  });
  return child.whenReady(ready, readyTimeoutMs);
};

/** Whether a GET is answered with 2xx. */
export const answersOk = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
};
