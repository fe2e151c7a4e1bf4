import {
  type Column,
  type Fault,
  type JsonSchema,
  AGENT_DEFAULTS,
  type AgentTemplate,
  type MapWork,
  type ModelTemplate,
} from '@apwa/contracts';
import { builtinCapabilities, columnsAddedBy } from '@apwa/capabilities';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { type Logger, withoutCredentials } from '@apwa/service';
import { misfitOf, type Storage } from '@apwa/tables';
import { type AgentTools } from '../capabilities/agent-tools.js';
import { CallCost } from '../budgets/call-cost.js';
import { type OpenModel } from '../models/models.js';
import { TokenEstimate } from '../permits/token-estimate.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { DEFAULT_ATTEMPTS, DEFAULT_REPAIRS } from '../rows/decide.js';
import { FirstCall, REFUSAL_MS } from '../rows/first-call.js';
import { ReplicaPipeline } from '../rows/replica-pipeline.js';
import { combinationOf } from '../rows/replicas.js';
import { AgentPipeline, type AgentSettings } from '../rows/agent-pipeline.js';
import { type CallControl } from '../rows/control.js';
import { RowPipeline } from '../rows/row-pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';
import { type StageCalls } from '../rows/stage-calls.js';
import { type InputRows } from './input-rows.js';
import { earlierOf, type MapStage } from './map-stage.js';

export interface ModelStageParts {
  log: Logger;
  stageId: string;
  template: ModelTemplate;
  model: OpenModel;
  /** Its name in the configuration. */
  modelName: string;
  work: MapWork;
  input: InputRows;
  storage: Storage;
  answers: StageAnswers;
  /** What its agents may call; null where the template has none. */
  tools: AgentTools | null;
}

/** A model is asked for each row, once or as an agent. RefusedError if the template's schema is none: the stage fails with it. */
export const createModelStage = (parts: ModelStageParts): MapStage => {
  const { log, stageId, work, template, model, modelName, input, storage, answers, tools } = parts;
  const { endpoints } = model.config;
  const inputColumns = input.columns.filter((name) => !name.startsWith('_'));
  const prompts = createPromptBuilder({ ...template, inputColumns, agent: tools !== null });
  const columns = columnsOfSchema(template.output);
  const outputColumns = columnsAddedBy(template, builtinCapabilities);
  const combination = template.replicas && combinationOf(template.replicas, template.output);
  const configured = Math.min(...endpoints.map(({ outputTokens: most }) => most));
  let warned = false;
  const calls: StageCalls = {
    stageId,
    prompts,
    model: model.model,
    gate: model.gate,
    estimate: new TokenEstimate(template.limits?.outputTokens ?? configured),
    cost: new CallCost(
      endpoints.map(({ prices }) => prices),
      Buffer.byteLength(JSON.stringify(template.output)),
    ),
    first: new FirstCall({
      aloneMs: endpoints.some(({ cachesPrompts }) => cachesPrompts) ? Infinity : REFUSAL_MS,
      model: modelName,
      endpoint: [...new Set(endpoints.map(({ baseUrl }) => withoutCredentials(baseUrl)))].join(', '),
    }),
    policy: {
      attempts: template.retry?.attempts ?? DEFAULT_ATTEMPTS,
      repairs: template.retry?.repairs ?? DEFAULT_REPAIRS,
      totalMs: totalMsOf(template),
    },
    output: { name: 'answer', schema: template.output },
    validate: validatorOf(template.output, columns),
    outputTokens: outputTokens(template.limits?.outputTokens, configured, model),
    longestOutput: template.limits?.outputTokens ?? Math.max(...endpoints.map(({ outputTokens: most }) => most)),
    timeoutMs: template.limits?.timeoutMs,
    longestCallMs: Math.min(...endpoints.map((endpoint) => endpoint.timeoutMs)),
    impossible: (figures) => {
      if (!warned)
        log.warn({ stageId, model: modelName, ...figures }, 'a provider told a usage that is not possible: the budget counts what is');
      warned = true;
    },
    fault: null,
  };
  const agent = template.mode === 'agent' && tools ? agentOf(template, tools) : null;
  return {
    kind: 'map',
    columns: tools?.unsafe ? null : prompts.columns,
    outputColumns,
    read: (range) => input.read(range, prompts.columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    get fault() {
      return calls.fault;
    },
    pipeline: (control, caller) => {
      const pipelineOf = (own: CallControl) => (agent ? new AgentPipeline(calls, agent, own, caller) : new RowPipeline(calls, own, caller));
      if (!combination) return pipelineOf(control);
      return new ReplicaPipeline(combination, control, (own, row, values, replica) =>
        pipelineOf(own).run(row, values, { replica, counted: replica > 0 }),
      );
    },
    assumeWorking: () => calls.first.assumeWorking(),
    wake: () => {
      calls.first.wakeAll();
      calls.gate.wakeAll();
      tools?.wake();
    },
  };
};

const agentOf = ({ limits = {}, transcript = 'failures' }: AgentTemplate, tools: AgentTools): AgentSettings => ({
  tools,
  limits: {
    turns: limits.turns ?? AGENT_DEFAULTS.turns,
    tokens: limits.tokens ?? AGENT_DEFAULTS.tokens,
    costUsd: limits.costUsd ?? Infinity,
  },
  transcript,
});

const totalMsOf = (template: ModelTemplate): number =>
  template.mode === 'agent' ? (template.limits?.totalMs ?? AGENT_DEFAULTS.totalMs) : (template.retry?.totalMs ?? Infinity);

/** Against the template's own schema, and against the columns that it makes: what fits none can be no row of a part. */
const validatorOf = (schema: JsonSchema, columns: Column[]): ((value: unknown) => Fault[]) => {
  const compiled = compileSchema(schema);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ field: 'answer', message: 'must be a JSON object' }];
    const faults = compiled.validate(value);
    if (faults.length > 0) return faults;
    const misfit = misfitOf(columns, value as Record<string, unknown>);
    return misfit ? [{ field: misfit.column, message: misfit.message }] : [];
  };
};

/** After a cut the cap is doubled: up to what the configuration says, or past it where that was the cap already. */
const outputTokens = (limit: number | undefined, configured: number, { model }: OpenModel): StageCalls['outputTokens'] => {
  const first = limit ?? configured;
  const most = first < configured ? configured : model.contextTokens;
  return { first: limit, extended: Math.max(first, Math.min(first * 2, most)) };
};
