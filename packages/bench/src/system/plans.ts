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
