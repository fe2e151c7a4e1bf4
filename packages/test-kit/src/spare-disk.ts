import pg from 'pg';

/**
 * Has a Postgres of a test's own, by its superuser's URL, wait for no disk from now on, over restarts too. What is committed outlives its
 * processes, however they die, and would be lost with the machine alone, which no test switches off.
 */
export const spareDisk = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('ALTER SYSTEM SET fsync = off');
    await client.query('SELECT pg_reload_conf()');
  } finally {
    await client.end();
  }
};
