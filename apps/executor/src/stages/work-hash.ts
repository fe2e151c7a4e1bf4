import { sortedJson } from '@apwa/contracts';
import { createHash } from 'node:crypto';

/** Hex SHA-256 of a document, whatever the order of its keys. */
export const hashOf = (document: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sortedJson(document)))
    .digest('hex');
