import { builtinCapabilities } from '@apwa/capabilities';
import {
  type Capability,
  type CapabilityDefinition,
  type CapabilityId,
  type Fault,
  MAX_CAPABILITIES,
  MAX_PLAN_BYTES,
  type Plan,
  type RegisteredCapability,
  capabilityIdOf,
} from '@apwa/contracts';
import { contentOf, hashOfContent } from '../capabilities/content.js';
import { allowedNames } from './nearest.js';
import { type PlacedItem, type PlacedStep } from './shape.js';

/** Where registered capabilities are looked up. */
export interface Registry {
  /** Its definition, with which version it is; the newest where none is named, null where it is not offered. */
  find(name: string, version?: number): Promise<CapabilityDefinition | null>;
  /** All that may be named. */
  offered(): Promise<readonly Pick<Capability, 'id' | 'description'>[]>;
}

/** A capability that templates of the plan may call, with the place in the document by which it is there. */
export interface PlacedCapability {
  field: string;
  capability: CapabilityDefinition;
  /** Its content comes from the registry, not from the plan. */
  registered: boolean;
}

export interface ResolvedCapabilities {
  capabilities: PlacedCapability[];
  /** What else could be named: looked up only where a name is not there. */
  offered: readonly Pick<Capability, 'id' | 'description'>[];
  faults: Fault[];
}

/** Puts the content of registered capabilities in the place of their names. Templates may call them by id without the plan naming them. */
export const resolveCapabilities = async (
  given: readonly PlacedItem[],
  steps: readonly PlacedStep[],
  registry: Registry,
): Promise<ResolvedCapabilities> => {
  const capabilities: PlacedCapability[] = [];
  const faults: Fault[] = [];
  for (const { index, item } of given) {
    const field = `capabilities[${index}]`;
    if (item.kind !== 'registered') {
      capabilities.push({ field, capability: honest(item), registered: false });
      continue;
    }
    const capability = await registry.find(item.name, item.version);
    if (capability) capabilities.push({ field, capability, registered: true });
    else faults.push(await missing(item, field, registry));
  }
  let unknown = false;
  const called = calledBy(steps);
  for (const one of capabilities) called.push(...calledWithin(one));
  // What is found may call more.
  for (const { id, field } of called) {
    if (builtinCapabilities.find(id) || capabilities.some(({ capability }) => capabilityIdOf(capability) === id)) continue;
    const capability = await registry.find(id.slice(id.indexOf(':') + 1));
    if (capability && capabilityIdOf(capability) === id) {
      const found = { field, capability, registered: true };
      capabilities.push(found);
      called.push(...calledWithin(found));
    } else unknown = true;
  }
  if (capabilities.length > MAX_CAPABILITIES && given.length <= MAX_CAPABILITIES)
    faults.push({
      field: 'capabilities',
      message: 'are too many, with the registered ones that its steps call',
      value: String(capabilities.length),
      allowed: `${MAX_CAPABILITIES} at most`,
    });
  return { capabilities, offered: unknown ? await registry.offered() : [], faults };
};

/** The plan with the content of all that it calls, as it is kept and carried out; or that it is too large with that. */
export const withContent = (plan: Plan, placed: readonly PlacedCapability[]): { plan: Plan } | { fault: Fault } => {
  if (!placed.some(({ registered }) => registered) && placed.length === (plan.capabilities ?? []).length && !changed(plan, placed))
    return { plan };
  const { version, capabilities: _, ...rest } = plan;
  const whole: Plan = { version, capabilities: placed.map(({ capability }) => capability), ...rest };
  const bytes = Buffer.byteLength(JSON.stringify(whole));
  if (bytes <= MAX_PLAN_BYTES) return { plan: whole };
  const message = `is ${bytes} bytes of JSON with the registered capabilities that it calls`;
  return { fault: { field: 'plan', message, allowed: `${MAX_PLAN_BYTES} bytes at most` } };
};

const changed = ({ capabilities = [] }: Plan, placed: readonly PlacedCapability[]): boolean =>
  placed.some(({ capability }, index) => capability !== capabilities[index]);

/** A definition that somebody has changed since it was taken from the registry is the plan's own. */
const honest = (definition: CapabilityDefinition): CapabilityDefinition =>
  definition.registered && definition.registered.hash !== hashOfContent(definition) ? contentOf(definition) : definition;

const missing = async ({ name, version }: RegisteredCapability, field: string, registry: Registry): Promise<Fault> => {
  const newest = version === undefined ? null : await registry.find(name);
  if (newest?.registered)
    return {
      field: `${field}.version`,
      message: `is no version of ${name} that is offered`,
      value: String(version),
      allowed: `one up to ${newest.registered.version}, the newest`,
    };
  const known = (await registry.offered()).map(({ id }) => id.slice(id.indexOf(':') + 1));
  return { field: `${field}.name`, message: 'is no registered capability', value: name, allowed: allowedNames(name, known) };
};

/** What a template calls that is a capability itself. Of a registered one the place in the plan is where its own name stands. */
const calledWithin = ({ field, capability, registered }: PlacedCapability): { id: CapabilityId; field: string }[] =>
  capability.kind === 'template'
    ? (capability.capabilities ?? []).map((id, at) => ({ id, field: registered ? field : `${field}.capabilities[${at}]` }))
    : [];

/** What templates of steps call, each once, with its first place. */
const calledBy = (steps: readonly PlacedStep[]): { id: CapabilityId; field: string }[] => {
  const places = new Map<CapabilityId, string>();
  for (const { step, index } of steps) {
    if (step.kind !== 'map') continue;
    const { template } = step;
    const field = `steps[${index}].template`;
    const named: [CapabilityId, string][] =
      template.mode === 'capability'
        ? [[template.capability, `${field}.capability`]]
        : template.mode === 'agent'
          ? template.capabilities.map((id, at) => [id, `${field}.capabilities[${at}]`])
          : [];
    for (const [id, place] of named) if (!places.has(id)) places.set(id, place);
  }
  return [...places].map(([id, field]) => ({ id, field }));
};
