import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RefusedError } from '@apwa/contracts';

/**
 * A plan document in which the files that its functions name as `sourceFile` have become their `source`: a server does not see them. Paths
 * are relative to the plan's file.
 */
export const withSources = async (document: unknown, planFile: string): Promise<unknown> => {
  if (!isObject(document) || !Array.isArray(document.capabilities)) return document;
  const capabilities = await Promise.all(
    document.capabilities.map((capability: unknown, index) => withSource(capability, planFile, `capabilities[${index}].`)),
  );
  return { ...document, capabilities };
};

/** The same for one capability that stands in `file`, at a place of it. */
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

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
