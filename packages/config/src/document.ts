import { type Fault, RefusedError } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';

/** The configuration as it was written, before it is checked. */
export type ConfigDocument = Record<string, unknown>;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** All faults of a configuration as one error. */
export const invalidConfig = (source: string, faults: Fault[]): RefusedError =>
  new RefusedError('invalid_config', `${source}: ${faults.map(({ field, message }) => `${field}: ${message}`).join('; ')}`, {
    field: faults[0]?.field,
    faults,
  });

const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new RefusedError('invalid_config', `${path} can't be read (${code ?? 'unknown reason'}).`, { field: 'path', value: path });
  }
};

/** Reads a configuration file; undefined if there is none. Throws RefusedError `invalid_config`. */
export const readDocument = async (path: string): Promise<ConfigDocument | undefined> => {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const yaml = parseDocument(text, { merge: true });
  if (yaml.errors.length > 0) {
    // The parser's messages quote the lines at fault, which may hold a secret.
    const faults = yaml.errors.map(({ code, linePos }) => ({
      field: `line ${linePos?.[0].line ?? 1}`,
      message: `is no YAML (${code.toLowerCase().replaceAll('_', ' ')}, column ${linePos?.[0].col ?? 1})`,
    }));
    throw invalidConfig(path, faults);
  }
  const document: unknown = yaml.toJS();
  if (document === null) return {};
  if (!isObject(document)) throw invalidConfig(path, [{ field: 'document', message: 'must be a list of keys with their values' }]);
  return document;
};
