import { type CapabilityDefinition } from '@apwa/contracts';
import { createHash } from 'node:crypto';
import { toJson } from '../database/json.js';

/** A definition without the word on which registered one it is. */
export const contentOf = ({ registered: _, ...content }: CapabilityDefinition): CapabilityDefinition => content;

/** Hex SHA-256 of a definition as it is kept. The order of properties counts: columns stand in it. */
export const hashOfContent = (definition: CapabilityDefinition): string =>
  createHash('sha256')
    .update(JSON.stringify(toJson(contentOf(definition))))
    .digest('hex');
