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
    document.capabilities.map(async (capability: unknown, index) => {
      if (!isObject(capability) || typeof capability.sourceFile !== 'string' || 'source' in capability) return capability;
      const { sourceFile, ...rest } = capability;
      const path = resolve(dirname(planFile), sourceFile);
      const source = await readFile(path, 'utf8').catch((cause: Error) => {
        throw new RefusedError('bad_input', `${path} cannot be read: ${cause.message}`, {
          field: `capabilities[${index}].sourceFile`,
          value: sourceFile,
          allowed: 'a Python file, its path relative to the plan',
          cause,
        });
      });
      return { ...rest, source };
    }),
  );
  return { ...document, capabilities };
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
