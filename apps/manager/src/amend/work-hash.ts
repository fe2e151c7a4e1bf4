import { type Plan, type Step, inputsOf } from '@apwa/contracts';
import { createHash } from 'node:crypto';
import { callsOf } from '../production/work.js';

/**
 * What a step does, and all that it reads: two with the same hash do the same, whatever they are called and however they are described. The order of keys counts,
 * for models fill properties in it.
 */
export const workHash = (plan: Plan, id: string): string => {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const hashes = new Map<string, string>();
  const hashOf = (name: string): string => {
    const step = steps.get(name);
    if (!step) return name;
    const known = hashes.get(name) ?? hash({ ...workOf(step, plan), reads: inputsOf(step).map(hashOf) });
    hashes.set(name, known);
    return known;
  };
  return hashOf(id);
};

const workOf = (step: Step, { capabilities }: Plan): object => {
  const { id: _id, description: _description, review: _review, ...work } = step;
  const calls = step.kind === 'map' ? callsOf(step.template, capabilities) : {};
  return { ...work, ...('input' in work ? { input: null } : {}), ...calls };
};

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** How a failure is known again: the same code of a step that does the same. */
export const failureOf = (plan: Plan, id: string, code: string): string => `${code} ${workHash(plan, id)}`;

/** The hash in it. */
export const hashOfFailure = (failure: string): string => failure.slice(failure.indexOf(' ') + 1);
