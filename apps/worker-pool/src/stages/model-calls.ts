import { AGENT_DEFAULTS, type Column, type Fault, type JsonSchema, type ModelTemplate } from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { type Logger, withoutCredentials } from '@apwa/service';
import { misfitOf } from '@apwa/tables';
import { CallCost } from '../budgets/call-cost.js';
import { type OpenModel } from '../models/models.js';
import { TokenEstimate } from '../permits/token-estimate.js';
import { type PromptBuilder } from '../prompts/prompt-builder.js';
import { DEFAULT_ATTEMPTS, DEFAULT_REPAIRS } from '../rows/decide.js';
import { FirstCall, REFUSAL_MS } from '../rows/first-call.js';
import { type StageCalls } from '../rows/stage-calls.js';

export interface ModelCallsParts {
  log: Logger;
  stageId: string;
  model: OpenModel;
  /** Its name in the configuration. */
  modelName: string;
  prompts: PromptBuilder;
  /** Of the answer. */
  output: JsonSchema;
  /** Whose limits and tries hold. */
  template: ModelTemplate;
}

/** What the calls of a model for a stage share. RefusedError if the schema is none. */
export const modelCallsOf = ({ log, stageId, model, modelName, prompts, output, template }: ModelCallsParts): StageCalls => {
  const { endpoints } = model.config;
  const configured = Math.min(...endpoints.map(({ outputTokens: most }) => most));
  let warned = false;
  return {
    stageId,
    prompts,
    model: model.model,
    gate: model.gate,
    estimate: new TokenEstimate(template.limits?.outputTokens ?? configured),
    cost: new CallCost(
      endpoints.map(({ prices }) => prices),
      Buffer.byteLength(JSON.stringify(output)),
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
    output: { name: 'answer', schema: output },
    validate: validatorOf(output, columnsOfSchema(output)),
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
};

/** The same calls for an answer of another schema. */
export const callsFor = (calls: StageCalls, schema: JsonSchema): StageCalls => ({
  ...calls,
  output: { ...calls.output, schema },
  validate: validatorOf(schema, columnsOfSchema(schema)),
  get fault() {
    return calls.fault;
  },
  set fault(fault) {
    calls.fault = fault;
  },
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
