import {
  AgentTemplate,
  type CallKey,
  type CapabilityId,
  PermanentError,
  RefusedError,
  type TemplateCapability,
  TransientError,
} from '@apwa/contracts';
import { type Logger } from '@apwa/service';
import { type AgentTools, createAgentTools, noTools } from '../capabilities/agent-tools.js';
import { type CapabilityCall, type OpenCapability } from '../capabilities/capability-call.js';
import { type Models } from '../models/models.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { AgentPipeline, agentSettings } from '../rows/agent-pipeline.js';
import { type CallControl } from '../rows/control.js';
import { type Intents } from '../rows/intents.js';
import { modelCallsOf } from '../stages/model-calls.js';

/** What templates of a stage ask models by. */
export interface TemplatePlace {
  readonly stageId: string;
  readonly log: Logger;
  readonly models: Models;
  /** That of the agent which calls; null where none does. */
  readonly model: string | null;
  /** A capability that the template may call. RefusedError as of any. */
  readonly open: (id: CapabilityId) => OpenCapability;
}

/** The calls of a template: a model is asked for each, or an agent sent. RefusedError if its model is not there. */
export const openTemplate = (definition: TemplateCapability, { stageId, log, models, model, open }: TemplatePlace) => {
  const { instructions, input, output, limits = {}, retry } = definition;
  const modelName = definition.model ?? model;
  if (modelName === null)
    throw new RefusedError('no_agent', `template:${definition.name} is for agents to call.`, {
      field: 'capability',
      value: definition.name,
    });
  const opened = models.open(modelName);
  const { contextTokens } = opened.model;
  const tools = definition.capabilities ? createAgentTools(stageId, definition.capabilities.map(open), contextTokens) : noTools;
  if (tools.unsafe && definition.effects !== 'unsafe')
    throw new RefusedError('unsafe_template', `template:${definition.name} calls what is unsafe, and does not say so.`, {
      field: 'effects',
      value: definition.effects,
      allowed: 'unsafe',
    });
  const calls = modelCallsOf({
    log,
    stageId,
    model: opened,
    modelName,
    prompts: createPromptBuilder({ instructions, inputColumns: Object.keys(input.properties ?? {}), agent: tools !== noTools }),
    output,
    template: AgentTemplate.parse({ mode: 'agent', instructions, output, limits, retry }),
  });
  const settings = agentSettings({ limits, transcript: 'none' }, tools, calls);

  const call = async ({ given, control, agent, key }: CapabilityCall) => {
    if (!agent)
      throw new RefusedError('no_agent', `template:${definition.name} is for agents to call.`, {
        field: 'capability',
        value: definition.name,
      });
    const intents = covered();
    const pipeline = new AgentPipeline(calls, settings, besides(control), { ...agent.caller, intents });
    const result = await pipeline.runWithin(given, key(), agent);
    if (calls.fault) throw new RefusedError(calls.fault.code, calls.fault.message, calls.fault);
    if (!result) return null;
    if (result.output) return result.output;
    const { code = 'unknown', message = '' } = result.error ?? {};
    // It may have called what must not be called twice: it has, as far as anybody can tell, been carried out.
    if (intents.made()) throw new TransientError('uncertain', `${code}: ${message}`);
    throw new PermanentError(code, message);
  };
  return { call, wake: () => wake(tools, calls) };
};

const wake = (tools: AgentTools, { first, gate }: ReturnType<typeof modelCallsOf>): void => {
  tools.wake();
  first.wakeAll();
  gate.wakeAll();
};

/** The row is in flight already, for the agent that calls. */
const besides = (control: CallControl): CallControl => ({
  get signal() {
    return control.signal;
  },
  begin: (row) => control.join(row),
  join: (row) => control.join(row),
  land: () => undefined,
  mayCall: () => control.mayCall(),
  mayBegin: () => control.mayBegin(),
  changed: () => control.changed(),
  sleep: (ms) => control.sleep(ms),
});

/** The call of a template that calls what is `unsafe` has been written down itself: that stands for all that it calls. */
const covered = (): Intents & { /** Something that it called was carried out, or may have been. */ made(): boolean } => {
  const made = new Set<CallKey>();
  return {
    uncertain: () => Promise.resolve(false),
    record: (_, key) => Promise.resolve(made.add(key).has(key)),
    refused: (_, key) => void made.delete(key),
    made: () => made.size > 0,
  };
};
