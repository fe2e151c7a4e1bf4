import { type AgentTemplate, callsModel, effectsOf, type MapWork } from '@apwa/contracts';
import { createHash } from 'node:crypto';
import { type Config } from '../settings.js';

/**
 * What two maps must have in common for a result of one to be a result of the other, where their rows agree in the columns that the
 * template reads: all that goes into a call, and who is called. Null where no result is taken: a call of a capability costs less than
 * to look for it, and one that must never be called twice is called for its effects.
 */
export const templateKey = ({ template, model, capabilities }: MapWork, { models }: Pick<Config, 'models'>): string | null => {
  if (!callsModel(template) || model === null || capabilities?.some((one) => effectsOf(one) === 'unsafe')) return null;
  const { instructions, instructionColumns, output, outputFrom, replicas, limits } = template;
  const endpointsOf = (name: string) => models[name]?.endpoints.map(({ name, parameters }) => ({ name, parameters })) ?? [];
  const asked = (capabilities ?? []).flatMap((one) => (one.kind === 'template' && one.model !== undefined ? [endpointsOf(one.model)] : []));
  // The order of properties counts: models fill them in it.
  const document = {
    instructions,
    instructionColumns,
    output,
    outputFrom,
    replicas,
    outputTokens: limits?.outputTokens ?? null,
    model,
    endpoints: endpointsOf(model),
    ...(asked.length > 0 ? { asked } : {}),
    ...(template.mode === 'agent' ? agentOf(template, capabilities) : {}),
  };
  return createHash('sha256').update(JSON.stringify(document)).digest('hex');
};

/** What makes an agent another one: what it may call, and how far it may go. */
const agentOf = ({ capabilities, capabilitiesFrom, limits, transcript }: AgentTemplate, definitions: MapWork['capabilities']) => ({
  mode: 'agent',
  capabilities,
  capabilitiesFrom,
  definitions,
  turns: limits?.turns,
  transcript,
});
