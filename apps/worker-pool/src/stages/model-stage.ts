import {
  ANSWERS_COLUMN,
  choiceColumns,
  type JsonSchema,
  type MapWork,
  type ModelTemplate,
  type Replicas,
  type RowValues,
} from '@apwa/contracts';
import { builtinCapabilities, columnsAddedBy } from '@apwa/capabilities';
import { type Logger } from '@apwa/service';
import { type Storage } from '@apwa/tables';
import { type AgentTools } from '../capabilities/agent-tools.js';
import { type OpenModel } from '../models/models.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { AgentPipeline, agentSettings } from '../rows/agent-pipeline.js';
import { type CallControl } from '../rows/control.js';
import { type Pipeline } from '../rows/pipeline.js';
import { ReplicaPipeline } from '../rows/replica-pipeline.js';
import { combinationOf } from '../rows/replicas.js';
import { RowPipeline } from '../rows/row-pipeline.js';
import { type StageAnswers } from '../rows/shared-answers.js';
import { type StageCalls } from '../rows/stage-calls.js';
import { type InputRows } from './input-rows.js';
import { type Caller, earlierOf, type MapStage } from './map-stage.js';
import { modelCallsOf } from './model-calls.js';
import { type RowShare, RowShares, SharePipeline } from './row-shares.js';

export interface ModelStageParts {
  log: Logger;
  stageId: string;
  template: ModelTemplate;
  model: OpenModel;
  /** Its name in the configuration. */
  modelName: string;
  /** Other models of the configuration. RefusedError `unknown_model`. */
  openModel: (name: string) => OpenModel;
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
  const inputColumns = input.columns.filter((name) => !name.startsWith('_'));
  const prompts = createPromptBuilder({ ...template, inputColumns, agent: tools !== null });
  const outputColumns = columnsAddedBy(template, builtinCapabilities);
  const combination = template.replicas && combinationOf(template.replicas, template.output);
  const calls = modelCallsOf({ log, stageId, model, modelName, prompts, output: template.output, template });
  const judge = template.replicas?.combine === 'judge' ? judgeOf(template.replicas, parts) : null;
  const agent = template.mode === 'agent' && tools ? agentSettings(template, tools, calls) : null;
  const choices = choiceColumns(template);
  const whole: RowShare = { calls, agent };
  const shares = choices.length > 0 ? new RowShares(choices, whole) : null;
  const columns = [...new Set([...prompts.columns, ...(judge?.columns ?? []), ...choices.map(({ column }) => column)])];
  return {
    kind: 'map',
    columns: tools?.unsafe ? null : columns,
    outputColumns,
    read: (range) => input.read(range, columns),
    earlier: earlierOf(work, outputColumns, storage),
    answers,
    get fault() {
      return calls.fault ?? judge?.calls.fault ?? null;
    },
    pipeline: (control, caller) => {
      const by = ({ calls, agent }: RowShare, own: CallControl): Pipeline =>
        agent ? new AgentPipeline(calls, agent, own, caller) : new RowPipeline(calls, own, caller);
      const pipelineOf = (own: CallControl): Pipeline => (shares ? new SharePipeline(shares, (share) => by(share, own)) : by(whole, own));
      if (!combination) return pipelineOf(control);
      const ask = (own: CallControl, row: number, values: RowValues, replica: number) =>
        pipelineOf(own).run(row, values, { replica, counted: replica > 0 });
      return new ReplicaPipeline(combination, control, ask, judge && judge.asked(caller));
    },
    assumeWorking: () => calls.first.assumeWorking(),
    wake: () => {
      for (const one of judge ? [calls, judge.calls] : [calls]) {
        one.first.wakeAll();
        one.gate.wakeAll();
      }
      tools?.wake();
    },
  };
};

/** What chooses among the answers of replicas. */
interface Judge {
  readonly calls: StageCalls;
  /** Columns of the input that it is shown. */
  readonly columns: readonly string[];
  asked(caller: Caller): NonNullable<ConstructorParameters<typeof ReplicaPipeline>[3]>;
}

const judgeOf = ({ count, judge }: Extract<Replicas, { combine: 'judge' }>, parts: ModelStageParts): Judge => {
  const { log, stageId, template, openModel } = parts;
  const modelName = judge.model ?? parts.modelName;
  const prompts = createPromptBuilder({ instructions: judge.instructions, inputColumns: [] });
  const output = verdictSchema(count);
  const calls = modelCallsOf({ log, stageId, model: openModel(modelName), modelName, prompts, output, template });
  return {
    calls,
    columns: prompts.columns.filter((name) => name !== ANSWERS_COLUMN),
    asked: (caller) => (control, row, values, answers) => {
      const numbered = answers.map((answer, index) => ({ number: index + 1, answer }));
      return new RowPipeline(calls, control, caller).run(row, { ...values, [ANSWERS_COLUMN]: numbered }, { counted: true });
    },
  };
};

/** Reasons come before the choice that rests on them. */
const verdictSchema = (count: number): JsonSchema => ({
  type: 'object',
  required: ['why', 'choice'],
  additionalProperties: false,
  properties: {
    why: { type: 'string', description: 'In a sentence: what decides between them.' },
    choice: { type: 'integer', minimum: 1, maximum: count, description: 'The number of the answer that is chosen.' },
  },
});
