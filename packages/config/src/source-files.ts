import { RefusedError } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isObject } from './document.js';

/**
 * A capability that stands in `file`, at a place of it, in which the file that it names as `sourceFile` has become its `source`: nobody else
 * sees that file. Its path is relative to `file`. RefusedError if it cannot be read.
 */
export const withSource = async (capability: unknown, file: string, place = ''): Promise<unknown> => {
  if (!isObject(capability) || typeof capability.sourceFile !== 'string' || 'source' in capability) return capability;
  const { sourceFile, ...rest } = capability;
  const path = resolve(dirname(file), sourceFile);
  const source = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new RefusedError('bad_input', `${path} cannot be read: ${cause.message}`, {
      field: `${place}sourceFile`,
      value: sourceFile,
      allowed: 'a file with the source, its path relative to the file that names it',
      cause,
    });
  });
  return { ...rest, source };
};
