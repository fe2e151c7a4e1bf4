import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApwaError, type Run, type RunOutput } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import type { Target } from './target.js';

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
export const downloadExport = async (client: Client, exportId: string, path: string): Promise<number | null> => {
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

/** Fetches a run's outputs into the target, the plan's first one first. Files of failed rows stand beside theirs. */
export const downloadOutputs = async (client: Client, run: Run, target: Target): Promise<WrittenFile[]> => {
  const files: WrittenFile[] = [];
  for (const output of run.outputs) {
    const path = pathOf(target, output, run.plan?.outputs[0]);
    if (path) files.push({ path, step: output.step, rows: await downloadExport(client, output.exportId, path) });
  }
  return files;
};
