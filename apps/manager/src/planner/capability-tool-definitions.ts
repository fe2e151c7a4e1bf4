import { CapabilityExample, CapabilityId, JavascriptCapability, MAX_EXAMPLES, PlannedPython } from '@apwa/contracts';
import { z } from 'zod';

/** A function that a planner brings: which version it is of what is not for it to say. */
export const PlannedJavascript = JavascriptCapability.omit({ registered: true });
const PlannedFunction = z.discriminatedUnion('kind', [PlannedJavascript, PlannedPython]);

const examples = z
  .array(CapabilityExample)
  .min(1)
  .max(MAX_EXAMPLES)
  .describe('Calls: "input" holds the arguments, "output" what must come back, word for word; left out, anything that fits the schema.');

/** The planner's tools for capabilities: what each is for, and its arguments. `languages`: those of `definition`. */
const toolsFor = <Definition extends z.ZodType>(definition: Definition, languages: string, ids: string) => ({
  search_capabilities: {
    description:
      'Finds capabilities by words in their names and descriptions: built-in ones, those that people have registered, and those that you have built. Each with its parameters, what it gives, and whether a call changes anything elsewhere (effects). Those that must not be called twice (unsafe) are among them only where the person allowed them for this run.',
    arguments: z.strictObject({ query: z.string().min(1).max(500).describe('Words for what it should do, such as: check digit card') }),
  },
  try_capability: {
    description: `Calls a function in ${languages} with examples in its sandbox, and shows what it gives for each. It registers nothing. Give either the definition, or the id of a registered function.`,
    arguments: z
      .strictObject({
        definition: definition.optional(),
        capability: CapabilityId.optional().describe('Of a registered one, such as javascript:luhn.'),
        examples,
      })
      .refine(({ definition, capability }) => (definition === undefined) !== (capability === undefined), {
        path: ['definition'],
        message: 'must be there, or capability in its place',
      }),
  },
  build_capability: {
    description: `Registers a function in ${languages} for this run, if all of its examples give what they must; else the faults come back, and you call it again with the mended function. Templates of the plan may then name it, as ${ids} and its name.`,
    arguments: z.strictObject({ definition, examples }),
  },
});

export const capabilityTools = toolsFor(PlannedFunction, 'JavaScript or Python', 'javascript: or python:');
/** As they are told of where no cluster has a sandbox for Python. */
export const javascriptTools = toolsFor(PlannedJavascript, 'JavaScript', 'javascript:');

export type CapabilityTool = keyof typeof capabilityTools;
