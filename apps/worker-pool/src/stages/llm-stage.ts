import { type Column, type Fault, type JsonSchema, type LlmTemplate, type MapWork } from '@apwa/contracts';
import { builtinCapabilities, outputSchemaOf } from '@apwa/capabilities';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { type Logger, withoutCredentials } from '@apwa/service';
import { misfitOf, type Storage } from '@apwa/tables';
import { CallCost } from '../budgets/call-cost.js';
import { type OpenModel } from '../models/models.js';
import { TokenEstimate } from '../permits/token-estimate.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { DEFAULT_ATTEMPTS, DEFAULT_REPAIRS } from '../rows/decide.js';
import { FirstCall, REFUSAL_MS } from '../rows/first-call.js';
import { ReplicaPipeline } from '../rows/replica-pipeline.js';
import { combinationOf } from '../rows/replicas.js';
import { RowPipeline } from '../rows/row-pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';
import { type StageCalls } from '../rows/stage-calls.js';
import { type InputRows } from './input-rows.js';
import { earlierOf, type MapStage } from './map-stage.js';

export interface LlmStageParts {
  log: Logger;
  stageId: string;
  template: LlmTemplate;
  model: OpenModel;
  /** Its name in the configuration. */
  modelName: string;
  work: MapWork;
  input: InputRows;
  storage: Storage;
  answers: StageAnswers;
}

/** One model call per row. RefusedError if the template's schema is none: the stage fails with it. */
export const createLlmStage = ({ log, stageId, work, template, model, modelName, input, storage, answers }: LlmStageParts): MapStage => {
  const { endpoints } = model.config;
  const inputColumns = input.columns.filter((name) => !name.startsWith('_'));
  const prompts = createPromptBuilder({ ...template, inputColumns });
  const columns = columnsOfSchema(template.output);
  const outputColumns = columnsOfSchema(outputSchemaOf(template, builtinCapabilities));
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
      totalMs: template.retry?.totalMs ?? Infinity,
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
  return {
    kind: 'map',
    columns: prompts.columns,
    outputColumns,
    read: (range) => input.read(range, prompts.columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    get fault() {
      return calls.fault;
    },
    pipeline: (control, caller) =>
      combination
        ? new ReplicaPipeline(combination, control, (own, row, values, replica) =>
            new RowPipeline(calls, own, caller).run(row, values, replica > 0),
          )
        : new RowPipeline(calls, control, caller),
    assumeWorking: () => calls.first.assumeWorking(),
    wake: () => {
      calls.first.wakeAll();
      calls.gate.wakeAll();
    },
  };
};

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
