import { poolNotes, poolRows } from '../display/pools.js';
import { EXIT, type ExitCode } from '../exit.js';
import { columns, print, quietDisplay } from '../output.js';
import { withSession } from '../session.js';
import { type JsonOption } from './runs.js';

export const listPools = async ({ json }: JsonOption): Promise<ExitCode> => {
  const { pools } = await withSession(quietDisplay(), ({ client }) => client.pools.list());
  if (json) print(JSON.stringify(pools));
  else print([columns(poolRows(pools)), ...pools.flatMap((pool) => poolNotes(pool, Date.now()))].join('\n'));
  return EXIT.succeeded;
};
