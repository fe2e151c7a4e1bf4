import type { Plan } from '@apwa/contracts';
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';

export interface NamedPlan {
  /** For example `version 2`. */
  name: string;
  plan: Plan;
}

/** Lines around a change. */
const CONTEXT = 3;

/** What differs between two plans as documents, as `diff -u` writes it; empty where nothing does. */
export const planDiff = (before: NamedPlan, after: NamedPlan): string => {
  const [old, now] = [stringify(before.plan), stringify(after.plan)];
  if (old === now) return '';
  // The first lines of it say in so many words that it is a patch.
  const [, ...lines] = createTwoFilesPatch(before.name, after.name, old, now, undefined, undefined, { context: CONTEXT }).split('\n');
  return lines.join('\n').trimEnd();
};
