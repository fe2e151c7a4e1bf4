import { isTerminal, type Run } from '@apwa/contracts';
import { connect } from '../connect.js';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit.js';
import { columns, displayFor, print } from '../output.js';
import { follow } from './follow.js';
import { summaryOf } from './run.js';

export interface JsonOption {
  json?: boolean;
}

const quiet = () => undefined;

const withClient = async <Result>(work: (connection: Awaited<ReturnType<typeof connect>>) => Promise<Result>): Promise<Result> => {
  const connection = await connect(quiet);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
};

const row = (run: Run): string[] => [run.id, run.state, run.createdAt, run.goal?.replace(/\s+/g, ' ').slice(0, 60) ?? '(plan)'];

export const listRuns = ({ json, limit }: JsonOption & { limit?: string }): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const { runs } = await client.runs.list(limit === undefined ? {} : { limit: Number(limit) });
    print(json ? JSON.stringify(runs) : columns([['RUN', 'STATE', 'CREATED', 'GOAL'], ...runs.map(row)]));
    return EXIT.succeeded;
  });

export const showRun = (id: string, { json }: JsonOption): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const run = await client.runs.get(id);
    print(json ? JSON.stringify(run) : summaryOf(run, []));
    return EXIT.succeeded;
  });

export const watchRun = (id: string, options: JsonOption): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    const display = displayFor(options);
    const run = await follow(client, id, display, { cancelOnInterrupt: false }).finally(() => display.close());
    if (!options.json) print(summaryOf(run, []));
    return isTerminal(run.state) ? exitCodeOfRun(run) : EXIT.interrupted;
  });

export const cancelRun = (id: string, { json }: JsonOption): Promise<ExitCode> =>
  withClient(async ({ client }) => {
    await client.runs.cancel(id);
    const run = await client.runs.wait(id);
    print(json ? JSON.stringify(run) : summaryOf(run, []));
    return EXIT.succeeded;
  });

export { withClient };
