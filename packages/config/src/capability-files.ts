import { RefusedError } from '@apwa/contracts';
import { isObject, readDocument } from './document.js';
import { withSource } from './source-files.js';

/** What a file of `capabilities.files` holds, unchecked: a definition, and its examples. RefusedError naming the file if it is not there, or no YAML. */
export const readCapabilityFile = async (path: string): Promise<{ definition: unknown; examples?: unknown }> => {
  const document = await withSource(await readDocument(path), path);
  if (!isObject(document))
    throw new RefusedError('invalid_config', `capabilities.files: there is no file ${path}.`, {
      field: 'capabilities.files',
      value: path,
      allowed: 'files that are there, their paths relative to the configuration',
    });
  const { examples, ...definition } = document;
  return { definition, ...(examples === undefined ? {} : { examples }) };
};
