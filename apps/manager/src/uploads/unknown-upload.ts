import { RefusedError } from '@apwa/contracts';

/** `field`: where the upload was named. */
export const unknownUpload = (id: string, field: string): RefusedError =>
  new RefusedError('unknown_upload', `There is no upload ${id}.`, { field, value: id, allowed: 'the id of an upload' });
