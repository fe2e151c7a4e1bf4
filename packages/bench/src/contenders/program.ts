import { fork } from 'node:child_process';
import { type Effort, measure } from '../measure/stopwatch.js';
import { type ContenderMessage, type Task } from './task.js';

export interface ProgramSpec {
  file: string;
  args?: string[];
  env?: NodeJS.ProcessEnv | undefined;
}

/** A process of its own does the task once, measured from `go` to its last answer. `warm` is called between its warm-up and `go`. */
export const runProgram = async (
  { file, args = [], env = process.env }: ProgramSpec,
  task: Task,
  warm: () => Promise<void>,
): Promise<Effort> => {
  const child = fork(file, [JSON.stringify(task), ...args], { execArgv: [], env: { ...env, NODE_OPTIONS: '' } });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${file} ended early (${signal ?? `code ${code}`})`)));
  });
  ended.catch(() => undefined);
  const next = () =>
    Promise.race([
      ended,
      new Promise<ContenderMessage>((resolve) => child.once('message', (message: ContenderMessage) => resolve(message))),
    ]);
  const expect = async (kind: ContenderMessage['kind']): Promise<ContenderMessage> => {
    const message = await next();
    if (message.kind === 'failed') throw new Error(`${file}: ${message.message}`);
    if (message.kind !== kind) throw new Error(`${file} said ${message.kind} where ${kind} was to come`);
    return message;
  };
  try {
    await expect('ready');
    await warm();
    const { value, effort } = await measure(new Map([['program', child.pid as number]]), async () => {
      child.send('go');
      return expect('done');
    });
    if (value.kind === 'done' && value.answered !== task.rows) throw new Error(`${file} answered ${value.answered} of ${task.rows} rows`);
    return effort;
  } finally {
    child.kill('SIGKILL');
  }
};
