import { capabilitiesWith, isSlow, openCapability as openBuiltin } from '@apwa/capabilities';
import { type Capability, type CapabilityDefinition, type CapabilityId, capabilityIdOf, RefusedError } from '@apwa/contracts';
import { compileSchema } from '@apwa/json-schema';
import { type Messaging } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { type Accounts, accountOf } from './accounts.js';
import { type OpenCapability } from './capability-call.js';
import { openHttp } from '../http/open-http.js';
import { type Secrets } from '../http/secrets.js';
import { type Web } from '../web/web.js';
import { type Models } from '../models/models.js';
import { openTemplate } from '../templates/open-template.js';
import { type McpServers } from '../mcp/mcp-servers.js';
import { openMcp } from '../mcp/open-mcp.js';
import { openFunction } from '../functions/open-function.js';
import { shownFaults } from '../rows/shown-faults.js';
import { openFetch } from '../web/open-fetch.js';
import { openSlow } from '../sandbox/open-slow.js';
import { openJavascript } from '../sandbox/open-javascript.js';
import { type Threads } from '../sandbox/threads.js';

export interface CapabilityPlace {
  /** Null where it is tried, for no stage. */
  stageId: string | null;
  log: Logger;
  models: Models;
  /** Of the agent that calls; null where none does. */
  model: string | null;
  /** Templates within which it is opened. */
  within: readonly CapabilityId[];
  /** Of those that are not built in. */
  definitions: readonly CapabilityDefinition[];
  messaging: Messaging;
  threads: Threads;
  web: Web;
  secrets: Secrets;
  mcp: McpServers;
  /** The calls of `builtin:sql`. */
  sql: OpenCapability['call'];
  accounts: Accounts;
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
  const { stageId, definitions, messaging, threads, web, secrets, mcp, log, models, model, within } = place;
  const known = { capability, input: compileSchema(capability.input), gate: null, prepare: nothing, wake: () => undefined };
  const definition = definitions.find((one) => capabilityIdOf(one) === capability.id);
  if (!definition) {
    const call = openOwn(capability.id, place);
    // What it gives is ours.
    return call ? { ...known, call, wrong: () => null, wake: () => threads.wake() } : null;
  }
  const account = accountOf(definition, definition.kind === 'mcp' ? mcp.limitsOf(definition.server) : undefined);
  const gate = account && place.accounts.gateOf(account);
  const wake = () => gate?.wakeAll();
  const checked = { ...known, gate, wake, wrong: wrongBy(capability) };
  switch (definition.kind) {
    case 'python': {
      const calls = openFunction(stageId, definition, messaging);
      return { ...checked, call: ({ given, control }) => calls.call(given, control), wake: () => (wake(), calls.wake()) };
    }
    case 'javascript': {
      const { prepare, call } = openJavascript(definition, threads);
      return { ...checked, prepare, call: ({ given, control }) => call(given, control), wake: () => threads.wake() };
    }
    case 'http':
      return { ...checked, ...openHttp(definition, web, secrets) };
    case 'mcp':
      return { ...checked, ...openMcp(definition, mcp) };
    case 'template': {
      const { id } = capability;
      if (stageId === null)
        throw new RefusedError('not_tried_here', `${id} asks models for the rows of a stage alone.`, { field: 'kind', value: 'template' });
      if (within.includes(id))
        throw new RefusedError('recursive_template', `${id} calls itself.`, { field: 'capability', value: [...within, id].join(' → ') });
      const deeper = { ...place, within: [...within, id], model: definition.model ?? model };
      // Its answers are checked as those of any model are.
      return {
        ...known,
        wrong: () => null,
        ...openTemplate(definition, { stageId, log, models, model, open: (inner) => openCapability(inner, deeper) }),
      };
    }
  }
};

/** How a built-in capability is called. */
const openOwn = (id: CapabilityId, { web, threads, sql, fetchHosts }: CapabilityPlace): OpenCapability['call'] | undefined => {
  if (id === 'builtin:fetch') return openFetch(web, fetchHosts);
  if (id === 'builtin:sql') return sql;
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
