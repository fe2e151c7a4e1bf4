import { bindingOf, columnsAddedBy, propertiesOf } from '@apwa/capabilities';
import {
  type Capability,
  type CapabilityTemplate,
  type Column,
  excerpt,
  type Fault,
  type JsonSchema,
  type JsonValue,
  RefusedError,
} from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { fits, jsonKindOf, kindsOf } from './column-kinds.js';
import { clashesOf } from './columns.js';
import { unknownColumns } from './names.js';
import { allowedNames } from './nearest.js';
import { type CheckedTemplate, type TemplateContext } from './template-check.js';

type Context = Pick<TemplateContext, 'field' | 'columns' | 'capabilities'>;

/** Checks the call of a capability: that it is there, that arguments fit its parameters, and that its columns have names of their own. */
export const checkCapabilityTemplate = (template: CapabilityTemplate, { field, columns, capabilities }: Context): CheckedTemplate => {
  const capability = capabilities.find(template.capability);
  if (!capability) {
    const known = capabilities.list().map(({ id }) => id);
    const fault = {
      field: `${field}.capability`,
      message: 'is no capability',
      value: template.capability,
      allowed: allowedNames(template.capability, known),
    };
    return { faults: [fault], added: null };
  }
  if (capability.kind === 'template') {
    const message = 'asks a model, and is for agents to call';
    return {
      faults: [{ field: `${field}.capability`, message, value: capability.id, allowed: 'a step of mode llm with its instructions' }],
      added: null,
    };
  }
  const renames = checkRenames(template, capability, field);
  const output = renames.length > 0 ? { faults: [], added: null } : checkColumns(template, { field, columns, capabilities });
  return { faults: [...checkArguments(template, capability, { field, columns }), ...renames, ...output.faults], added: output.added };
};

const parametersOf = ({ input }: Capability): Record<string, JsonSchema> => (input.properties ?? {}) as Record<string, JsonSchema>;

const checkArguments = (
  { with: given }: CapabilityTemplate,
  capability: Capability,
  { field, columns }: Pick<Context, 'field' | 'columns'>,
): Fault[] => {
  const parameters = parametersOf(capability);
  const names = Object.keys(parameters);
  const required = Array.isArray(capability.input.required) ? (capability.input.required as string[]) : [];
  const missing = required
    .filter((name) => !Object.hasOwn(given, name))
    .map((name): Fault => ({ field: `${field}.with.${name}`, message: 'is missing', allowed: describe(parameters[name]) }));
  const wrong = Object.entries(given).flatMap(([name, value]): Fault[] => {
    const place = `${field}.with.${name}`;
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter)
      return [{ field: place, message: `is no parameter of ${capability.id}`, value: excerpt(name), allowed: allowedNames(name, names) }];
    return checkArgument(value, parameter, place, columns);
  });
  return [...missing, ...wrong];
};

const checkArgument = (value: JsonValue, parameter: JsonSchema, field: string, columns: Column[] | null): Fault[] => {
  const binding = bindingOf(value);
  const known = columns?.map(({ name }) => name);
  const misfit = (kind: string, shown: unknown): Fault[] => [
    { field, message: `is ${kind}, which the parameter does not take`, value: excerpt(shown), allowed: describe(parameter) },
  ];
  switch (binding.kind) {
    case 'constant': {
      const faults = compileSchema(parameter).validate(value);
      return faults.length === 0
        ? []
        : [{ field, message: faults[0]?.message ?? 'is not valid', value: excerpt(value), allowed: describe(parameter) }];
    }
    case 'text': {
      const unknown = unknownColumns(field, binding.columns, known);
      return unknown.length > 0 || fits('string', kindsOf(parameter)) ? unknown : misfit('a text', value);
    }
    case 'column': {
      const unknown = unknownColumns(field, [binding.column], known);
      const column = columns?.find(({ name }) => name === binding.column);
      if (!column || fits(jsonKindOf(column), kindsOf(parameter))) return unknown;
      return misfit(`a column of type ${column.type}`, value);
    }
  }
};

const describe = (parameter: JsonSchema | undefined): string => {
  const kinds = parameter && kindsOf(parameter);
  const what = typeof parameter?.description === 'string' ? `: ${parameter.description}` : '';
  return `${kinds ? kinds.join(' or ') : 'any value'}${what}`;
};

const checkRenames = ({ rename = {} }: CapabilityTemplate, capability: Capability, field: string): Fault[] => {
  const known = Object.keys(propertiesOf(capability));
  const nameOf = (name: string) => (Object.hasOwn(rename, name) ? rename[name] : undefined) ?? name;
  return Object.entries(rename).flatMap(([name, other]): Fault[] => {
    const place = `${field}.rename.${name}`;
    if (!known.includes(name))
      return [
        { field: place, message: `is no column of what ${capability.id} gives`, value: excerpt(name), allowed: allowedNames(name, known) },
      ];
    const same = known.find((one) => one !== name && nameOf(one).toLowerCase() === other.toLowerCase());
    return same ? [{ field: place, message: `is the name of ${same} too`, value: excerpt(other), allowed: 'a name of its own' }] : [];
  });
};

const checkColumns = (template: CapabilityTemplate, { field, columns, capabilities }: Context): CheckedTemplate => {
  const own = new Map(Object.entries(template.rename ?? {}).map(([name, other]) => [other, name]));
  const placeOf = (name: string) => `${field}.rename.${own.get(name) ?? name}`;
  try {
    const added = columnsAddedBy(template, capabilities);
    const faults = clashesOf(added, columns ?? [], placeOf).map((fault) => ({ ...fault, allowed: 'another name, given here' }));
    return { faults, added };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const faults = error.details.faults ?? [{ field: 'properties', message: error.message }];
    return { faults: faults.map((fault) => ({ ...fault, field: placeOf(fault.field.replace(/^properties\.?/, '')) })), added: null };
  }
};
