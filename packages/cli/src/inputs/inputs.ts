import { access, constants, glob, readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { commonFormat, FileFormat, KNOWN_ENDINGS, Name, RefusedError } from '@apwa/contracts';

/** A file of an input: where it is, and the name that it is uploaded under. */
export interface InputFile {
  path: string;
  name: string;
  bytes: number;
}

/** A table to be: what one `--input` names. */
export interface Input {
  name: string;
  files: InputFile[];
  format: FileFormat;
}

/** `My reviews (2).csv.gz` as `my_reviews_2`: a name that can stand in SQL. */
export const tableNameOf = (path: string): string => {
  const bare = basename(path.replace(/[/\\*?]+$/, '')).replace(/(\.[a-z0-9]{1,8}){1,2}$/i, '');
  const name = bare
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60);
  return /^[a-z]/.test(name) ? name : name ? `t_${name}` : 'records';
};

const NAMED = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s;

/** `NAME=PATH` or `PATH`. */
export const splitInput = (text: string): { name?: string; path: string } => {
  const [, name, path] = NAMED.exec(text) ?? [];
  return name && path ? { name, path } : { path: text };
};

const refuse = (value: string, message: string, allowed: string) =>
  new RefusedError('bad_input', message, { field: '--input', value, allowed });

const filesOfFolder = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

const filesOf = async (path: string): Promise<{ paths: string[]; root: string }> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return { paths: await filesOfFolder(path), root: path };
  if (found) return { paths: [path], root: resolve(path, '..') };
  if (!/[*?[{]/.test(path)) throw refuse(path, `${path}: there is no such file or folder.`, 'a file, a folder or a glob');
  const paths: string[] = [];
  for await (const match of glob(path)) if ((await stat(match)).isFile()) paths.push(match);
  return { paths: paths.sort(), root: resolve(path.slice(0, path.search(/[*?[{]/)).replace(/[^/]*$/, '') || '.') };
};

const formatOf = (path: string, files: string[]): FileFormat => {
  const common = commonFormat(files);
  if ('format' in common) return common.format;
  if ('unknown' in common) throw refuse(common.unknown, `${common.unknown}: its ending does not tell what it is.`, KNOWN_ENDINGS);
  const kinds = `${common.than}, ${common.other.format}`;
  throw refuse(
    path,
    `${path}: files of several kinds (${kinds}) cannot become one table.`,
    'files of one kind, or documents with plain texts among them',
  );
};

/** `--input-format`. */
const readFormat = (text: string): FileFormat => {
  const format = FileFormat.safeParse(text);
  if (format.success) return format.data;
  throw new RefusedError('bad_input', `--input-format ${text} is not known.`, {
    field: '--input-format',
    value: text,
    allowed: FileFormat.options.join(', '),
  });
};

const readInput = async (text: string, wanted: FileFormat | undefined): Promise<Input> => {
  const { name = tableNameOf(splitInput(text).path), path } = splitInput(text);
  if (!Name.safeParse(name).success)
    throw refuse(text, `${name} cannot be the name of a table.`, 'lower-case letters, digits and _, starting with a letter');
  const { paths, root } = await filesOf(path);
  if (!paths.length) throw refuse(path, `${path}: no files there.`, 'a folder or glob that holds files');
  const files: InputFile[] = [];
  for (const file of paths) files.push({ path: file, name: relative(root, resolve(file)), bytes: (await stat(file)).size });
  for (const file of paths)
    await access(file, constants.R_OK).catch((cause: Error) => {
      throw refuse(file, `${file} cannot be read: ${cause.message}`, 'a file that this user may read');
    });
  const format = wanted ?? formatOf(path, paths);
  const empty = files.find(({ bytes }) => bytes === 0);
  if (empty && format !== 'text' && format !== 'documents') throw refuse(empty.path, `${empty.path} is empty.`, 'a file with records');
  if (files.every(({ bytes }) => bytes === 0)) throw refuse(path, `${path}: every file is empty.`, 'files with text');
  return { name, files, format };
};

/** Everything that `--input` names, checked before anything is sent; `format` where the files' endings are not to tell. Throws `RefusedError` naming the input. */
export const readInputs = async (texts: string[], format?: string): Promise<Input[]> => {
  const wanted = format === undefined ? undefined : readFormat(format);
  const inputs: Input[] = [];
  for (const text of texts) inputs.push(await readInput(text, wanted));
  const twice = inputs.find(({ name }, at) => inputs.findIndex((other) => other.name === name) < at);
  if (twice) throw refuse(twice.name, `Two inputs are named ${twice.name}.`, 'a name of its own for each: --input NAME=PATH');
  return inputs;
};
