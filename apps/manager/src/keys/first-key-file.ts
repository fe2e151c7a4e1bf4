import { ApiKeyText, RefusedError } from '@apwa/contracts';
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { newKeyText } from './key-text.js';

const FIELD = 'manager.firstKeyFile';

/**
 * The key that a file holds. One that is not there is made, with a new key, for its owner alone to read; of several managers that
 * find none, all get the one that was there first.
 */
export const takeKeyFile = async (path: string): Promise<{ key: string; made: boolean }> => {
  const found = await read(path);
  if (found !== null) return { key: found, made: false };
  const key = newKeyText();
  // A link appears whole or not at all, and never over one that is there.
  const mine = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(mine, `${key}\n`, { mode: 0o600, flag: 'wx' });
    await link(mine, path);
    return { key, made: true };
  } catch (cause) {
    const theirs = codeOf(cause) === 'EEXIST' ? await read(path) : null;
    if (theirs !== null) return { key: theirs, made: false };
    throw unusable(path, `can't be written (${codeOf(cause)})`, 'a file in a folder that the manager may write to', cause);
  } finally {
    await rm(mine, { force: true });
  }
};

/** Null: there is no such file. What is in it stays out of errors. */
const read = async (path: string): Promise<string | null> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw unusable(path, `can't be read (${codeOf(cause)})`, 'a file that the manager may read', cause);
  }
  const key = ApiKeyText.safeParse(text.trim());
  if (key.success) return key.data;
  throw unusable(
    path,
    'holds no key',
    'a file with nothing but a key (apwa_ and 32 letters, digits, - and _), or one that is not there',
    undefined,
  );
};

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown reason';

const unusable = (path: string, what: string, allowed: string, cause: unknown): RefusedError =>
  new RefusedError('first_key_file', `${FIELD}: ${path} ${what}.`, { field: FIELD, value: path, allowed, cause });
