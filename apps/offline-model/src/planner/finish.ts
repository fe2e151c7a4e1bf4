import { type Plan, type Step } from '@apwa/contracts';
import { type Conversation, type Fault } from './conversation.js';
import { type Built, type Refusal, type Situation } from './rules/rule.js';
import { likeness, unique } from './words.js';

/** The plan as it is submitted, or why it is not. */
export const finish = (
  built: Built,
  { requested, inputs }: Pick<Situation, 'requested' | 'inputs'>,
  rejections: Conversation['rejections'],
): { plan: Plan } | { refusal: Refusal } => {
  const named = withRequestedIds({ version: 1, steps: saying(built), outputs: built.outputs }, requested, inputs);
  const unmet = requested.filter((id) => !named.steps.some((step) => step.id === id));
  if (unmet.length > 0) {
    const reason = `a file of ${unmet.join(', ')} is asked for, and the goal gives no such table`;
    return { refusal: { reason, missing: `files of what it gives: ${built.outputs.join(', ')}` } };
  }
  if (!rejections.some(({ plan }) => JSON.stringify(plan) === JSON.stringify(named))) return { plan: named };
  return { refusal: gaveUp(rejections.at(-1)?.faults ?? []) };
};

/** The steps, the first of which tells what of the goal was left out. */
const saying = ({ steps, impossible }: Built): Step[] => {
  const [first, ...others] = steps;
  if (!first || impossible.length === 0) return steps;
  const description = `${first.description ?? ''}. Left out, because no rule fits: ${impossible.join(', ')}`.slice(0, MOST_DESCRIPTION);
  return [{ ...first, description }, ...others];
};
/** As plans have it. */
const MOST_DESCRIPTION = 500;

const gaveUp = (faults: readonly Fault[]): Refusal => ({
  reason: `the plan was not accepted, and the rules know no other way. What could not be corrected: ${
    faults
      .slice(0, 5)
      .map(({ field, message, value }) => `${field} ${message}${value === undefined ? '' : ` (${JSON.stringify(value)})`}`)
      .join('; ') || 'no fault was named'
  }`,
  missing: 'other words for the goal, or a plan',
});

/** Steps get the ids whose files are asked for: the most alike first, the others in the order of the results. */
const withRequestedIds = (plan: Plan, requested: readonly string[], inputs: readonly string[]): Plan => {
  const renamed = new Map<string, string>();
  const open = requested.filter((id) => !plan.steps.some((step) => step.id === id));
  const free = plan.outputs.filter((id) => !requested.includes(id));
  for (const rank of [3, 2, 1, 0]) {
    for (const id of [...open]) {
      const match = free.find((output) => likeness(output, id) === rank || (rank === 0 && !renamed.has(output)));
      if (match === undefined) continue;
      renamed.set(match, id);
      free.splice(free.indexOf(match), 1);
      open.splice(open.indexOf(id), 1);
    }
  }
  if (renamed.size === 0) return plan;
  const taken = new Set([...inputs, ...requested]);
  for (const { id } of plan.steps) if (!renamed.has(id) && !requested.includes(id)) renamed.set(id, unique(id, taken));
  const name = (id: string) => renamed.get(id) ?? id;
  const steps = plan.steps.map((step) => {
    const id = name(step.id);
    switch (step.kind) {
      case 'map':
      case 'split':
      case 'reduce':
        return { ...step, id, input: name(step.input) };
      case 'sql': {
        const query = step.inputs.reduce((text, table) => renameTable(text, table, name(table)), step.query);
        return { ...step, id, inputs: step.inputs.map(name), query };
      }
      case 'table':
        return { ...step, id };
    }
  });
  return { ...plan, steps, outputs: plan.outputs.map(name) };
};

const renameTable = (query: string, from: string, to: string): string => query.replace(new RegExp(`(?<=\\bFROM )${from}\\b`, 'g'), to);
