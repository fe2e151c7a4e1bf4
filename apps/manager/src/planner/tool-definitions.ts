import { type JsonSchema } from '@apwa/contracts';
import { z } from 'zod';
import { type ToolDefinition } from '@apwa/model';
import { capabilityTools, javascriptTools } from './capability-tool-definitions.js';
import { decline } from './decline.js';
import { planArgument } from './plan-argument.js';
import { searchText } from './search-text.js';
import { tableArgument as table } from './table-argument.js';
import { tryTemplate } from './try-template.js';

/** Rows and characters that a tool may show the planner: what it sees must stay small however large the tables are. */
const PREVIEW_ROWS = 20;
export const QUERY_ROWS = 50;

/**
 * The planner's tools: what each is for, and its arguments. They only read, but for `build_capability`; `submit_plan` ends the planning
 * if the plan is valid, `decline_task` without one.
 */
export const plannerTools = {
  list_tables: {
    description:
      'Lists the tables that this run begins with: name, number of rows, columns with their DuckDB types. Of many wide tables columns are left out.',
    arguments: z.strictObject({}),
  },
  describe_table: {
    description:
      'Describes a table: rows, bytes (as stored, compressed: lengths of texts tell what a model will read), and for each column its type, share of nulls, smallest and largest value, number of different values (`distinct`: an estimate that is wrong by some percent, so it does not tell whether a column is a key: count(DISTINCT …) does), lengths of values in characters, most frequent values; what was left out to keep it short; and five sample rows with shortened values.',
    arguments: z.strictObject({ table }),
  },
  preview_rows: {
    description: `Shows rows of a table, at most ${PREVIEW_ROWS} at a time, for when the samples of describe_table are not enough. Long values are cut.`,
    arguments: z.strictObject({
      table,
      first: z.number().int().min(0).default(0).describe('Number of the first row, from 0.'),
      count: z.number().int().min(1).max(PREVIEW_ROWS).default(5),
    }),
  },
  query_table: {
    description: `Runs one SELECT in DuckDB's dialect over the tables, to learn about the data. At most ${QUERY_ROWS} rows come back ("cut": true says that the query gives more), and long values are cut: of long texts ask for parts (substring, regexp_extract), or use search_text. It changes nothing and becomes no part of the plan.`,
    arguments: z.strictObject({ query: z.string().min(1).max(20_000).describe('One SELECT. Tables stand in it by their names.') }),
  },
  search_text: searchText,
  try_template: tryTemplate,
  ...capabilityTools,
  submit_plan: {
    description:
      'Submits the plan. It is checked in full; if something is wrong with it, the faults come back and you submit it again, corrected.',
    arguments: z.strictObject({ plan: planArgument }),
  },
  decline_task: decline,
} as const satisfies Record<string, { description: string; arguments: z.ZodType }>;

export type PlannerTool = keyof typeof plannerTools;
export const isPlannerTool = (name: string): name is PlannerTool => Object.hasOwn(plannerTools, name);

/** As the model is told of them: of Python where functions in it can be run. */
export const toldTools = ({ python }: { python: boolean }): ToolDefinition[] => (python ? ALL : WITHOUT_PYTHON);

/** The arguments of a tool as JSON Schema, for the model. */
const schemaOf = (tool: z.ZodType): JsonSchema => {
  const { $schema: _, ...schema } = z.toJSONSchema(tool, { io: 'input', target: 'draft-2020-12' });
  return schema;
};

const told = (tools: Record<string, { description: string; arguments: z.ZodType }>): ToolDefinition[] =>
  Object.entries(tools).map(([name, tool]) => ({ name, description: tool.description, parameters: schemaOf(tool.arguments) }));

const ALL = told(plannerTools);
const WITHOUT_PYTHON = told({ ...plannerTools, ...javascriptTools });
