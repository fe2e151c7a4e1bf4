import { builtinCapabilities } from '@apwa/capabilities';
import {
  type AddCapabilityRequest,
  type CapabilityDefinition,
  type Fault,
  RefusedError,
  type TriedExample,
  excerpt,
  isSandboxed,
} from '@apwa/contracts';
import { faultsOfSchemas } from '../plans/capability.js';
import { faultsOfInstructions } from '../plans/template-capability.js';

/** Headers that hold what nobody else may know. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'x-auth-token'];

/** What is wrong with a capability that is to be registered, as far as can be said without calling it. */
export const faultsOfNew = ({ definition, examples }: AddCapabilityRequest): Fault[] => [
  ...faultsOfName(definition),
  ...faultsOfSchemas(definition, 'definition'),
  ...faultsOfHeaders(definition),
  ...(definition.kind === 'template' ? faultsOfInstructions(definition, 'definition') : []),
  ...(definition.registered
    ? [{ field: 'definition.registered', message: 'is for the manager to write', value: excerpt(definition.registered) }]
    : []),
  ...(examples.length > 0 && !isSandboxed(definition)
    ? [
        {
          field: 'examples',
          message: 'are tried in the sandbox alone',
          value: definition.kind,
          allowed: 'examples of the kind javascript, or of python with sandboxed: true',
        },
      ]
    : []),
];

const faultsOfName = ({ name }: CapabilityDefinition): Fault[] =>
  builtinCapabilities.find(`builtin:${name}`)
    ? [{ field: 'definition.name', message: 'is that of a built-in capability', value: name, allowed: 'a name of its own' }]
    : [];

/** Whoever may read the registry would know them. */
const faultsOfHeaders = (definition: CapabilityDefinition): Fault[] =>
  definition.kind !== 'http'
    ? []
    : Object.keys(definition.headers)
        .filter((name) => SECRET_HEADERS.includes(name.toLowerCase()))
        .map((name) => ({
          field: `definition.headers.${name}`,
          message: 'would hold a secret',
          value: name,
          allowed: 'a secret of the configuration, named in secrets',
        }));

/** The examples that did not give what they must. */
export const faultsOfTrial = ({ examples }: AddCapabilityRequest, results: readonly TriedExample[]): Fault[] =>
  results.flatMap(({ passed, output, error }, index): Fault[] =>
    passed
      ? []
      : [
          {
            field: `examples[${index}]`,
            message: error ? `failed (${error.code}): ${error.message}` : 'did not pass',
            value: excerpt(output ?? examples[index]?.input),
            ...(examples[index]?.output ? { allowed: excerpt(examples[index].output) } : {}),
          },
        ],
  );

/** All faults as one refusal. */
export const refusedCapability = (faults: Fault[], code = 'invalid_capability'): RefusedError => {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const { field = 'definition', message = 'is not valid', value, allowed } = first ?? {};
  return new RefusedError(code, `The capability was not registered: ${field} ${message}${more}.`, {
    field,
    faults,
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
  });
};
