import { excerpt, type Fault, type CapabilityDefinition, capabilityIdOf, RefusedError } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { faultsOfSchema } from './schema-faults.js';
import { type PlacedCapability } from './shape.js';

/** Checks a capability that comes with a plan: its name, its schemas, and that it can be called. */
export const checkCapability = async (
  { index, capability }: PlacedCapability,
  all: readonly PlacedCapability[],
  register: (capability: CapabilityDefinition) => Promise<unknown>,
): Promise<Fault[]> => {
  const field = `capabilities[${index}]`;
  const faults = [...checkInput(capability, `${field}.input`), ...checkOutput(capability, `${field}.output`)];
  if (all.some((other) => other.index < index && capabilityIdOf(other.capability) === capabilityIdOf(capability)))
    faults.push({ field: `${field}.name`, message: 'is used by one before it', value: capability.name, allowed: 'a name of its own' });
  try {
    await register(capability);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { field: below, value, allowed } = error.details;
    faults.push({
      field: below ? `${field}.${below}` : field,
      message: error.message,
      value: value ?? excerpt(capabilityIdOf(capability)),
      ...(allowed === undefined ? {} : { allowed }),
    });
  }
  return faults;
};

const checkInput = ({ input }: CapabilityDefinition, field: string): Fault[] => {
  if (input.type !== 'object')
    return [{ field: `${field}.type`, message: 'is not that of arguments by name', value: excerpt(input.type), allowed: 'object' }];
  return faultsOf(field, () => compileSchema(input));
};

const checkOutput = ({ output }: CapabilityDefinition, field: string): Fault[] =>
  faultsOf(field, () => {
    compileSchema(output);
    columnsOfSchema(output);
  });

const faultsOf = (field: string, check: () => unknown): Fault[] => {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof RefusedError) return faultsOfSchema(error, field);
    throw error;
  }
};
