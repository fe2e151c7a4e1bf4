import { RefusedError } from '@apwa/contracts';
import { FileStorage } from './file-storage.js';
import { type Storage, type StorageOptions } from './storage.js';

/**
 * Opens the storage that a URL names. Nothing is touched before the first call. Refuses other kinds of URLs (`invalid_config`).
 * The client of S3 takes 11 MB of memory: it is loaded only for who needs it.
 */
export const openStorage = async ({ url, s3 }: StorageOptions): Promise<Storage> => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === 'file:' && parsed.hostname === '') return new FileStorage(url.endsWith('/') ? url : `${url}/`);
  if (parsed?.protocol === 's3:' && parsed.hostname !== '') {
    const { S3Storage } = await import('./s3-storage.js');
    return new S3Storage(url, s3 ?? { region: 'us-east-1' });
  }
  throw new RefusedError('invalid_config', 'The storage URL names neither a folder nor a bucket.', {
    field: 'storage.url',
    value: url,
    allowed: 'file:///absolute/folder or s3://bucket/prefix',
  });
};
