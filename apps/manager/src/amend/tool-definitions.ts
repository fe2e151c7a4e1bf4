import { Name } from '@apwa/contracts';
import { type ToolDefinition } from '@apwa/model';
import { z } from 'zod';
import { plannerTools, toldTools } from '../planner/tool-definitions.js';

const reason = z.string().trim().min(1).max(1_000);

/** What ends an amendment. Looking is done by the planner's own tools. */
export const amendTools = {
  submit_amendment: {
    description:
      'Submits the whole plan as it is to be from now on. It is checked in full; if something is wrong with it, the faults come back and you submit it again, corrected.',
    arguments: z.strictObject({
      reason: reason.describe('One sentence for the person: what changes, and why.'),
      plan: plannerTools.submit_plan.arguments.shape.plan,
      redo: z
        .array(Name)
        .max(100)
        .optional()
        .describe(
          'Ids of steps that are done ("redo" in the summary) whose failed rows are to be done again, by their steps as the plan has them now. Rows that are ok stay, and are not asked again.',
        ),
    }),
  },
  keep_plan: {
    description: 'The run goes on as planned.',
    arguments: z.strictObject({ reason: reason.describe('One sentence for the person: why nothing needs to change, or can.') }),
  },
  end_run: {
    description: 'Ends the run as failed. What is done stays and can be read.',
    arguments: z.strictObject({
      explanation: reason.describe('For the person: why the run cannot do what was asked, and what would help.'),
    }),
  },
} as const satisfies Record<string, { description: string; arguments: z.ZodType }>;

export type AmendTool = keyof typeof amendTools;
export const isAmendTool = (name: string): name is AmendTool => Object.hasOwn(amendTools, name);

const LOOKS: readonly string[] = ['list_tables', 'describe_table', 'preview_rows', 'query_table', 'search_text'];
export const isLook = (name: string): boolean => LOOKS.includes(name);

const schemaOf = (tool: AmendTool): ToolDefinition['parameters'] => {
  const { $schema: _, ...schema } = z.toJSONSchema(amendTools[tool].arguments, { io: 'input', target: 'draft-2020-12' });
  return schema;
};

/** All that the planner may call while a run is amended. */
export const AMEND_TOOLS: ToolDefinition[] = [
  ...toldTools({ python: false }).filter(({ name }) => isLook(name)),
  ...(Object.keys(amendTools) as AmendTool[]).map((name) => ({
    name,
    description: amendTools[name].description,
    parameters: schemaOf(name),
  })),
];
