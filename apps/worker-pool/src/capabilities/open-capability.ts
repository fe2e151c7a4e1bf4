import { capabilitiesWith, isSlow, openCapability as openBuiltin } from '@apwa/capabilities';
import {
  type CallKey,
  type Capability,
  type CapabilityDefinition,
  type CapabilityId,
  capabilityIdOf,
  type JsonObject,
  RefusedError,
  type RowErrorCode,
} from '@apwa/contracts';
import { type CompiledSchema, compileSchema } from '@apwa/json-schema';
import { type Messaging } from '@apwa/messaging';
import { openHttp } from '../http/open-http.js';
import { type Secrets } from '../http/secrets.js';
import { type Web } from '../web/web.js';
import { type McpServers } from '../mcp/mcp-servers.js';
import { openMcp } from '../mcp/open-mcp.js';
import { openFunction } from '../functions/open-function.js';
import { type CallControl } from '../rows/control.js';
import { shownFaults } from '../rows/shown-faults.js';
import { openFetch } from '../web/open-fetch.js';
import { openSlow } from '../sandbox/open-slow.js';
import { openJavascript } from '../sandbox/open-javascript.js';
import { type Threads } from '../sandbox/threads.js';

/** A call of a capability for a row. */
export interface CapabilityCall {
  readonly given: JsonObject;
  readonly control: CallControl;
  /** The same for the same call of the row, whoever makes it: an idempotency key. */
  readonly key: () => CallKey;
}

/** A capability that this member can call for a stage. */
export interface OpenCapability {
  readonly capability: Capability;
  /** Checks arguments against its schema. */
  readonly input: CompiledSchema;
  /** Finds out what can be known before it is called. RefusedError if it can't be called for any row. */
  prepare(): Promise<void>;
  /**
   * What it gives; null if the row was abandoned. PermanentError with a row's code (`unknown`: it may have been carried out), RefusedError if it can't be called for any row; what
   * else it throws is a fault of its own. Tries after a fault that may pass are its business.
   */
  call(call: CapabilityCall): JsonObject | null | Promise<JsonObject | null>;
  /** What is wrong with what it gave; null if nothing is. */
  wrong(output: JsonObject): { code: RowErrorCode; message: string } | null;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}

export interface CapabilityPlace {
  stageId: string;
  /** Of those that are not built in. */
  definitions: readonly CapabilityDefinition[];
  messaging: Messaging;
  threads: Threads;
  web: Web;
  secrets: Secrets;
  mcp: McpServers;
  /** Of the configuration: what `builtin:fetch` may read. */
  fetchHosts: readonly string[];
}

/** RefusedError `unknown_capability` if this member has none of that name: the stage fails with it. */
export const openCapability = (id: CapabilityId, place: CapabilityPlace): OpenCapability => {
  const capability = capabilitiesWith(place.definitions).find(id);
  const opened = capability && open(capability, place);
  if (opened) return opened;
  throw new RefusedError('unknown_capability', `This member has no capability ${id}.`, { field: 'capability', value: id });
};

const open = (capability: Capability, place: CapabilityPlace): OpenCapability | null => {
  const { stageId, definitions, messaging, threads, web, secrets, mcp } = place;
  const input = compileSchema(capability.input);
  const definition = definitions.find((one) => capabilityIdOf(one) === capability.id);
  switch (definition?.kind) {
    case undefined: {
      const call = openOwn(capability.id, place);
      // What it gives is ours.
      return call ? { capability, input, prepare: nothing, call, wrong: () => null, wake: () => threads.wake() } : null;
    }
    case 'python': {
      const calls = openFunction(stageId, definition, messaging);
      return {
        capability,
        input,
        prepare: nothing,
        call: ({ given, control }) => calls.call(given, control),
        wrong: wrongBy(capability),
        wake: () => calls.wake(),
      };
    }
    case 'javascript': {
      const { prepare, call } = openJavascript(definition, threads);
      return {
        capability,
        input,
        prepare,
        call: ({ given, control }) => call(given, control),
        wrong: wrongBy(capability),
        wake: () => threads.wake(),
      };
    }
    case 'http': {
      const { prepare, call } = openHttp(definition, web, secrets);
      return { capability, input, prepare, call, wrong: wrongBy(capability), wake: () => undefined };
    }
    case 'mcp': {
      const { prepare, call } = openMcp(definition, mcp);
      return { capability, input, prepare, call, wrong: wrongBy(capability), wake: () => undefined };
    }
  }
};

/** How a built-in capability is called. */
const openOwn = (id: CapabilityId, { web, threads, fetchHosts }: CapabilityPlace): OpenCapability['call'] | undefined => {
  if (id === 'builtin:fetch') return openFetch(web, fetchHosts);
  if (isSlow(id)) return openSlow(id, threads);
  const call = openBuiltin(id);
  return call && (({ given }) => call(given));
};

const nothing = (): Promise<void> => Promise.resolve();

/** Checks what others give against their schema. */
const wrongBy = ({ output }: Capability): OpenCapability['wrong'] => {
  const compiled = compileSchema(output);
  return (given) => {
    const faults = compiled.validate(given);
    return faults.length > 0 ? { code: 'capability_bad_output', message: shownFaults(faults) } : null;
  };
};
