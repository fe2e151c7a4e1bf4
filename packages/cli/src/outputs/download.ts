import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApwaError, type ExportRequest, type Run, type RunOutput } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import type { Target } from './target.js';

type ExportOptions = Pick<ExportRequest, 'format' | 'rows'> & Partial<ExportRequest>;

export interface WrittenFile {
  path: string;
  step: string;
  rows: number | null;
}

/** `findings.jsonl` as `findings.failed.jsonl`. */
export const failedPath = (path: string): string => {
  const ending = extname(path);
  return join(dirname(path), `${basename(path, ending)}.failed${ending}`);
};

/** The path of an output, or nothing if the target has no place for it. */
export const pathOf = (target: Target, output: Pick<RunOutput, 'step' | 'rows'>, mainStep: string | undefined): string | undefined => {
  if (target.kind === 'file' && output.step !== mainStep) return undefined;
  const path = target.kind === 'file' ? target.path : join(target.path, `${output.step}.${target.format}`);
  return output.rows === 'failed' ? failedPath(path) : path;
};

/** Fetches an export into a file, which appears when it is whole. */
const downloadExport = async (client: Client, exportId: string, path: string): Promise<number | null> => {
  const found = await client.tables.waitForExport(exportId);
  if (found.error) throw ApwaError.fromPayload(found.error);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(
      Readable.fromWeb((await client.tables.content(exportId)) as Parameters<typeof Readable.fromWeb>[0]),
      createWriteStream(temporary),
    );
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return found.rowCount;
};

/** Exports a table into a file. */
export const exportTo = async (client: Client, tableId: string, request: ExportOptions, path: string): Promise<number | null> => {
  const { id } = await client.tables.export(tableId, request);
  return downloadExport(client, id, path);
};

/** Fetches a run's outputs into the target, the plan's first one first. Files of failed rows stand beside theirs. */
export const downloadOutputs = async (client: Client, run: Run, target: Target): Promise<WrittenFile[]> => {
  const files: WrittenFile[] = [];
  for (const output of run.outputs) {
    const path = pathOf(target, output, run.plan?.outputs[0]);
    if (path) files.push({ path, step: output.step, rows: await downloadExport(client, output.exportId, path) });
  }
  return files;
};

/** Where the failed rows of a step go that is no output of its own: `out/labels.failed.csv`, or `result.labels.failed.csv`. */
export const failuresPath = (target: Target, step: string): string => {
  if (target.kind === 'folder') return failedPath(join(target.path, `${step}.${target.format}`));
  const ending = extname(target.path);
  return failedPath(join(dirname(target.path), `${basename(target.path, ending)}.${step}${ending}`));
};

/** Writes the failed rows of steps that the run's outputs leave out: no row is lost without a word. */
export const downloadFailures = async (client: Client, run: Run, target: Target): Promise<WrittenFile[]> => {
  if (run.state !== 'succeeded' && run.state !== 'partially_succeeded') return [];
  const written = new Set(run.outputs.filter((output) => pathOf(target, output, run.plan?.outputs[0])).map(({ step }) => step));
  const files: WrittenFile[] = [];
  for (const { id, tableId, counts } of run.steps) {
    if (counts.failed === 0 || tableId === null || written.has(id)) continue;
    const path = failuresPath(target, id);
    const rows = await exportTo(client, tableId, { format: target.format, rows: 'failed', bookkeeping: true }, path);
    files.push({ path, step: id, rows });
  }
  return files;
};
