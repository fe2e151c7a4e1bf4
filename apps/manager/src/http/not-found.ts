import { RefusedError } from '@apwa/contracts';

export const notFound = (what: string, id: string): RefusedError =>
  new RefusedError('not_found', `There is no ${what} ${id}.`, { field: 'id', value: id });
