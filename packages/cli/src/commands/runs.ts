import { ApwaError, isTerminal, RefusedError, type Run, type StepControl } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { runBalance } from '../display/run-balance.js';
import { EXIT, exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { readBudget, type BudgetOptions } from '../inputs/budget.js';
import { readCount } from '../inputs/count.js';
import { readTemplatesFile } from '../inputs/templates-file.js';
import { columns, displayFor, print, quietDisplay } from '../output.js';
import { withSession } from '../session.js';
import { watch } from './follow.js';

export interface JsonOption {
  json?: boolean;
}

/** The most that a list holds: it is what one page of the API holds. */
const MAX_LIST = 500;

export const readLimit = (limit: string | undefined): { limit?: number } =>
  limit === undefined ? {} : { limit: readCount('--limit', limit, MAX_LIST) };

const row = (run: Run): string[] => [run.id, run.state, run.createdAt, run.goal?.replace(/\s+/g, ' ').slice(0, 60) ?? '(plan)'];

export const printRun = (run: Run, json: boolean | undefined): void => {
  print(json ? JSON.stringify(run) : runBalance(run, Date.now()));
  if (run.error && !json) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(run.error))}\n`);
};

export const listRuns = async ({ json, limit }: JsonOption & { limit?: string }): Promise<ExitCode> => {
  const page = readLimit(limit);
  const { runs } = await withSession(quietDisplay(), ({ client }) => client.runs.list(page));
  print(json ? JSON.stringify(runs) : columns([['RUN', 'STATE', 'CREATED', 'GOAL'], ...runs.map(row)]));
  return EXIT.succeeded;
};

export const showRun = async (id: string, { json }: JsonOption): Promise<ExitCode> => {
  printRun(await withSession(quietDisplay(), ({ client }) => client.runs.get(id)), json);
  return EXIT.succeeded;
};

export const watchRun = async (id: string, options: JsonOption): Promise<ExitCode> => {
  const run = await withSession(displayFor(options), (session) => watch(session, id));
  if (!options.json) printRun(run, false);
  return isTerminal(run.state) ? exitCodeOfRun(run) : EXIT.interrupted;
};

export interface StepOption {
  step?: string;
}

/** Has one step of a run stand still, go on or end, and shows the run as it is then. */
const controlStep = async (id: string, step: string, control: StepControl, json: boolean | undefined): Promise<ExitCode> => {
  printRun(await withSession(quietDisplay(), ({ client }) => client.runs.controlStep(id, step, control)), json);
  return EXIT.succeeded;
};

export const cancelRun = async (id: string, { step, reason, json }: JsonOption & StepOption & { reason?: string }): Promise<ExitCode> => {
  if (step !== undefined && reason !== undefined) throw notWithStep('--reason', reason);
  if (step !== undefined) return controlStep(id, step, 'cancel', json);
  const run = await withSession(quietDisplay(), async ({ client }) => {
    await client.runs.cancel(id, reason === undefined ? {} : { reason });
    return client.runs.wait(id);
  });
  printRun(run, json);
  return EXIT.succeeded;
};

/** The run as soon as nothing of it is under way any more, or somebody has resumed it. */
const untilPaused = async (client: Client, id: string): Promise<Run> => {
  for await (const event of client.runs.events(id)) if (event.type === 'run' && event.run.state !== 'pausing') return event.run;
  return client.runs.get(id);
};

export const pauseRun = async (id: string, { step, ...options }: JsonOption & StepOption): Promise<ExitCode> => {
  if (step !== undefined) return controlStep(id, step, 'pause', options.json);
  const run = await withSession(displayFor(options), async ({ client, say }) => {
    const { state } = await client.runs.pause(id);
    if (state === 'pausing') say('Waiting for what is under way to end (Ctrl-C leaves, and the run is paused all the same) …');
    return untilPaused(client, id);
  });
  printRun(run, options.json);
  return EXIT.succeeded;
};

const notWithStep = (what: string, value: string): RefusedError =>
  new RefusedError('usage', `${what} is the whole run's: it cannot be given with --step.`, {
    field: '--step',
    value,
    allowed: '--step alone',
  });

/** With a raised budget, if options give one. */
export const resumeRun = async (id: string, { step, json, ...options }: JsonOption & StepOption & BudgetOptions): Promise<ExitCode> => {
  const budget = readBudget(options);
  if (step !== undefined && budget) throw notWithStep('a budget', JSON.stringify(budget));
  if (step !== undefined) return controlStep(id, step, 'resume', json);
  const run = await withSession(quietDisplay(), ({ client }) => client.runs.resume(id, budget ? { budget } : {}));
  print(json ? JSON.stringify(run) : `${id} goes on. It is followed with: apwa runs watch ${id}`);
  return EXIT.succeeded;
};

export interface RedriveOptions extends JsonOption {
  step: string[];
  template?: string;
  watch?: boolean;
}

/** What failed in a run that has ended, again: as a run of its own, which is followed where nobody else keeps it going. */
export const redriveRun = async (id: string, { step, template, watch: wanted, json }: RedriveOptions): Promise<ExitCode> => {
  const templates = template === undefined ? {} : await readTemplatesFile(template);
  const request = { ...(step.length > 0 ? { steps: step } : {}), templates };
  const followed = wanted || !process.env.APWA_URL;
  const run = await withSession(followed ? displayFor({ json }) : quietDisplay(), async (session) => {
    const created = await session.client.runs.redrive(id, request);
    return followed ? watch(session, created.id) : created;
  });
  if (followed) {
    if (!json) printRun(run, false);
    return isTerminal(run.state) ? exitCodeOfRun(run) : EXIT.interrupted;
  }
  print(json ? JSON.stringify(run) : `${run.id} does again what failed in ${id}. It is followed with: apwa runs watch ${run.id}`);
  return EXIT.succeeded;
};
