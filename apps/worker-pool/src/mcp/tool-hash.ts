import { sortedJson } from '@apwa/contracts';
import { type Tool } from '@modelcontextprotocol/sdk/types.js';
import { createHash } from 'node:crypto';

/** What a model is told of a tool, and what it may be called with: the same hash is the same tool. */
export const hashOfTool = ({ name, title, description, inputSchema, outputSchema, annotations }: Tool): string =>
  createHash('sha256')
    .update(JSON.stringify(sortedJson({ name, title, description, inputSchema, outputSchema, annotations })))
    .digest('hex');
