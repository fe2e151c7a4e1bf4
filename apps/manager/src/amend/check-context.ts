import { type Plan } from '@apwa/contracts';
import { type StepFacts, faultOf } from '../runs/step-facts.js';
import { type Amendment } from '../generated/prisma/client.js';
import { type AmendmentContext } from './check.js';
import { redoOf } from './amend-facts.js';
import { standingsOf } from './standings.js';
import { hashOfFailure, workHash } from './work-hash.js';

/** What an amended plan is checked against: how far steps are, and what has failed or was done again so far, now and in earlier versions. */
export const checkContextOf = (
  steps: readonly StepFacts[],
  before: Plan,
  amendments: readonly Pick<Amendment, 'failure' | 'redo'>[],
): AmendmentContext => ({
  before,
  standings: standingsOf(steps),
  failed: new Set([
    ...amendments.flatMap(({ failure }) => (failure === null ? [] : [hashOfFailure(failure)])),
    ...steps.filter((step) => faultOf(step, steps) !== null).map(({ id }) => workHash(before, id)),
  ]),
  redone: new Set(amendments.flatMap(redoOf).map(({ work }) => work)),
});
