import { isTerminal, type Plan, RefusedError, type Run } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { stringify } from 'yaml';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit.js';
import { readCount } from '../inputs/count.js';
import { readPlanFile } from '../inputs/plan-file.js';
import { displayFor, print, quietDisplay } from '../output.js';
import { editPlan } from '../review/edit-plan.js';
import { planDiff } from '../review/plan-diff.js';
import { planReview } from '../review/review.js';
import { withSession } from '../session.js';
import { watch } from './follow.js';
import { type JsonOption, printRun } from './runs.js';

/** As many as the API counts. */
const MAX_VERSION = 1_000_000;
const readVersion = (option: string, text: string): number => readCount(option, text, MAX_VERSION);

const noPlan = (id: string): RefusedError =>
  new RefusedError('bad_input', `Run ${id} has no plan.`, { field: 'ID', value: id, allowed: 'a run that has been planned' });

/** The newest version of a run's plan. */
const newestOf = ({ id, plan, planVersion }: Run): { plan: Plan; version: number } => {
  if (!plan || planVersion === null) throw noPlan(id);
  return { plan, version: planVersion };
};

export interface RunPlanOptions extends JsonOption {
  version?: string;
  diff?: string[];
}

/** Two versions by their numbers; the second one is the newest where it is left out. */
const diffOf = async (client: Client, id: string, [from = '', to, ...more]: string[]): Promise<string> => {
  if (more.length > 0)
    throw new RefusedError('bad_input', 'Only two versions can be compared.', { field: '--diff', value: [from, to, ...more].join(' ') });
  const before = await client.runs.plan(id, readVersion('--diff', from));
  const version = to === undefined ? newestOf(await client.runs.get(id)).version : readVersion('--diff', to);
  const after = await client.runs.plan(id, version);
  const diff = planDiff({ name: `version ${before.version}`, plan: before.plan }, { name: `version ${after.version}`, plan: after.plan });
  return diff === '' ? `Version ${before.version} and version ${after.version} are the same plan.` : diff;
};

/** `apwa runs plan`: a version of a run's plan as a document, or what differs between two. */
export const planOfRun = async (id: string, { version, diff, json }: RunPlanOptions): Promise<ExitCode> => {
  const wanted = version === undefined ? null : readVersion('--version', version);
  const text = await withSession(quietDisplay(), async ({ client }) => {
    if (diff) return diffOf(client, id, diff);
    const newest = newestOf(await client.runs.get(id)).version;
    const found = await client.runs.plan(id, wanted ?? newest);
    if (json) return JSON.stringify(found);
    const { by, reason, createdAt } = found;
    return `# ${id}, version ${found.version} of ${newest}, ${by}, ${createdAt}: ${reason.replace(/\s+/g, ' ')}\n${stringify(found.plan).trimEnd()}`;
  });
  print(text);
  return EXIT.succeeded;
};

export interface ApproveOptions extends JsonOption {
  version?: string;
  watch?: boolean;
}

/** `apwa runs approve`: the run goes on, and is followed where nobody else keeps it going. */
export const approveRun = async (id: string, { version, watch: wanted, json }: ApproveOptions): Promise<ExitCode> => {
  const named = version === undefined ? null : readVersion('--version', version);
  const followed = wanted || !process.env.APWA_URL;
  const run = await withSession(followed ? displayFor({ json }) : quietDisplay(), async (session) => {
    const approved = await session.client.runs.approve(id, { version: named ?? newestOf(await session.client.runs.get(id)).version });
    return followed ? watch(session, id) : approved;
  });
  if (followed) {
    if (!json) printRun(run, false);
    return isTerminal(run.state) ? exitCodeOfRun(run) : EXIT.interrupted;
  }
  print(
    json ? JSON.stringify(run) : `${id} goes on with version ${run.planVersion} of its plan. It is followed with: apwa runs watch ${id}`,
  );
  return EXIT.succeeded;
};

/** The run as soon as it is known what its plan is to cost. */
const untilQuoted = async (client: Client, run: Run): Promise<Run> => {
  if (run.state !== 'quoting') return run;
  for await (const event of client.runs.events(run.id)) if (event.type === 'run' && event.run.state !== 'quoting') return event.run;
  return client.runs.get(run.id);
};

export interface EditOptions extends JsonOption {
  plan?: string;
  reason?: string;
}

/** `apwa runs edit`: another plan for a run that waits for approval, from a file or as a person edits it. */
export const editRun = async (id: string, { plan: file, reason, json }: EditOptions): Promise<ExitCode> => {
  if (file === undefined && !process.stdin.isTTY)
    throw new RefusedError('bad_input', 'Editing needs a terminal.', { field: '--plan', allowed: '--plan FILE, or a terminal' });
  const plan = file === undefined ? null : await readPlanFile(file);
  const tell = (text: string) => void process.stderr.write(`${text}\n`);
  const run = await withSession(quietDisplay(), async ({ client, url, interrupt: { signal } }) => {
    const before = await client.runs.get(id);
    const { version, plan: old } = newestOf(before);
    if (!plan) return untilQuoted(client, (await editPlan(before, old, { client, url, signal, tell })) ?? before);
    const after = await client.runs.editPlan(id, { plan, version, ...(reason === undefined ? {} : { reason }) });
    if (!json) tell(planDiff({ name: `version ${version}`, plan: old }, { name: `version ${after.planVersion}`, plan }));
    return untilQuoted(client, after);
  });
  if (!json) tell(planReview(run));
  print(json ? JSON.stringify(run) : `${id} waits with version ${run.planVersion} of its plan. It goes on with: apwa runs approve ${id}`);
  return EXIT.succeeded;
};
