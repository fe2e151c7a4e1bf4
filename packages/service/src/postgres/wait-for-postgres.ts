import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError, TransientError } from '@apwa/contracts';
import pg from 'pg';
import { type Logger } from '../logger.js';
import { withoutCredentials } from '../secrets.js';

export interface WaitForPostgresOptions {
  connectionString: string;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds; default 60 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One try; milliseconds. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Between tries; milliseconds. */
const PAUSE_MS = 250;

/** Answers of Postgres that no waiting cures, by their SQLSTATE. */
const REFUSALS: Record<string, string> = {
  '28P01': 'the user or the password is wrong',
  '28000': 'this user may not connect',
  '3D000': 'there is no such database',
  '42501': 'this user may not connect to the database',
};

/**
 * Resolves when Postgres takes connections. Throws RefusedError `postgres_refused` at once if it refuses user or database,
 * TransientError `postgres_unavailable` when the time is over, or the signal's reason.
 */
export const waitForPostgres = async ({ connectionString, log, timeoutMs = 60_000, signal }: WaitForPostgresOptions): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  for (let said = false; ; said = true) {
    signal?.throwIfAborted();
    const fault = await tryToConnect(connectionString);
    if (!fault) return;
    const refusal = REFUSALS[codeOf(fault)];
    const place = withoutCredentials(connectionString);
    if (refusal)
      throw new RefusedError('postgres_refused', `Postgres at ${place}: ${refusal}.`, { field: 'databaseUrl', value: place, cause: fault });
    if (performance.now() >= deadline)
      throw new TransientError('postgres_unavailable', `Postgres at ${place} did not answer within ${timeoutMs} ms: ${fault.message}`, {
        cause: fault,
      });
    if (!said) log.warn({ postgres: place, reason: fault.message }, 'waiting for Postgres');
    await sleep(PAUSE_MS, undefined, signal ? { signal } : {});
  }
};

const tryToConnect = async (connectionString: string): Promise<Error | null> => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // Without a listener a connection that is cut between two tries would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
};

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');
