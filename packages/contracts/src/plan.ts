import { z } from 'zod';
import { type CapabilityDefinition, PlanCapability } from './capability.js';
import { CapabilityId, MAX_CAPABILITIES } from './capability-parts.js';
import { Name } from './ids.js';
import { JsonObject, JsonSchema, JsonValue } from './json.js';
import { Replicas } from './replicas.js';
import { ChunkSize, SplitBy } from './split.js';
import { agentLimits, callLimits, callRetry, FailureBound } from './template-parts.js';

/** What a member must have to run a stage: the pool is chosen by it. */
export const Resources = z.strictObject({
  cpus: z.number().positive().max(1024).optional(),
  memoryMb: z.number().int().positive().optional(),
  gpus: z.number().nonnegative().max(1024).optional(),
  /** Named resources of a pool, for example `{ "licence": 1 }`. */
  custom: z.record(z.string(), z.number().positive()).optional(),
});
export type Resources = z.infer<typeof Resources>;

const columnName = z.string().min(1).max(255);

/** What a model is told, what it sees, and what it must give back. */
const modelWork = {
  /** What to do with a row, with `{{column}}` placeholders for its data. */
  instructions: z.string().min(1).max(100_000),
  /**
   * Columns of a table that the plan itself holds (a step of kind `table`) whose text is part of the instructions, for each row its own:
   * task-parallel work. Text of any other table is data, and never obeyed.
   */
  instructionColumns: z.array(columnName).min(1).max(20).optional(),
  /** JSON Schema 2020-12 of the answer: an object, each property of which becomes a column. */
  output: JsonSchema,
  /**
   * A column that names, for each row, the properties of `output` that its answer has: a text is one, a list several. The others are NULL of
   * it. A row that names none, or another, fails as `invalid_arguments`. Left out: each answer has all of them.
   */
  outputFrom: columnName.optional(),
  /** Left out: each row is asked once. */
  replicas: Replicas.optional(),
  /** A model of the configuration; its default model if left out. */
  model: z.string().min(1).optional(),
  resources: Resources.optional(),
};

/** A unit of work for a model: one structured call per row. */
export const LlmTemplate = z.strictObject({
  mode: z.literal('llm').default('llm'),
  ...modelWork,
  limits: z.strictObject(callLimits).optional(),
  retry: z
    .strictObject({
      ...callRetry,
      /**
       * Milliseconds that a row may take from its first call on, waits between its calls counted: a call under way is cut off then, and no
       * other begins. Default: no bound beside `attempts` and the longest call.
       */
      totalMs: z.number().int().min(1_000).max(86_400_000).optional(),
    })
    .optional(),
});
export type LlmTemplate = z.infer<typeof LlmTemplate>;

/**
 * A unit of work for an agent: a model that calls capabilities, turn by turn, until it answers. Each turn that has ended is journaled, so
 * that whoever takes the row over goes on behind it.
 */
export const AgentTemplate = z.strictObject({
  mode: z.literal('agent'),
  ...modelWork,
  /** What it may call, and nothing else. */
  capabilities: z.array(CapabilityId).max(MAX_CAPABILITIES).default([]),
  /**
   * A column that names, for each row, those of `capabilities` that its agent gets: a text is one, a list several, NULL none. A row that names
   * another fails as `invalid_arguments`. Left out: each agent gets all of them.
   */
  capabilitiesFrom: columnName.optional(),
  /** A row that reaches one of them fails, with `limit_exceeded`. */
  limits: agentLimits.optional(),
  retry: z.strictObject(callRetry).optional(),
  /** Whose conversations are kept, in the column `_transcript`. Default `failures`. */
  transcript: z.enum(['none', 'failures', 'all']).optional(),
});
export type AgentTemplate = z.infer<typeof AgentTemplate>;

/** A template by which a model is called. */
export type ModelTemplate = LlmTemplate | AgentTemplate;
export const callsModel = (template: Template): template is ModelTemplate => template.mode !== 'capability';

/** A unit of work without a model: a capability is called once per row, and what it gives becomes columns. */
export const CapabilityTemplate = z.strictObject({
  mode: z.literal('capability'),
  capability: CapabilityId,
  /**
   * Its arguments by parameter. A text that is one `{{column}}` and nothing else stands for the column's value as it is; in a longer
   * text placeholders are replaced by the values as text; anything else is the same for every row.
   */
  with: z.record(z.string().min(1).max(255), JsonValue).default({}),
  /** Other names for columns of the result, by the name that the capability gives them. */
  rename: z.record(z.string().min(1).max(255), z.string().min(1).max(255)).optional(),
  resources: Resources.optional(),
  retry: z.strictObject({ /** As with a model. */ stopWhenFailuresExceed: FailureBound.optional() }).optional(),
});
export type CapabilityTemplate = z.infer<typeof CapabilityTemplate>;

/** The contract of a unit of work. `mode` is `llm` where it is left out. */
export const Template = z.discriminatedUnion('mode', [LlmTemplate, AgentTemplate, CapabilityTemplate]);
export type Template = z.infer<typeof Template>;

const step = {
  id: Name,
  /** One line for a person: what this step is for. */
  description: z.string().max(500).optional(),
  /** The planner looks at what the step made before anything reads it, and may have its failed rows done again, or amend what has not begun. Default false. */
  review: z.boolean().optional(),
};

/** A template over the rows of a table: data-parallel. Its result has the input's columns and those that the template adds. */
export const MapStep = z.strictObject({ ...step, kind: z.literal('map'), /** A run's input or a step. */ input: Name, template: Template });
export type MapStep = z.infer<typeof MapStep>;

/** One SELECT in DuckDB's dialect over inputs and steps, each a table of its name. */
export const SqlStep = z.strictObject({
  ...step,
  kind: z.literal('sql'),
  inputs: z.array(Name).min(1).max(50),
  query: z.string().min(1).max(100_000),
});
export type SqlStep = z.infer<typeof SqlStep>;

/** Rows of a table that the plan holds: more are imported. */
export const MAX_TABLE_ROWS = 2_000;

/** A table that stands in the plan: work of the plan's own, one row for each piece. Its columns are the keys of its rows, their types as the values tell. */
export const TableStep = z.strictObject({
  ...step,
  kind: z.literal('table'),
  rows: z.array(JsonObject).min(1).max(MAX_TABLE_ROWS),
});
export type TableStep = z.infer<typeof TableStep>;

/** Texts cut into chunks: a row for each, with the other columns of its row. The column holds the chunk then. */
export const SplitStep = z.strictObject({
  ...step,
  kind: z.literal('split'),
  input: Name,
  /** Of texts. */
  column: columnName,
  by: SplitBy,
  ...ChunkSize.shape,
});
export type SplitStep = z.infer<typeof SplitStep>;

const columnNames = z.array(columnName).min(1);

/** The template of a reduce: a group's items are asked about in one call, or in several. Beside the room for what is added to them. */
export const ReduceTemplate = LlmTemplate.omit({ instructionColumns: true, outputFrom: true, replicas: true }).extend({
  /** `{{items}}` stands for the items of a call, `{{column}}` for a column of `by`. */
  instructions: z.string().min(1).max(95_000),
});
export type ReduceTemplate = z.infer<typeof ReduceTemplate>;

/** Groups of rows folded into a row each by a template; what is too much for one call is folded in a tree, answers into answers. */
export const ReduceStep = z.strictObject({
  ...step,
  kind: z.literal('reduce'),
  input: Name,
  /** Rows that agree in these columns are a group. Default: all rows are one. */
  by: columnNames.max(20).optional(),
  /** The order of a group's rows, ascending. Default: that of the input. */
  orderBy: columnNames.max(20).optional(),
  /** What of a row is shown as an item. Default: all columns but those of `by`, `orderBy` and the machinery. */
  columns: columnNames.max(100).optional(),
  template: ReduceTemplate,
  /** How answers of the level below are folded; they are the items then. Default: by the instructions of the template. */
  merge: z.strictObject({ instructions: ReduceTemplate.shape.instructions }).optional(),
  /** Items of a call at most; four bytes count as one token. Default: what fits the context of the model. */
  maxTokens: z.number().int().min(20).max(1_000_000).optional(),
});
export type ReduceStep = z.infer<typeof ReduceStep>;

export const Step = z.discriminatedUnion('kind', [MapStep, SqlStep, TableStep, SplitStep, ReduceStep]);
export type Step = z.infer<typeof Step>;

/** A DAG of steps: validated, approved, edited, saved, and replayed without a model. */
export const Plan = z.strictObject({
  version: z.literal(1),
  /**
   * What its templates call, beside what is there. Of a planner `javascript` alone: what a model wrote runs in a sandbox. Registered ones
   * need not stand here; in a plan that was checked each of them does, with its content.
   */
  capabilities: z.array(PlanCapability).min(1).max(MAX_CAPABILITIES).optional(),
  steps: z.array(Step).min(1).max(100),
  /** Ids of the steps whose tables are the run's results, the main one first. */
  outputs: z.array(Name).min(1).max(100),
});
export type Plan = z.infer<typeof Plan>;

/** The definitions in a plan: in one that was checked, of all that its templates call and is not built in. */
export const definitionsOf = (capabilities: Plan['capabilities']): CapabilityDefinition[] =>
  (capabilities ?? []).flatMap((one) => (one.kind === 'registered' ? [] : [one]));

/** The largest plan document, in bytes of JSON: it must fit a NATS message. */
export const MAX_PLAN_BYTES = 512 * 1024;

/** Steps and inputs whose tables a step reads. */
export const inputsOf = (item: Step): string[] => {
  switch (item.kind) {
    case 'map':
    case 'split':
    case 'reduce':
      return [item.input];
    case 'sql':
      return item.inputs;
    case 'table':
      return [];
  }
};

const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** The columns that instructions name, each once, in the order of their first place. */
export const placeholdersOf = (instructions: string): string[] => [
  ...new Set([...instructions.matchAll(PLACEHOLDER)].map(([, column]) => column as string)),
];

/** Instructions with each placeholder replaced by what `replace` says of its column. */
export const fillPlaceholders = (instructions: string, replace: (column: string) => string): string =>
  instructions.replace(PLACEHOLDER, (_, column: string) => replace(column));
