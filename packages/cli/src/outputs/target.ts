import { access, constants, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { ExportFormat, RefusedError } from '@apwa/contracts';

/** Where results go: one file for the plan's first output, or a folder with a file for each. */
export type Target = { kind: 'file'; path: string; format: ExportFormat } | { kind: 'folder'; path: string; format: ExportFormat };

const refuse = (value: string, message: string, allowed: string) =>
  new RefusedError('bad_output', message, { field: '--output', value, allowed });

/** `mkdir -p`. Node's own never returns where a folder says of what is made in it that it is not there, as `/proc` does. */
const makeFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
};

/** Makes sure that files can be written into a folder, by writing one. */
const checkWritable = async (folder: string, value: string) => {
  const probe = join(folder, `.apwa-${process.pid}.tmp`);
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (cause) {
    throw refuse(value, `${folder} cannot be written: ${(cause as Error).message}`, 'a path that this user may write');
  }
};

/** What `--output` means. It is found out before the work whether it can be written. */
export const readTarget = async (output: string, format: string | undefined): Promise<Target> => {
  const path = resolve(output);
  const asked = format === undefined ? undefined : ExportFormat.safeParse(format).data;
  if (format !== undefined && !asked)
    throw new RefusedError('bad_output', `--format ${format} is not known.`, {
      field: '--format',
      value: format,
      allowed: ExportFormat.options.join(', '),
    });
  const existing = await stat(path).catch(() => undefined);
  const ending = extname(path).slice(1).toLowerCase();
  if (existing?.isDirectory() || (!existing && (/[/\\]$/.test(output) || ending === ''))) {
    await checkWritable(path, output);
    return { kind: 'folder', path, format: asked ?? 'parquet' };
  }
  const told = ExportFormat.safeParse(ending).data ?? asked;
  if (!told) throw refuse(output, `${output}: its ending does not say a format.`, '.parquet, .csv, .jsonl, or a folder');
  return { kind: 'file', path: await checkFile(output), format: told };
};

/** Makes sure that a file can be written; answers its full path. */
export const checkFile = async (output: string): Promise<string> => {
  const path = resolve(output);
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw refuse(output, `${path} is a folder.`, 'a path of a file');
  if (existing) {
    await access(path, constants.W_OK).catch((cause: Error) => {
      throw refuse(output, `${path} cannot be written: ${cause.message}`, 'a path that this user may write');
    });
  }
  await checkWritable(dirname(path), output);
  return path;
};
