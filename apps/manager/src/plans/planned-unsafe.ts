import { capabilitiesWith } from '@apwa/capabilities';
import { type Capability, definitionsOf, type Fault, type Plan, type RunRequest } from '@apwa/contracts';
import { isDeepStrictEqual } from 'node:util';
import { reachedBy } from '../production/work.js';

export type AllowUnsafe = RunRequest['allowUnsafe'];

/** Whether a planner may be shown a capability, and name it. */
export const isAllowed = ({ id, effects }: Pick<Capability, 'id' | 'effects'>, allowUnsafe: AllowUnsafe): boolean =>
  effects !== 'unsafe' || allowUnsafe === true || (Array.isArray(allowUnsafe) && allowUnsafe.includes(id));

/**
 * What the steps of a planner's plan call that is `unsafe`, and that its run does not allow. Steps that stand so in the plan `before` are
 * somebody's decision already.
 */
export const faultsOfUnsafe = ({ steps, capabilities }: Plan, allowUnsafe: AllowUnsafe, before: Plan | null = null): Fault[] => {
  const definitions = definitionsOf(capabilities);
  const known = capabilitiesWith(definitions);
  return steps.flatMap((step, index): Fault[] => {
    if (step.kind !== 'map' || before?.steps.some((one) => isDeepStrictEqual(one, step))) return [];
    const { template } = step;
    return [...reachedBy(template, definitions)].flatMap((id): Fault[] => {
      const capability = known.find(id);
      if (!capability || isAllowed(capability, allowUnsafe)) return [];
      const field = template.mode === 'agent' ? 'capabilities' : 'capability';
      const message = 'cannot be called twice without harm, and whoever began the run did not allow such a call';
      const allowed = 'capabilities whose effects are none or idempotent, or a run with allowUnsafe';
      return [{ field: `steps[${index}].template.${field}`, message, value: id, allowed }];
    });
  });
};
