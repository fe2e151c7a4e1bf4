import { hashOfJson } from '@apwa/contracts';
import { type Tool } from '@modelcontextprotocol/sdk/types.js';

/** What a model is told of a tool, and what it may be called with: the same hash is the same tool. */
export const hashOfTool = ({ name, title, description, inputSchema, outputSchema, annotations }: Tool): string =>
  hashOfJson({ name, title, description, inputSchema, outputSchema, annotations });
