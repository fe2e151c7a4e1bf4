import { RefusedError } from '@apwa/contracts';
import { z } from 'zod';

export const decline = {
  description:
    'Ends the planning without a plan, where no plan can do what the person asks: the tables do not hold what it takes, and neither reading them nor a capability can find it out. Say what is missing. Where a part can be done, or the task can be read in a way that makes sense, submit a plan for that instead and say in descriptions what it leaves out.',
  arguments: z.strictObject({
    reason: z.string().min(1).max(2_000).describe('For the person: why it cannot be done, and what you looked for.'),
    missing: z.string().min(1).max(1_000).describe('For the person: which data, or which change of the task, would make it possible.'),
  }),
} as const;

/** Why a run ends that was declined. */
export const declined = ({ reason, missing }: z.output<typeof decline.arguments>): RefusedError =>
  new RefusedError('goal_declined', `The planner made no plan: ${reason}`, { field: 'goal', allowed: missing });
