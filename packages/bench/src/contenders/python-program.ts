import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Effort, measure } from '../measure/stopwatch.js';
import { type ContenderMessage, type Task } from './task.js';

export interface PythonProgramSpec {
  python: string;
  file: string;
  /** After the task. */
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Others that carry the work out, by name: their CPU counts with the program's own. */
  roots: ReadonlyMap<string, number>;
}

/** As `runProgram`, of a program that speaks over its standard input and output. */
export const runPythonProgram = async (
  { python, file, args, env = {}, roots }: PythonProgramSpec,
  task: Task,
  warm: () => Promise<void>,
): Promise<Effort> => {
  const child = spawn(python, [file, JSON.stringify(task), ...args], {
    env: { ...process.env, ...env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${file} ended early (${signal ?? `code ${code}`})`)));
  });
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expect = async (kind: ContenderMessage['kind']): Promise<ContenderMessage> => {
    const { value } = await Promise.race([ended, lines.next()]);
    const message = JSON.parse(String(value)) as ContenderMessage;
    if (message.kind !== kind) throw new Error(`${file} said ${message.kind} where ${kind} was to come`);
    return message;
  };
  try {
    await expect('ready');
    await warm();
    const { value, effort } = await measure(new Map([...roots, ['program', child.pid as number]]), async () => {
      child.stdin.write('go\n');
      return expect('done');
    });
    if (value.kind === 'done' && value.answered !== task.rows) throw new Error(`${file} answered ${value.answered} of ${task.rows} rows`);
    return effort;
  } finally {
    child.kill('SIGKILL');
  }
};
