import { type Plan } from '@apwa/contracts';
import { INSTRUCTIONS, OUTPUT_SCHEMA } from '../contenders/task.js';

/** The table that rows are imported into, and its name in plans. */
export const INPUT = 'rows';

/** The contenders' task as a plan: one structured call per row. */
export const labelPlan = (): Plan => ({
  version: 1,
  steps: [
    {
      id: 'labels',
      kind: 'map',
      input: INPUT,
      template: { mode: 'llm', instructions: `${INSTRUCTIONS}\n{{text}}`, output: OUTPUT_SCHEMA },
    },
  ],
  outputs: ['labels'],
});

/** The contenders' task for agents: the stub decides how many turns each has. */
export const agentPlan = (turns: number): Plan => ({
  version: 1,
  steps: [
    {
      id: 'labels',
      kind: 'map',
      input: INPUT,
      template: {
        mode: 'agent',
        instructions: `${INSTRUCTIONS}\n{{text}}`,
        output: OUTPUT_SCHEMA,
        capabilities: ['builtin:text_length'],
        limits: { turns },
      },
    },
  ],
  outputs: ['labels'],
});

/** The stub answers every call alike, and a result's columns have names of their own: of its answer nothing is required here. */
const CHECKED = { type: 'object', properties: { checked: { type: 'string' } } };

/** Two steps, the second over the rows of the first; with a barrier there is a query between them, which waits for all of them. */
export const chainPlan = (barrier: boolean): Plan => {
  const template = { mode: 'llm' as const, instructions: `Check the label {{label}} of this message.\n{{text}}`, output: CHECKED };
  return {
    version: 1,
    steps: [
      ...labelPlan().steps,
      ...(barrier ? [{ id: 'all', kind: 'sql' as const, inputs: ['labels'], query: 'SELECT id, text, label FROM labels' }] : []),
      { id: 'checks', kind: 'map', input: barrier ? 'all' : 'labels', template },
    ],
    outputs: ['checks'],
  };
};

/** A plan that calls no model: the length of each row's text. */
export const measurePlan = (): Plan => ({
  version: 1,
  steps: [
    {
      id: 'lengths',
      kind: 'map',
      input: INPUT,
      template: { mode: 'capability', capability: 'builtin:text_length', with: { text: '{{text}}' } },
    },
  ],
  outputs: ['lengths'],
});
