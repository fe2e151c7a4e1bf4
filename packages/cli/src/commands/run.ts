import { ApwaError, RefusedError, tokensOf, type Run, type Table } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { budgetText, copiesText, cost, duration, failedText, failuresText, number, workedMs } from '../display/format.js';
import { exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { displayFor, print } from '../output.js';
import { quoteTable } from '../display/quote.js';
import { readQuote } from '../inputs/quote.js';
import { downloadFailures, downloadOutputs, type WrittenFile } from '../outputs/download.js';
import { readTarget } from '../outputs/target.js';
import { withSession } from '../session.js';
import { follow } from './follow.js';
import { readTask, requestOf, uploadInputs, type GoalOptions } from './submit.js';

export interface RunOptions extends GoalOptions {
  output?: string;
  format?: string;
  approve: string;
  json?: boolean;
}

/** What a run came to, for a person. */
export const summaryOf = (run: Run, files: WrittenFile[], rejected: Table[] = [], inputs: Table[] = []): string => {
  const lines = [`${run.id} ${run.state.replaceAll('_', ' ')}`];
  if (run.startedAt && run.finishedAt) lines[0] += ` in ${duration(workedMs(run, Date.parse(run.finishedAt)))}`;
  for (const table of inputs) if (table.failures.failed > 0) lines.push(`  input ${table.name}: ${failuresText(table)}`);
  for (const { id, counts, copies } of run.steps) {
    const spent = counts.calls ? `, ${number(counts.calls)} calls, ${number(tokensOf(counts.usage))} tokens, ${cost(counts.costUsd)}` : '';
    const failed = counts.failed ? `, ${failedText(counts)}` : '';
    const twice = copies.attempts ? `, ${copiesText(copies)}` : '';
    lines.push(`  ${id}: ${number(counts.ok)} rows${failed}${spent}${twice}`);
  }
  if (run.planning.turns)
    lines.push(`  planning: ${run.planning.turns} turns, ${number(tokensOf(run.planning.usage))} tokens, ${cost(run.planning.costUsd)}`);
  const { sampling } = run;
  if (sampling.calls)
    lines.push(`  samples: ${number(sampling.calls)} calls, ${number(tokensOf(sampling.usage))} tokens, ${cost(sampling.costUsd)}`);
  if (run.budget) lines.push(`  budget: ${budgetText(run)}`);
  for (const { path, rows } of files) lines.push(`  ${path}${rows === null ? '' : ` (${number(rows)} rows)`}`);
  for (const { id, name, rows } of rejected) lines.push(`  bad rows of inputs: ${number(rows ?? 0)} in table ${id} (${name})`);
  const quote = quoteTable(run);
  return quote === '' ? lines.join('\n') : [...lines, '', quote].join('\n');
};

const inputsOf = (client: Client, run: Run): Promise<Table[]> => Promise.all(run.inputs.map(({ tableId }) => client.tables.get(tableId)));

/** Tables of the bad rows that imports have left out. */
const rejectedOf = async (client: Client, inputs: Table[]): Promise<Table[]> => {
  const ids = inputs.map(({ rejectedTableId }) => rejectedTableId).filter((id) => id !== null);
  return Promise.all(ids.map((id) => client.tables.get(id)));
};

const APPROVALS = { auto: 'auto', ask: 'required' } as const;

const readApproval = (approve: string): 'auto' | 'required' => {
  const refuse = (message: string, allowed: string) =>
    new RefusedError('bad_input', message, { field: '--approve', value: approve, allowed });
  if (approve !== 'auto' && approve !== 'ask') throw refuse(`--approve ${approve} is not known.`, 'auto, ask');
  if (approve === 'ask' && !process.stdin.isTTY) throw refuse('--approve ask needs a terminal to ask on.', 'auto, or a terminal');
  return APPROVALS[approve];
};

/** `apwa run`: from a goal and files to files. */
export const runCommand = async (goal: string | undefined, options: RunOptions): Promise<ExitCode> => {
  const approval = readApproval(options.approve);
  const quote = readQuote(options.quote, approval === 'required');
  const task = await readTask(goal, options);
  if (options.output === undefined)
    throw new RefusedError('bad_output', 'It is not said where results go.', {
      field: '--output',
      allowed: 'a file (.parquet, .csv, .jsonl) or a folder',
    });
  const target = await readTarget(options.output, options.format);
  const { run, files, rejected, inputs } = await withSession(displayFor(options), async (session) => {
    const { client, say } = session;
    const uploaded = await uploadInputs(client, task.inputs, options, say);
    const created = await client.runs.create(requestOf(task, uploaded, { outputs: [{ format: target.format }], approval, quote }));
    const ended = await follow(session, created.id);
    const written = [...(await downloadOutputs(client, ended, target)), ...(await downloadFailures(client, ended, target))];
    const tables = await inputsOf(client, ended);
    return { run: ended, files: written, rejected: await rejectedOf(client, tables), inputs: tables };
  });
  if (options.json) print(JSON.stringify({ type: 'result', run, files, rejected: rejected.map(({ id }) => id) }));
  else print(summaryOf(run, files, rejected, inputs));
  if (run.error) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(run.error))}\n`);
  return exitCodeOfRun(run);
};
