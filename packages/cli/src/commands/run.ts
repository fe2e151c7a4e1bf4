import { ApwaError, RefusedError, type Run } from '@apwa/contracts';
import { connect } from '../connect.js';
import { cost, duration, number, tokens } from '../display/format.js';
import { exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { displayFor, print } from '../output.js';
import { downloadOutputs, type WrittenFile } from '../outputs/download.js';
import { readTarget } from '../outputs/target.js';
import { follow } from './follow.js';
import { readTask, requestOf, uploadInputs, type GoalOptions } from './submit.js';

export interface RunOptions extends GoalOptions {
  output: string;
  format?: string;
  approve: string;
  json?: boolean;
}

/** What a run came to, for a person. */
export const summaryOf = (run: Run, files: WrittenFile[]): string => {
  const lines = [`${run.id} ${run.state.replaceAll('_', ' ')}`];
  if (run.startedAt && run.finishedAt) lines[0] += ` in ${duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}`;
  for (const { id, counts } of run.steps) {
    const cause = Object.entries(counts.errors).map(([code, n]) => `${code} ${number(n)}`);
    const spent = counts.calls ? `, ${number(counts.calls)} calls, ${number(tokens(counts.usage))} tokens, ${cost(counts.costUsd)}` : '';
    lines.push(
      `  ${id}: ${number(counts.ok)} rows${counts.failed ? `, ${number(counts.failed)} failed (${cause.join(', ')})` : ''}${spent}`,
    );
  }
  if (run.planning.turns)
    lines.push(`  planning: ${run.planning.turns} turns, ${number(tokens(run.planning.usage))} tokens, ${cost(run.planning.costUsd)}`);
  for (const { path, rows } of files) lines.push(`  ${path}${rows === null ? '' : ` (${number(rows)} rows)`}`);
  return lines.join('\n');
};

/** `apwa run`: from a goal and files to files. */
export const runCommand = async (goal: string | undefined, options: RunOptions): Promise<ExitCode> => {
  if (!['auto', 'ask'].includes(options.approve))
    throw new RefusedError('bad_input', `--approve ${options.approve} is not known.`, {
      field: '--approve',
      value: options.approve,
      allowed: 'auto, ask',
    });
  const task = await readTask(goal, options);
  const target = await readTarget(options.output, options.format);
  const display = displayFor(options);
  const say = (text: string) => display.say(text);
  const { client, close } = await connect(say);
  try {
    const inputs = await uploadInputs(client, task.inputs, options, say);
    const created = await client.runs.create(
      requestOf(task, inputs, { outputs: [{ format: target.format }], approval: options.approve === 'ask' ? 'required' : 'auto' }),
    );
    const run = await follow(client, created.id, display, { cancelOnInterrupt: true });
    const files = run.outputs.length ? await downloadOutputs(client, run, target) : [];
    display.close();
    if (options.json) print(JSON.stringify({ type: 'result', run, files }));
    else print(summaryOf(run, files));
    if (run.error) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(run.error))}\n`);
    return exitCodeOfRun(run);
  } finally {
    display.close();
    await close();
  }
};
