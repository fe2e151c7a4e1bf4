import { writeFile } from 'node:fs/promises';
import { ApwaError, planSchema, type Run } from '@apwa/contracts';
import { stringify } from 'yaml';
import { quoteNotes, quoteTotal } from '../display/quote.js';
import { EXIT, exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { readQuote } from '../inputs/quote.js';
import { displayFor, print } from '../output.js';
import { checkFile } from '../outputs/target.js';
import { withSession } from '../session.js';
import { follow } from './follow.js';
import { readTask, requestOf, uploadInputs, type GoalOptions } from './submit.js';

export interface PlanOptions extends GoalOptions {
  output?: string;
  json?: boolean;
}

/** A quote as comments of YAML. */
const quoteComment = ({ quote }: Run): string => {
  if (!quote || quote.steps.length === 0) return '';
  const lines = [...[...quoteNotes(quote)].map(([step, note]) => `${step}: ${note}`), quoteTotal(quote)];
  return lines.map((line) => `# ${line}\n`).join('');
};

/** `apwa plan`: the plan with its quote, as a document that `run --plan` takes. */
export const planCommand = async (goal: string, options: PlanOptions): Promise<ExitCode> => {
  const task = await readTask(goal, options);
  const quote = readQuote(options.quote, true);
  if (options.output) await checkFile(options.output);
  const run = await withSession(displayFor({}), async (session) => {
    const inputs = await uploadInputs(session.client, task.inputs, options, session.say);
    const created = await session.client.runs.create(requestOf(task, inputs, { stopAfter: 'planning', quote }));
    return follow(session, created.id);
  });
  if (run.error) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(run.error))}\n`);
  if (run.plan && run.state === 'succeeded') {
    const document = options.json ? JSON.stringify(run.plan, null, 2) : `${quoteComment(run)}${stringify(run.plan).trimEnd()}`;
    if (options.output) await writeFile(options.output, `${document}\n`);
    else print(document);
  }
  return exitCodeOfRun(run);
};

/** `apwa plan schema`: what plan documents look like. */
export const printPlanSchema = async ({ output }: { output?: string }): Promise<ExitCode> => {
  const document = JSON.stringify(planSchema(), null, 2);
  if (output === undefined) print(document);
  else {
    await checkFile(output);
    await writeFile(output, `${document}\n`);
  }
  return EXIT.succeeded;
};
