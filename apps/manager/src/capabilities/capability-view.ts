import {
  type Capability,
  type CapabilityDefinition,
  type CapabilityDetails,
  type CapabilityEntry,
  type CapabilityExample,
  type CapabilityId,
  type CapabilityKind,
  type CapabilityScope,
  type Effects,
  effectsOf,
} from '@apwa/contracts';
import { fromJson } from '../database/json.js';
import { type CapabilityRow, type CapabilitySummary } from './capabilities.repository.js';

export const nameOf = (id: CapabilityId): string => id.slice(id.indexOf(':') + 1);

export const entryOf = ({ scope, name, version, kind, description, effects, hash, createdAt }: CapabilitySummary): CapabilityEntry => ({
  id: `${kind}:${name}`,
  name,
  kind: kind as CapabilityKind,
  description,
  effects: effects as Effects,
  scope: scope as CapabilityScope,
  version,
  hash,
  createdAt: createdAt.toISOString(),
});

export const builtinEntry = ({ id, kind, description, effects }: Capability): CapabilityEntry => ({
  id,
  name: nameOf(id),
  kind,
  description,
  effects,
  scope: 'builtin',
  version: null,
  hash: null,
  createdAt: null,
});

export const builtinDetails = (capability: Capability): CapabilityDetails => {
  const { input, output } = capability;
  const nothing = { limits: {}, definition: null, examples: [], removedAt: null, versions: [] };
  return { ...builtinEntry(capability), input, output, ...nothing };
};

/** What calls may take, of all kinds. */
const LIMITS = [
  'timeoutMs',
  'loadTimeoutMs',
  'memoryMb',
  'maxBytes',
  'cpus',
  'gpus',
  'instances',
  'maxBatch',
  'requestsPerMinute',
  'inFlight',
  'turns',
  'tokens',
  'costUsd',
  'totalMs',
  'outputTokens',
];

/** `versions`: all of its name. */
export const detailsOf = (row: CapabilityRow, versions: readonly CapabilityRow[]): CapabilityDetails => {
  const definition = fromJson<CapabilityDefinition>(row.definition);
  const said = Object.entries({ ...definition, ...('limits' in definition ? definition.limits : {}) });
  const limits = said.filter(([key, value]) => LIMITS.includes(key) && typeof value === 'number');
  return {
    ...entryOf(row),
    effects: effectsOf(definition),
    input: definition.input,
    output: definition.output,
    limits: Object.fromEntries(limits) as Record<string, number>,
    definition,
    examples: fromJson<CapabilityExample[]>(row.examples),
    removedAt: row.removedAt?.toISOString() ?? null,
    versions: versions.map(({ version, hash, createdAt, removedAt }) => ({
      version,
      hash,
      createdAt: createdAt.toISOString(),
      removedAt: removedAt?.toISOString() ?? null,
    })),
  };
};

/** The definition of a version, as plans hold it. */
export const registeredDefinition = ({ definition, version, hash }: CapabilityRow): CapabilityDefinition => ({
  ...fromJson<CapabilityDefinition>(definition),
  registered: { version, hash },
});
