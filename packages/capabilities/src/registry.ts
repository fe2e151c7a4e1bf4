import { type Capability, type CapabilityDefinition, type CapabilityId, capabilityIdOf, effectsOf, type JsonObject } from '@apwa/contracts';
import { type Builtin } from './builtins/builtin.js';
import { calculate } from './builtins/calculate.js';
import { dateAdd, dateDifference, dateParse } from './builtins/dates.js';
import { fetchUrl } from './builtins/fetch.js';
import { identity } from './builtins/identity.js';
import { jsonQuery } from './builtins/json-query.js';
import { htmlQuery, xmlQuery } from './builtins/markup-query.js';
import { sql } from './builtins/sql.js';
import { tableRead } from './builtins/table-read.js';
import { textLength } from './builtins/text-length.js';
import { textReplace } from './builtins/text-replace.js';
import { textSearch } from './builtins/text-search.js';
import { textSlice } from './builtins/text-slice.js';
import { wordCount } from './builtins/word-count.js';

/** What can be looked up by who plans and checks. */
export interface CapabilityRegistry {
  find(id: CapabilityId): Capability | undefined;
  /** All that may be named. */
  list(): readonly Pick<Capability, 'id' | 'description'>[];
}

interface BuiltinCapabilities extends CapabilityRegistry {
  list(): readonly Capability[];
}

/** A capability that is a function of ours, ready to be called by who has a row's arguments for it. Calls may throw. */
export type CapabilityCall = (given: JsonObject) => JsonObject | Promise<JsonObject>;

const all = [
  identity,
  textLength,
  wordCount,
  textSearch,
  textSlice,
  textReplace,
  tableRead,
  calculate,
  dateParse,
  dateAdd,
  dateDifference,
  jsonQuery,
  htmlQuery,
  xmlQuery,
  sql,
  fetchUrl,
];
const builtins = new Map<CapabilityId, Builtin>(all.map((one) => [one.capability.id, one]));

/** The capabilities that every member has, without anybody registering them. */
export const builtinCapabilities: BuiltinCapabilities = {
  find: (id) => builtins.get(id)?.capability,
  list: () => [...builtins.values()].map(({ capability }) => capability),
};

/** The built-in ones, and those that are defined. Of two with one name the first counts. */
export const capabilitiesWith = (definitions: readonly CapabilityDefinition[] = []): CapabilityRegistry => {
  if (definitions.length === 0) return builtinCapabilities;
  const own = new Map<CapabilityId, Capability>();
  for (const one of definitions) {
    const { kind, description, input, output } = one;
    const id = capabilityIdOf(one);
    if (!own.has(id)) own.set(id, { id, kind, description, effects: effectsOf(one), input, output });
  }
  return {
    find: (id) => own.get(id) ?? builtinCapabilities.find(id),
    list: () => [...builtinCapabilities.list(), ...own.values()],
  };
};

/** Whether a built-in capability is to be called where it can be ended. */
export const isSlow = (id: CapabilityId): boolean => builtins.get(id)?.slow === true;

/** How a capability is called here; undefined if this member cannot call it. */
export const openCapability = (id: CapabilityId): CapabilityCall | undefined => builtins.get(id)?.call;
