import { readFile } from 'node:fs/promises';
import { ApiKeyText, RefusedError } from '@apwa/contracts';

const ALLOWED = 'a key: apwa_ and 32 letters, digits, - and _';

/** What is wrong with a key is told without it. */
const readKey = (field: string, text: string, where: string): string => {
  const key = ApiKeyText.safeParse(text.trim());
  if (key.success) return key.data;
  throw new RefusedError('bad_input', `${where} holds no key of a manager.`, { field, allowed: ALLOWED });
};

/**
 * The key that requests are sent with: the one in the file that `--key-file` or `APWA_KEY_FILE` names, else `APWA_KEY`; undefined if
 * none is given. It is never an argument: those are there for everybody on the machine to see.
 */
export const keyOf = async (env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const { APWA_KEY: text, APWA_KEY_FILE: path } = env;
  if (!path) return text ? readKey('APWA_KEY', text, 'APWA_KEY') : undefined;
  const content = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new RefusedError('bad_input', `The key file ${path} can't be read (${cause.code ?? 'unknown reason'}).`, {
      field: '--key-file',
      value: path,
      allowed: 'a file with a key in it',
      cause,
    });
  });
  return readKey('--key-file', content, `The key file ${path}`);
};
