import { ApwaError, PermanentError, TransientError } from '@apwa/contracts';

export const noSuchObject = (key: string, cause?: unknown): PermanentError =>
  new PermanentError('no_such_object', `Storage holds no object ${key}.`, { field: 'key', value: key, cause });

export const keyExists = (key: string): PermanentError =>
  new PermanentError('key_exists', `Storage holds ${key} with other bytes: objects are never overwritten.`, { field: 'key', value: key });

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** A fault of the disk or the network as one of ours: trying again later may help, for both. */
export const storageFault = (key: string, thrown: unknown): ApwaError => {
  if (thrown instanceof ApwaError) return thrown;
  const { code, message } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { code: undefined, message: String(thrown) };
  if (code !== undefined && FULL.has(code)) return new TransientError('storage_full', `Storage is full: ${message}.`, { cause: thrown });
  return new TransientError('storage_unavailable', `Storage could not serve ${key}: ${message}.`, { cause: thrown });
};
