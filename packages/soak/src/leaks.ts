import { ApwaError } from '@apwa/contracts';
import { commandOf, descendantsOf, eventually, isAlive } from '@apwa/test-kit';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type SoakSystem } from './soak-system.js';

/** After a run: the sweeper has rounds to make, and leases to wait for. */
const PATIENCE_MS = 60_000;

/** What there is while nothing is done. */
export interface Footing {
  processes: number;
  /** Connections to Postgres. */
  connections: number;
}

export const footingOf = async (system: SoakSystem): Promise<Footing> => ({
  processes: (await processes()).length,
  connections: await connections(system),
});

/** What a round has left behind that it should not have; nothing if all is as it was. */
export const leaksOf = async (system: SoakSystem, footing: Footing): Promise<string[]> => {
  // What is due later is due now.
  await system.ledger('UPDATE sweeps SET due_at = now()');
  let found: string[] = [];
  await eventually(
    async () => {
      found = await look(system, footing);
      return found.length === 0;
    },
    { timeoutMs: PATIENCE_MS, what: 'everything to be cleared away' },
  ).catch((thrown: unknown) => {
    if (found.length === 0) found = [ApwaError.from(thrown).message];
  });
  return found;
};

const look = async (system: SoakSystem, footing: Footing): Promise<string[]> => {
  const leaks: string[] = [];
  const running = await processes();
  if (running.length > footing.processes) leaks.push(`${running.length - footing.processes} processes: ${running.join('; ')}`);
  const connected = await connections(system);
  // Pools open more of them under load, and close those that were idle for a while.
  if (connected > 2 * footing.connections) leaks.push(`${connected} connections to Postgres`);
  const { streams, messages } = await system.journal();
  if (messages > 0) leaks.push(`${messages} messages in the journal`);
  if (streams > 1) leaks.push(`${streams} streams`);
  const active = await system.ledger(`SELECT token FROM attempts WHERE state = 'active'`);
  if (active.length > 0) leaks.push(`${active.length} attempts that nobody ends`);
  const named = new Set(await namedParts(system));
  const unnamed = (await parts(system)).filter((key) => !named.has(key));
  if (unnamed.length > 0) leaks.push(`${unnamed.length} parts that nobody names: ${unnamed.slice(0, 3).join(', ')}`);
  if (system.model.inFlight > 0) leaks.push(`${system.model.inFlight} calls in flight`);
  return leaks;
};

const processes = async (): Promise<string[]> => {
  const alive = (await descendantsOf(process.pid)).filter(isAlive);
  const commands = await Promise.all(alive.map(commandOf));
  // Postgres starts and ends processes as it likes; each connection is one.
  return commands.filter((command) => command !== null && !/^postgres:/.test(command)) as string[];
};

const connections = async (system: SoakSystem): Promise<number> => {
  const [row] = await system.ledger<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  return row?.n ?? 0;
};

const namedParts = async (system: SoakSystem): Promise<string[]> => {
  const rows = await system.ledger<{ key: string }>(
    `SELECT content::json -> 'part' ->> 'key' AS key FROM shards WHERE state = 'committed'`,
  );
  return rows.map(({ key }) => key);
};

const parts = async ({ disk }: SoakSystem): Promise<string[]> => {
  const folder = join(disk.path, 'storage', 'parts');
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return files.filter((file) => file.isFile()).map((file) => `parts${join(file.parentPath, file.name).slice(folder.length)}`);
};
