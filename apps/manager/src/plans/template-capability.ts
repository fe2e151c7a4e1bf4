import { type CapabilityRegistry } from '@apwa/capabilities';
import {
  type CapabilityDefinition,
  type CapabilityId,
  capabilityIdOf,
  type Fault,
  placeholdersOf,
  type TemplateCapability,
} from '@apwa/contracts';
import { unknownModel } from './names.js';
import { allowedNames } from './nearest.js';
import { type PlacedCapability } from './registered.js';

interface Context {
  /** Names of the configuration's models. */
  models: readonly string[];
  capabilities: CapabilityRegistry;
  /** All that the plan has. */
  definitions: readonly CapabilityDefinition[];
}

/** Checks templates among the capabilities of a plan: what they are told, whom they ask, and what they call. */
export const checkTemplateCapabilities = (placed: readonly PlacedCapability[], context: Context): Fault[] =>
  placed.flatMap(({ field, capability }) =>
    capability.kind === 'template'
      ? [
          ...faultsOfInstructions(capability, field),
          ...unknownModel(`${field}.model`, capability.model, context.models),
          ...faultsOfCalled(capability, field, context),
        ]
      : [],
  );

/** A call tells its arguments alone: instructions that name none would say nothing of them. */
export const faultsOfInstructions = ({ instructions, input }: TemplateCapability, field: string): Fault[] => {
  const parameters = Object.keys(input.properties ?? {});
  const named = placeholdersOf(instructions);
  const at = `${field}.instructions`;
  const allowed = `placeholders such as ${
    parameters
      .slice(0, 5)
      .map((name) => `{{${name}}}`)
      .join(', ') || '{{parameter}}, which input has to have'
  }`;
  if (named.length === 0)
    return [{ field: at, message: 'name no parameter: the model would see nothing of a call', value: instructions.slice(0, 200), allowed }];
  return named
    .filter((name) => !parameters.includes(name))
    .map((name) => ({
      field: at,
      message: 'a placeholder names a parameter that input does not have',
      value: `{{${name}}}`,
      allowed: allowedNames(name, parameters),
    }));
};

const faultsOfCalled = (definition: TemplateCapability, field: string, { capabilities, definitions }: Context): Fault[] => {
  const { capabilities: called = [], effects } = definition;
  const known = capabilities.list().map(({ id }) => id);
  const faults = called.flatMap((id, index): Fault[] => {
    const at = { field: `${field}.capabilities[${index}]`, value: id };
    if (!known.includes(id)) return [{ ...at, message: 'is no capability that is there', allowed: allowedNames(id, known) }];
    if (called.indexOf(id) < index) return [{ ...at, message: 'is named twice', allowed: 'each name once' }];
    const circle = wayBack(capabilityIdOf(definition), [id], definitions);
    return circle ? [{ ...at, message: `leads back to it: ${circle.join(' → ')}`, allowed: 'capabilities that do not call it' }] : [];
  });
  const unsafe = called.find((id) => capabilities.find(id)?.effects === 'unsafe');
  if (unsafe && effects !== 'unsafe')
    faults.push({
      field: `${field}.effects`,
      message: `says less than those of ${unsafe}, which it calls`,
      value: effects,
      allowed: 'unsafe',
    });
  return faults;
};

/** How templates call each other on the way from the last of `path` to `id`; null if they never do. */
const wayBack = (id: CapabilityId, path: readonly CapabilityId[], definitions: readonly CapabilityDefinition[]): CapabilityId[] | null => {
  const last = path.at(-1);
  if (last === id) return [id, ...path];
  const definition = definitions.find((one) => capabilityIdOf(one) === last);
  if (definition?.kind !== 'template') return null;
  for (const next of definition.capabilities ?? []) {
    const way = path.includes(next) ? null : wayBack(id, [...path, next], definitions);
    if (way) return way;
  }
  return null;
};
