import {
  type Column,
  type Fault,
  type JsonSchema,
  type MapWork,
  type RowValues,
  type ShardRange,
  type TableManifest,
} from '@apwa/contracts';
import { columnsOfSchema, compileSchema } from '@apwa/json-schema';
import { withoutCredentials } from '@apwa/service';
import { misfitOf, readRows, type Storage } from '@apwa/tables';
import { type OpenModel } from '../models/models.js';
import { createPromptBuilder } from '../prompts/prompt-builder.js';
import { DEFAULT_ATTEMPTS, DEFAULT_REPAIRS } from '../rows/decide.js';
import { TokenEstimate } from '../permits/token-estimate.js';
import { FirstCall } from '../rows/first-call.js';
import { type StageCalls } from '../rows/stage-calls.js';

/** A map stage, made ready once in this member: what its shards share. */
export interface MapStage {
  readonly kind: 'map';
  readonly calls: StageCalls;
  /** Columns of the input that go into prompts. */
  readonly columns: readonly string[];
  /** Columns of the parts, those of the machinery not counted. */
  readonly outputColumns: Column[];
  readonly read: (range: ShardRange) => Promise<RowValues[]>;
}

/** Columns of a stage's input that say whether a row has failed before. */
const STATUS_COLUMNS = ['_status', '_error_code'];

export interface MapStageParts {
  stageId: string;
  work: MapWork;
  model: OpenModel;
  manifest: TableManifest;
  storage: Storage;
}

/** RefusedError if the template's schema is none: the stage fails with it. */
export const createMapStage = ({ stageId, work, model, manifest, storage }: MapStageParts): MapStage => {
  const { template } = work;
  const { endpoints } = model.config;
  const inputColumns = manifest.columns.map(({ name }) => name).filter((name) => !name.startsWith('_'));
  const prompts = createPromptBuilder({ instructions: template.instructions, inputColumns });
  const outputColumns = columnsOfSchema(template.output);
  const validate = validatorOf(template.output, outputColumns);
  const configured = Math.min(...endpoints.map(({ outputTokens: most }) => most));
  const longest = template.limits?.outputTokens ?? configured;
  const present = new Set(manifest.columns.map(({ name }) => name));
  const columns = [...new Set([...prompts.columns, ...STATUS_COLUMNS.filter((name) => present.has(name))])];
  return {
    kind: 'map',
    columns: prompts.columns,
    outputColumns,
    read: ({ first, last }) => readRows(storage, work.input, { first, last, columns }),
    calls: {
      stageId,
      prompts,
      model: model.model,
      gate: model.gate,
      estimate: new TokenEstimate(longest),
      first: new FirstCall({
        model: work.model,
        endpoint: [...new Set(endpoints.map(({ baseUrl }) => withoutCredentials(baseUrl)))].join(', '),
      }),
      policy: {
        attempts: template.retry?.attempts ?? DEFAULT_ATTEMPTS,
        repairs: template.retry?.repairs ?? DEFAULT_REPAIRS,
        totalMs: template.retry?.totalMs ?? Infinity,
      },
      output: { name: 'answer', schema: template.output },
      validate,
      outputTokens: outputTokens(template.limits?.outputTokens, configured, model),
      timeoutMs: template.limits?.timeoutMs,
      longestCallMs: Math.min(...endpoints.map((endpoint) => endpoint.timeoutMs)),
      fault: null,
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
