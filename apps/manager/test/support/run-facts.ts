import { type ErrorPayload } from '@apwa/contracts';
import { NO_AMENDMENTS } from '../../src/amend/due.js';
import { type ProductFacts, type StageFacts } from '../../src/owners/product.js';
import { type RunFacts } from '../../src/runs/next.js';
import { type StepFacts } from '../../src/runs/step-facts.js';

// How runs, steps and their tables stand, for the tables of cases of what is decided by it.

export const stage = (facts: Partial<StageFacts> = {}): StageFacts => ({
  id: 'stg_1',
  submitted: true,
  state: 'running',
  fault: null,
  activeShards: 0,
  pausedBy: null,
  ...facts,
});
export const product = (
  id: string,
  state: ProductFacts['state'],
  stage: StageFacts | null = null,
  { okRows = 0, failedRows = 0 }: Partial<ProductFacts> = {},
): ProductFacts => ({ id, state, stage, error: null, okRows, failedRows });
export const step = (id: string, reads: string[], facts: ProductFacts, rowErrors: StepFacts['rowErrors'] = []): StepFacts => ({
  id,
  reads,
  follows: null,
  product: facts,
  match: null,
  level: null,
  rowErrors,
  review: false,
  failedAlike: false,
  paused: false,
  cancelled: false,
});
export const follower = (id: string, follows: string, facts: ProductFacts): StepFacts => ({ ...step(id, [follows], facts), follows });
export const input = (facts: ProductFacts, own = true) => ({ name: 'rows', own, product: facts });
const ready = product('tbl_in', 'ready');
export const fault: ErrorPayload = { code: 'authentication', class: 'refused', message: 'wrong key' };

export const run = (facts: Partial<RunFacts>): RunFacts => ({
  state: 'running',
  cancelRequested: false,
  paused: false,
  budgetUsedUp: null,
  control: { version: 0, known: true },
  failure: null,
  plan: 'ready',
  turn: 1,
  quote: null,
  approval: 'auto',
  approved: false,
  stopAfter: 'steps',
  inputs: [input(ready)],
  steps: [],
  amend: NO_AMENDMENTS,
  wantsExports: false,
  exports: [],
  ...facts,
});

export const done = product('tbl_a', 'ready', stage({ state: 'succeeded' }), { okRows: 5 });
export const partly = product('tbl_a', 'ready', stage({ state: 'succeeded' }), { okRows: 4, failedRows: 1 });
export const writing = product('tbl_a', 'writing', stage());
export const succeeded = product('tbl_a', 'writing', stage({ state: 'succeeded' }), { okRows: 5 });
export const unsubmitted = product('tbl_a', 'writing', stage({ submitted: false, state: null }));
export const waiting = product('tbl_b', 'waiting');
