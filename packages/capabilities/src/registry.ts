import { type Capability, type CapabilityId, type JsonObject } from '@apwa/contracts';
import { type Builtin } from './builtins/builtin.js';
import { identity } from './builtins/identity.js';
import { textLength } from './builtins/text-length.js';
import { wordCount } from './builtins/word-count.js';

/** What can be looked up by who plans and checks. Capabilities that are registered at run time will stand beside the built-in ones. */
export interface CapabilityRegistry {
  find(id: CapabilityId): Capability | undefined;
  /** All of them, by id. */
  list(): readonly Capability[];
}

/** A capability, ready to be called by who has a row's arguments for it. Calls may throw. */
export type CapabilityCall = (given: JsonObject) => JsonObject | Promise<JsonObject>;

const builtins = new Map<CapabilityId, Builtin>([identity, textLength, wordCount].map((one) => [one.capability.id, one]));

/** The capabilities that every member has, without anybody registering them. */
export const builtinCapabilities: CapabilityRegistry = {
  find: (id) => builtins.get(id)?.capability,
  list: () => [...builtins.values()].map(({ capability }) => capability),
};

/** How a capability is called here; undefined if this member cannot call it. */
export const openCapability = (id: CapabilityId): CapabilityCall | undefined => builtins.get(id)?.call;
