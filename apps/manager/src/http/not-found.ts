import { RefusedError } from '@apwa/contracts';

/** It was there, and somebody or the configured retention has deleted it. */
export const deleted = (what: string, id: string): RefusedError =>
  new RefusedError('deleted', `The ${what} ${id} was deleted.`, { field: 'id', value: id });

export const notFound = (what: string, id: string): RefusedError =>
  new RefusedError('not_found', `There is no ${what} ${id}.`, { field: 'id', value: id });
