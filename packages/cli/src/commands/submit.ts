import { relative } from 'node:path';
import {
  MAX_AMENDMENTS,
  MAX_GOAL_LENGTH,
  RefusedError,
  type Budget,
  type Plan,
  type Reuse,
  type RunInput,
  type RunRequest,
} from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import type { z } from 'zod';
import { readBudget, type BudgetOptions } from '../inputs/budget.js';
import { readCount } from '../inputs/count.js';
import { readInputs, type Input } from '../inputs/inputs.js';
import { readPlanFile } from '../inputs/plan-file.js';
import { readReuse } from '../inputs/reuse.js';
import { readAllowUnsafe } from '../inputs/allow-unsafe.js';

export interface GoalOptions extends BudgetOptions {
  input: string[];
  inputFormat?: string;
  plan?: string;
  concurrency?: string;
  reuse?: string;
  quote?: string;
  amendments?: string;
  allowUnsafe?: string;
  skipBadRows?: boolean;
  sheet?: string;
  withoutInputs?: boolean;
}

export interface Task {
  goal?: string;
  plan?: Plan;
  inputs: Input[];
  concurrency?: number;
  reuse?: Reuse;
  amendments?: number;
  allowUnsafe?: RunRequest['allowUnsafe'];
  budget?: Budget;
}

/** As many as the API takes. */
const MAX_CONCURRENCY = 100_000;

/** Checks everything that can be checked without a server. */
export const readTask = async (goal: string | undefined, options: GoalOptions): Promise<Task> => {
  if (goal !== undefined && !goal.trim())
    throw new RefusedError('bad_input', 'The goal is empty.', { field: 'GOAL', allowed: 'a sentence' });
  if (goal !== undefined && goal.length > MAX_GOAL_LENGTH)
    throw new RefusedError('bad_input', `The goal has ${goal.length} characters.`, {
      field: 'GOAL',
      value: goal,
      allowed: `${MAX_GOAL_LENGTH} characters at most: what is longer belongs into an input`,
    });
  if (goal === undefined && !options.plan)
    throw new RefusedError('bad_input', 'A goal or a plan is needed.', { field: 'GOAL', allowed: '"GOAL" or --plan FILE' });
  // Forgetting it is more frequent than needing none.
  if (!options.input.length && !options.plan && !options.withoutInputs)
    throw new RefusedError('bad_input', 'A run without a plan needs at least one input.', {
      field: '--input',
      allowed: '[NAME=]PATH, once or more; --without-inputs for a goal that needs no table, such as questions to look up',
    });
  const concurrency = options.concurrency === undefined ? undefined : readCount('--concurrency', options.concurrency, MAX_CONCURRENCY);
  const budget = readBudget(options);
  return {
    ...(goal === undefined ? {} : { goal }),
    ...(options.plan ? { plan: await readPlanFile(options.plan) } : {}),
    inputs: await readInputs(options.input, options.inputFormat),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(options.reuse === undefined ? {} : { reuse: readReuse(options.reuse) }),
    ...(options.amendments === undefined ? {} : { amendments: readCount('--amendments', options.amendments, MAX_AMENDMENTS, 0) }),
    ...(options.allowUnsafe === undefined ? {} : { allowUnsafe: readAllowUnsafe(options.allowUnsafe) }),
    ...(budget ? { budget } : {}),
  };
};

/** Uploads a task's inputs, and makes a request of it. */
export const uploadInputs = async (
  client: Client,
  inputs: Input[],
  options: GoalOptions,
  say: (text: string) => void,
): Promise<RunInput[]> => {
  const uploaded: RunInput[] = [];
  for (const { name, files, format } of inputs) {
    say(`Uploading ${name}: ${files.length === 1 ? relative('', files[0]?.path ?? '') : `${files.length} files`} …`);
    const { id } = await client.uploads.of(files);
    const importOptions = { skipBadRows: options.skipBadRows ?? false, ...(options.sheet ? { sheet: options.sheet } : {}) };
    uploaded.push({ name, upload: id, format, options: importOptions });
  }
  return uploaded;
};

export const requestOf = (task: Task, inputs: RunInput[], rest: Partial<z.input<typeof RunRequest>>): z.input<typeof RunRequest> => ({
  ...(task.goal === undefined ? {} : { goal: task.goal }),
  ...(task.plan ? { plan: task.plan } : {}),
  inputs,
  ...(task.reuse === undefined ? {} : { reuse: task.reuse }),
  ...(task.amendments === undefined ? {} : { amendments: task.amendments }),
  ...(task.allowUnsafe === undefined ? {} : { allowUnsafe: task.allowUnsafe }),
  limits: task.concurrency === undefined ? {} : { concurrency: task.concurrency },
  ...(task.budget ? { budget: task.budget } : {}),
  ...rest,
});
