import {
  type Capability,
  type CapabilityTemplate,
  type Column,
  type JsonObject,
  type JsonSchema,
  type JsonValue,
  RefusedError,
  replicatedSchema,
  type Template,
  TRANSCRIPT_COLUMN,
} from '@apwa/contracts';
import { columnsOfSchema } from '@apwa/json-schema';
import { type CapabilityRegistry } from './registry.js';

type Names = CapabilityTemplate['rename'];

const renameKeys = <V>(record: Record<string, V>, names: Names): Record<string, V> =>
  names
    ? Object.fromEntries(Object.entries(record).map(([key, value]) => [Object.hasOwn(names, key) ? (names[key] as string) : key, value]))
    : record;

/** The properties that a capability gives, by its own names. */
export const propertiesOf = ({ output }: Capability): Record<string, JsonSchema> => (output.properties ?? {}) as Record<string, JsonSchema>;

/** What a capability gives, by the names that the template has for it. */
export const renamed = (output: JsonObject, names: Names): JsonObject => renameKeys<JsonValue>(output, names);

/** The schema of a capability's result, by the names that the template has for it. */
const renamedSchema = (capability: Capability, names: Names): JsonSchema => {
  const { required, ...rest } = capability.output;
  const keys = Array.isArray(required) ? (required as string[]) : [];
  return {
    ...rest,
    properties: renameKeys(propertiesOf(capability), names),
    required: keys.map((key) => (names && Object.hasOwn(names, key) ? (names[key] as string) : key)),
  };
};

/** The schema of what a template's unit of work gives: its properties become columns. RefusedError `unknown_capability`. */
export const outputSchemaOf = (template: Template, registry: CapabilityRegistry): JsonSchema => {
  switch (template.mode) {
    case 'llm':
    case 'agent':
      return template.replicas ? replicatedSchema(template.output, template.replicas) : template.output;
    case 'capability': {
      const capability = registry.find(template.capability);
      if (capability) return renamedSchema(capability, template.rename);
      throw new RefusedError('unknown_capability', `There is no capability ${template.capability}.`, {
        field: 'capability',
        value: template.capability,
        allowed: registry
          .list()
          .map(({ id }) => id)
          .join(', '),
      });
    }
  }
};

/** The columns that a template adds to those of its input. RefusedError as `outputSchemaOf`, and for a schema of no columns. */
export const columnsAddedBy = (template: Template, registry: CapabilityRegistry): Column[] => [
  ...columnsOfSchema(outputSchemaOf(template, registry)),
  ...(template.mode === 'agent' && template.transcript !== 'none' ? [TRANSCRIPT_COLUMN] : []),
];
