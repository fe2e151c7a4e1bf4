import { type Plan, type Step } from '@apwa/contracts';

/** The step whose rows this one may take one by one while they are made: both go row by row. Null if it reads whole tables. */
export const followedBy = (step: Step, plan: Plan): string | null =>
  step.kind === 'map' && plan.steps.some(({ id, kind }) => id === step.input && kind === 'map') ? step.input : null;

/** Whether another step may take this one's rows while they are made. */
export const isFollowed = ({ id }: Step, plan: Plan): boolean => plan.steps.some((step) => followedBy(step, plan) === id);
