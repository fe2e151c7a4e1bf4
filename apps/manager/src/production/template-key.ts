import { type Template } from '@apwa/contracts';
import { createHash } from 'node:crypto';
import { type Config } from '../settings.js';

/**
 * What two maps must have in common for a result of one to be a result of the other, where their rows agree in the columns that the
 * template reads: all that goes into a call, and who is called. Null where no result is taken: a call of a capability costs less than
 * to look for it.
 */
export const templateKey = (template: Template, model: string | null, { models }: Pick<Config, 'models'>): string | null => {
  if (template.mode !== 'llm' || model === null) return null;
  const { instructions, instructionColumns, output, replicas, limits } = template;
  const endpoints = models[model]?.endpoints.map(({ name, parameters }) => ({ name, parameters })) ?? [];
  // The order of properties counts: models fill them in it.
  const document = { instructions, instructionColumns, output, replicas, outputTokens: limits?.outputTokens ?? null, model, endpoints };
  return createHash('sha256').update(JSON.stringify(document)).digest('hex');
};
