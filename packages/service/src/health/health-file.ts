import { stat, utimes, writeFile } from 'node:fs/promises';

/** Milliseconds after its last sign of life for which a service counts as healthy: some may be missed in a row. */
export const HEALTHY_FOR_MS = 15_000;

/** Gives a sign of life. A service that cannot write it goes on: its work does not depend on who looks at it. */
export const touchHealthFile = async (path: string): Promise<void> => {
  const now = new Date();
  await utimes(path, now, now)
    .catch(() => writeFile(path, ''))
    .catch(() => undefined);
};

/** Whether the service has given a sign of life lately. */
export const isHealthy = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < HEALTHY_FOR_MS;
};
