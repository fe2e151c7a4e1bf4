import { basename } from 'node:path';
import { ApwaError, type Plan, RefusedError, type Run, type RunInput } from '@apwa/contracts';
import { quoteTotal } from '../display/quote.js';
import { triedRows, triedTable, type Tried } from '../display/tried.js';
import { EXIT, explain, exitCodeOfRun, type ExitCode } from '../exit.js';
import { readInputs } from '../inputs/inputs.js';
import { readPlanFile } from '../inputs/plan-file.js';
import { readSampleRows } from '../inputs/quote.js';
import { displayFor, print } from '../output.js';
import { type Session, withSession } from '../session.js';
import { follow } from './follow.js';
import { uploadInputs } from './submit.js';

export interface TryOptions {
  input: string[];
  step?: string;
  rows: string;
  against?: string;
  skipBadRows?: boolean;
  sheet?: string;
  json?: boolean;
}

/** The steps of a plan that can be tried: those that work row by row. */
const mapsOf = ({ steps }: Plan): string[] => steps.flatMap(({ id, kind }) => (kind === 'map' ? [id] : []));

const checkStep = (plan: Plan, file: string, step: string): void => {
  const maps = mapsOf(plan);
  if (maps.includes(step)) return;
  throw new RefusedError('bad_input', `${file} has no step ${step} of kind map.`, {
    field: '--step',
    value: step,
    allowed: maps.join(', '),
  });
};

/** A plan's step on a sample, as a run that ends with that. `before`: results of it are taken where the question is the same. */
const tryOne = async (
  session: Session,
  {
    file,
    plan,
    step,
    rows,
    inputs,
    before,
  }: { file: string; plan: Plan; step: string; rows: number; inputs: RunInput[]; before: Run | null },
): Promise<Tried> => {
  const reuse = before ? { reuse: { runs: [before.id] } } : {};
  const { id } = await session.client.runs.create({ plan, inputs, quote: { rows, step }, stopAfter: 'planning', ...reuse });
  const run = await follow(session, id);
  const quote = run.quote?.steps.find((one) => one.step === step) ?? null;
  const head = quote?.basis.kind === 'sample' ? await session.client.tables.head(quote.basis.tableId, Math.max(1, quote.basis.rows)) : null;
  return { name: basename(file), run, plan, step, quote, rows: head?.rows ?? [] };
};

/** `apwa try`: a step of a plan on some rows, and beside it the same of another plan. */
export const tryCommand = async (file: string, options: TryOptions): Promise<ExitCode> => {
  const rows = readSampleRows('--rows', options.rows);
  const files = [file, ...(options.against === undefined ? [] : [options.against])];
  const plans = [
    await readPlanFile(file, 'PLAN'),
    ...(options.against === undefined ? [] : [await readPlanFile(options.against, '--against')]),
  ];
  const step = options.step ?? mapsOf(plans[0] as Plan)[0] ?? '';
  plans.forEach((plan, index) => checkStep(plan, files[index] ?? file, step));
  const named = await readInputs(options.input);
  const tried = await withSession(displayFor(options), async (session) => {
    const all: Tried[] = [];
    let inputs = await uploadInputs(session.client, named, options, session.say);
    for (const [index, plan] of plans.entries()) {
      const one = await tryOne(session, { file: files[index] ?? file, plan, step, rows, inputs, before: all[0]?.run ?? null });
      all.push(one);
      if (one.run.state !== 'succeeded') break;
      // Tables that the first one has imported: the second one reads the same rows of them.
      inputs = one.run.inputs.map(({ name, tableId }) => ({ name, table: tableId }));
    }
    return all;
  });
  const failed = tried.find(({ run }) => run.state !== 'succeeded')?.run;
  if (options.json) for (const { run, rows: found } of tried) print(JSON.stringify({ type: 'tried', run, rows: found }));
  else if (!failed) {
    print(`${triedRows(tried)}\n\n${triedTable(tried)}`);
    for (const { name, run, quote } of tried) {
      if (run.quote && quote) print(`${name}: ${quoteTotal(run.quote)}`);
      print(`${name}: a run takes these rows over with --reuse ${run.id}`);
    }
  }
  if (failed?.error) process.stderr.write(`apwa: ${explain(ApwaError.fromPayload(failed.error))}\n`);
  return failed ? exitCodeOfRun(failed) : EXIT.succeeded;
};
