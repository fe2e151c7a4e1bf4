import { Plan, type Step } from '@apwa/contracts';
import { planNext } from '../../src/planner/planner.js';
import { type Planned, type Planning, planWith, plannerTools } from './manager.js';

/** What the rules make of a goal, through the planner's tools. */
export const planBy = (goal: string, tables: Planning['tables'], more: Partial<Planning> = {}): Promise<Planned> =>
  planWith((sent) => planNext({ model: 'offline-rules', messages: sent, tools: plannerTools }), { goal, tables, ...more });

/** The plan for a goal; it fails where there is none, or where it is no plan. */
export const planned = async (goal: string, tables: Planning['tables'], more: Partial<Planning> = {}): Promise<Plan> => {
  const { plan, text } = await planBy(goal, tables, more);
  expect(text).toBeNull();
  return Plan.parse(plan);
};

/** Why a goal was declined. */
export const declined = async (goal: string, tables: Planning['tables'], more: Partial<Planning> = {}): Promise<string> => {
  const { plan, text, calls } = await planBy(goal, tables, more);
  expect([plan, calls.at(-1)]).toEqual([null, 'decline_task']);
  return text ?? '';
};

/** A plan in short: of each step what it is, and of what. */
export const outline = ({ steps }: Plan): string[] => steps.map(inShort);

const inShort = (step: Step): string => {
  switch (step.kind) {
    case 'map':
      return `${step.id}: map ${step.input}`;
    case 'sql':
      return `${step.id}: sql ${step.inputs.join(', ')}`;
    case 'split':
      return `${step.id}: split ${step.input}`;
    case 'reduce':
      return `${step.id}: reduce ${step.input}${step.by ? ` by ${step.by.join(', ')}` : ''} of ${step.columns?.join(', ') ?? 'all'}`;
    case 'table':
      return `${step.id}: table of ${step.rows.length}`;
  }
};

export const queryOf = (plan: Plan, id: string): string => {
  const step = plan.steps.find((one) => one.id === id);
  if (step?.kind !== 'sql') throw new Error(`${id} is no query`);
  return step.query;
};

/** The template of a map that calls a model. */
export const templateOf = (plan: Plan, id: string) => {
  const step = plan.steps.find((one) => one.id === id);
  if (step?.kind !== 'map' || step.template.mode === 'capability') throw new Error(`${id} calls no model`);
  return step.template;
};
export const propertiesOf = (plan: Plan, id: string): Record<string, unknown> =>
  templateOf(plan, id).output.properties as Record<string, unknown>;
