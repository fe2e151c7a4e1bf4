import { stat, utimes, writeFile } from 'node:fs/promises';

/** Milliseconds after its last heartbeat for which a member counts as healthy: some heartbeats may be missed in a row. */
export const HEALTHY_FOR_MS = 15_000;

/** A member that cannot write it goes on: its work does not depend on who looks at it. */
export const touch = async (path: string): Promise<void> => {
  const now = new Date();
  await utimes(path, now, now)
    .catch(() => writeFile(path, ''))
    .catch(() => undefined);
};

/** Whether the member has heard from the executor lately. */
export const isHealthy = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < HEALTHY_FOR_MS;
};
