import { excerpt, type Fault, type CapabilityDefinition, capabilityIdOf, RefusedError } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { faultsOfSchema } from './schema-faults.js';
import { type PlacedCapability } from './registered.js';

/** Checks a capability of a plan: its name, its schemas, and that it can be called. The registry has checked the schemas of its own. */
export const checkCapability = async (
  one: PlacedCapability,
  before: readonly PlacedCapability[],
  register: (capability: CapabilityDefinition) => Promise<unknown>,
): Promise<Fault[]> => {
  const { field, capability, registered } = one;
  const faults = registered ? [] : faultsOfSchemas(capability, field);
  if (before.some((other) => capabilityIdOf(other.capability) === capabilityIdOf(capability)))
    faults.push({ field: `${field}.name`, message: 'is used by one before it', value: capability.name, allowed: 'a name of its own' });
  try {
    await register(capability);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    faults.push({ ...placeOf(one, error), ...(error.details.allowed === undefined ? {} : { allowed: error.details.allowed }) });
  }
  return faults;
};

/** What is wrong with a definition of the registry stands nowhere in the plan: it is said of the place that names it. */
const placeOf = ({ field, capability, registered }: PlacedCapability, { message, details }: RefusedError): Fault => {
  const value = excerpt(details.value ?? capabilityIdOf(capability));
  if (!registered) return { field: details.field ? `${field}.${details.field}` : field, message, value };
  const { name, registered: version } = capability;
  return { field, message: `is ${name}@${version?.version}${details.field ? `, whose ${details.field} is wrong` : ''}: ${message}`, value };
};

/** What is wrong with the schemas of a definition that stands at `field`. */
export const faultsOfSchemas = (definition: CapabilityDefinition, field: string): Fault[] => [
  ...checkInput(definition, `${field}.input`),
  ...checkOutput(definition, `${field}.output`),
];

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
