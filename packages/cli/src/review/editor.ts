import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RefusedError } from '@apwa/contracts';

/** The person's editor: a command, which may have arguments. */
const editorOf = (env: NodeJS.ProcessEnv): string => env.VISUAL || env.EDITOR || 'vi';

/** Lets a person edit a text as a file of this name. Throws `RefusedError` where the editor cannot be run, or ends with an error. */
export const editText = async (text: string, name: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'apwa-edit-'));
  const path = join(folder, name);
  try {
    await writeFile(path, text);
    const editor = editorOf(process.env);
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new RefusedError('bad_input', `The editor ${editor} ended with ${code ?? 'a signal'}.`, {
        field: 'EDITOR',
        value: editor,
        allowed: 'a command that edits the file which it is given, and ends with 0',
      });
    return await readFile(path, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
