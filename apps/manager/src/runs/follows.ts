import { type Plan, type Step } from '@apwa/contracts';

/**
 * The step whose rows this one may take one by one while they are made: both go row by row. Null if it reads whole tables. `amends`: where the planner
 * is to look at what a step made (`review`), nothing takes its rows before.
 */
export const followedBy = (step: Step, plan: Plan, amends: boolean): string | null =>
  step.kind === 'map' && plan.steps.some(({ id, kind, review }) => id === step.input && kind === 'map' && !(amends && review))
    ? step.input
    : null;

/** Whether another step may take this one's rows while they are made. */
export const isFollowed = ({ id }: Step, plan: Plan, amends: boolean): boolean =>
  plan.steps.some((step) => followedBy(step, plan, amends) === id);
