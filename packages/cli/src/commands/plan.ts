import { writeFile } from 'node:fs/promises';
import { ApwaError } from '@apwa/contracts';
import { stringify } from 'yaml';
import { connect } from '../connect.js';
import { exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { displayFor, print } from '../output.js';
import { follow } from './follow.js';
import { readTask, requestOf, uploadInputs, type GoalOptions } from './submit.js';

export interface PlanOptions extends GoalOptions {
  output?: string;
  json?: boolean;
}

/** `apwa plan`: the plan alone, as a document that `run --plan` takes. */
export const planCommand = async (goal: string, options: PlanOptions): Promise<ExitCode> => {
  const task = await readTask(goal, options);
  const display = displayFor({});
  const say = (text: string) => display.say(text);
  const { client, close } = await connect(say);
  try {
    const inputs = await uploadInputs(client, task.inputs, options, say);
    const created = await client.runs.create(requestOf(task, inputs, { stopAfter: 'planning' }));
    const run = await follow(client, created.id, display, { cancelOnInterrupt: true });
    display.close();
    if (run.error) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(run.error))}\n`);
    if (run.plan && !run.error) {
      const document = options.json ? JSON.stringify(run.plan, null, 2) : stringify(run.plan).trimEnd();
      if (options.output) await writeFile(options.output, `${document}\n`);
      else print(document);
    }
    return exitCodeOfRun(run);
  } finally {
    display.close();
    await close();
  }
};
