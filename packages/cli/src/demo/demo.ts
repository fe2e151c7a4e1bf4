import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApwaError, type ExportFormat, type Run } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { parse } from 'yaml';
import { z } from 'zod';
import { follow } from '../commands/follow.js';
import { cell } from '../commands/tables.js';
import { requestOf, uploadInputs } from '../commands/submit.js';
import { embed, type EmbeddedConnection } from '../connect.js';
import { EXIT, exitCodeOfRun, explain, type ExitCode } from '../exit.js';
import { readInputs } from '../inputs/inputs.js';
import { displayFor, print } from '../output.js';
import { downloadFailures, exportTo, type WrittenFile } from '../outputs/download.js';
import { readTarget } from '../outputs/target.js';
import { withSession, type Session } from '../session.js';
import { findingsShape, redactedColumn } from './columns.js';
import { findingsOf, rowsOf } from './findings.js';
import { onRay } from './on-ray.js';
import { reportOf, type Outcome } from './report.js';
import { assignResults, RESULTS, type Made, type ResultName } from './results.js';
import { scoreFindings } from './score.js';

const GOAL =
  'Find every piece of personal data in these messages, write each message with the data replaced by its type, and count the findings by type.';
const ROOT = new URL('../../../../', import.meta.url);
const EXAMPLE = new URL('examples/pii/', ROOT);
const OUTPUT = fileURLToPath(new URL('out/demo', ROOT));
const STACK = fileURLToPath(new URL('.apwa/demo', ROOT));
const MEMBERS = 2;
const FORMATS: Record<ResultName, ExportFormat> = { findings: 'parquet', redacted: 'jsonl', by_type: 'csv' };

const isOffline = (): boolean => !process.env.OPENAI_API_KEY;

/** As much as is read here of the configuration that a stack writes. */
const Endpoint = z.object({ name: z.string(), prices: z.unknown().optional() });
const Settings = z.object({
  model: z.string().optional(),
  models: z.record(z.string(), z.union([Endpoint, z.object({ endpoints: z.array(Endpoint) })])),
});

/** `gpt-4.1-mini`, or several where a group of endpoints stands for the model. Where no prices are known, costs are not. */
const answeringModel = async (configFile: string): Promise<string> => {
  const { model, models } = Settings.parse(parse(await readFile(configFile, 'utf8'), { merge: true }));
  const name = model ?? Object.keys(models)[0] ?? '';
  const found = models[name];
  const endpoints = found === undefined ? [] : 'endpoints' in found ? found.endpoints : [found];
  const names = [...new Set(endpoints.map((endpoint) => endpoint.name))].join(', ') || name;
  return isOffline() || endpoints.every(({ prices }) => prices) ? names : `${names}, no prices configured`;
};

const open =
  ({ ray }: DemoOptions) =>
  async (say: (text: string) => void, signal: AbortSignal): Promise<EmbeddedConnection> => {
    const members = (ray && (await onRay(say))) || { members: MEMBERS };
    say(`Starting NATS, Postgres, the services and a pool of two members${'config' in members ? ' on Ray' : ''} …`);
    return embed({ dir: STACK, model: isOffline() ? 'offline' : 'configured', ...members }, say, signal);
  };

/** The tables that a run has made, outputs of its plan first. */
const tablesOf = async (client: Client, run: Run): Promise<Made[]> => {
  const outputs = run.plan?.outputs ?? [];
  const placeOf = (step: string) => (outputs.includes(step) ? outputs.indexOf(step) : outputs.length);
  const made: Made[] = [];
  for (const { id, tableId } of run.steps.toSorted((a, b) => placeOf(a.id) - placeOf(b.id))) {
    const table = tableId === null ? null : await client.tables.get(tableId);
    if (table?.state === 'ready' && table.metadata) made.push({ step: id, tableId: table.id, columns: table.metadata.columns });
  }
  return made;
};

const write = async (client: Client, results: Outcome['results']): Promise<WrittenFile[]> => {
  const files: WrittenFile[] = [];
  for (const name of RESULTS) {
    const made = results[name];
    if (!made) continue;
    const path = join(OUTPUT, `${name}.${FORMATS[name]}`);
    files.push({ path, step: made.step, rows: await exportTo(client, made.tableId, { format: FORMATS[name], rows: 'ok' }, path) });
  }
  return files;
};

const collect = async ({ client }: Session, run: Run, { stack }: EmbeddedConnection): Promise<Outcome> => {
  const model = await answeringModel(stack.configFile);
  const results = assignResults(await tablesOf(client, run));
  const files = [
    ...(await write(client, results)),
    ...(await downloadFailures(client, run, { kind: 'folder', path: OUTPUT, format: 'jsonl' })),
  ];
  const shape = results.findings && findingsShape(results.findings.columns);
  const findings = results.findings && shape ? findingsOf(await rowsOf(client, results.findings.tableId), shape) : [];
  const scores = findings.length ? await scoreFindings(EXAMPLE, findings) : null;
  const column = results.redacted && redactedColumn(results.redacted.columns);
  const rows = results.redacted ? await rowsOf(client, results.redacted.tableId) : [];
  const redacted = column ? rows.map((row) => ({ id: cell(row.id), text: cell(row[column], Infinity) })) : [];
  const counts = results.by_type ? await rowsOf(client, results.by_type.tableId) : [];
  const offline = isOffline();
  return { run, model, offline, results, files, findings, counts, redacted, scores };
};

export interface DemoOptions {
  /** Members are on a Ray cluster. */
  ray: boolean;
}

/** `npm run demo`: the main job on real input, on one machine. */
export const runDemo = async (options: DemoOptions): Promise<ExitCode> => {
  await readTarget(`${OUTPUT}/`, undefined);
  // What an earlier run has left there must not be taken for the result of one that fails.
  await rm(OUTPUT, { recursive: true, force: true });
  const inputs = await readInputs([`messages=${fileURLToPath(new URL('messages.jsonl', EXAMPLE))}`]);
  const outcome = await withSession<Outcome, EmbeddedConnection>(
    displayFor({}),
    async (session, connection) => {
      const task = { goal: GOAL, inputs };
      session.say(`Goal: ${GOAL}`);
      const uploaded = await uploadInputs(session.client, inputs, { input: [] }, session.say);
      const { id } = await session.client.runs.create(requestOf(task, uploaded, {}));
      return collect(session, await follow(session, id), connection);
    },
    open(options),
  );
  print(reportOf(outcome));
  const { run, results } = outcome;
  if (run.error) process.stderr.write(`demo: ${explain(ApwaError.fromPayload(run.error))}\n`);
  const code = exitCodeOfRun(run);
  const complete = RESULTS.every((name) => results[name]);
  return complete || (code !== EXIT.succeeded && code !== EXIT.partiallySucceeded) ? code : EXIT.failed;
};
