import { type ErrorPayload } from '@apwa/contracts';
import { type RunAction, type RunFacts, next } from '../runs/next.js';
import { type StepFacts } from '../runs/step-facts.js';
import { type AmendFacts, NO_AMENDMENTS } from './due.js';
import {
  stage,
  product,
  step,
  follower,
  fault,
  run,
  done,
  partly,
  writing,
  succeeded,
  unsubmitted,
  waiting,
} from '../../test/support/run-facts.js';

const amend = (facts: Partial<AmendFacts> = {}): AmendFacts => ({ ...NO_AMENDMENTS, allowed: 3, left: 3, ...facts });
const asked = amend({ open: { step: 'a', budgetUsedUp: null } });
const tooMany: ErrorPayload = { code: 'too_many_failures', class: 'permanent', message: 'too many' };
const failedA = { ...product('tbl_a', 'failed', stage({ state: 'failed' })), error: tooMany };
const reviewed: StepFacts = { ...step('a', [], done), review: true };

const table: [string, Partial<RunFacts>, RunAction[]][] = [
  [
    'has the planner look at a step that asks for it, before what reads it begins',
    { amend: amend(), steps: [reviewed, step('b', ['a'], waiting)] },
    [{ do: 'amend', step: 'a', tableId: 'tbl_a', cause: 'review' }],
  ],
  [
    'has what has begun go on meanwhile',
    { amend: amend(), steps: [reviewed, step('b', [], { ...unsubmitted, id: 'tbl_b' }), step('c', [], { ...waiting, id: 'tbl_c' })] },
    [
      { do: 'amend', step: 'a', tableId: 'tbl_a', cause: 'review' },
      { do: 'submit', productId: 'tbl_b', stageId: 'stg_1' },
    ],
  ],
  [
    'passes a step by that asks for it in a run that is not amended',
    { steps: [reviewed, step('b', ['a'], waiting)] },
    [{ do: 'start', productId: 'tbl_b' }],
  ],
  [
    'has the planner look at a failed step in place of failing with it',
    { amend: amend(), steps: [step('a', [], failedA), step('b', ['a'], waiting)] },
    [{ do: 'amend', step: 'a', tableId: 'tbl_a', cause: 'failed' }],
  ],
  [
    'fails with a step where no plan would help',
    { amend: amend(), steps: [step('a', [], { ...failedA, error: fault })] },
    [{ do: 'fail', error: fault }],
  ],
  [
    'fails with a step that the planner has looked at, and says what came of it',
    {
      amend: amend({ looked: new Map([['tbl_a', { outcome: 'failed', reason: 'The model was down.' }]]) }),
      steps: [step('a', [], failedA)],
    },
    [{ do: 'fail', error: { ...tooMany, message: 'too many The plan was not amended: The model was down.' } }],
  ],
  [
    'fails with a step that failed alike before',
    { amend: amend(), steps: [{ ...step('a', [], failedA), failedAlike: true }] },
    [
      {
        do: 'fail',
        error: { ...tooMany, message: 'too many The plan is not amended again: the step failed in the same way before, doing the same.' },
      },
    ],
  ],
  [
    'fails with a step once the plan was amended as often as it may',
    { amend: amend({ allowed: 2, left: 0 }), steps: [step('a', [], failedA)] },
    [{ do: 'fail', error: { ...tooMany, message: 'too many The plan was amended 2 times, as often as it may be.' } }],
  ],
  [
    'waits for what takes the rows of a failed step to end before the planner looks',
    {
      amend: amend(),
      steps: [step('a', [], failedA), follower('b', 'a', { ...writing, id: 'tbl_b' }), step('c', [], { ...waiting, id: 'tbl_c' })],
    },
    [],
  ],
  [
    'has the executor end what was begun to take the rows of a step that has failed since',
    { amend: amend(), steps: [step('a', [], failedA), follower('b', 'a', { ...unsubmitted, id: 'tbl_b' })] },
    [{ do: 'submit', productId: 'tbl_b', stageId: 'stg_1' }],
  ],
  [
    'tells a failure behind another one by that',
    { amend: amend(), steps: [follower('b', 'a', product('tbl_b', 'cancelled')), step('a', [], failedA)] },
    [{ do: 'amend', step: 'a', tableId: 'tbl_a', cause: 'failed' }],
  ],
  [
    'has the planner look where agents found rows too large',
    { amend: amend(), steps: [step('a', [], partly, [{ code: 'needs_split', rows: 1 }])] },
    [{ do: 'amend', step: 'a', tableId: 'tbl_a', cause: 'needs_split' }],
  ],
  [
    'waits for what has read a step to end before the planner may have its failed rows done again',
    {
      amend: amend(),
      steps: [
        step('a', [], partly, [{ code: 'needs_split', rows: 1 }]),
        step('b', ['a'], { ...writing, id: 'tbl_b' }),
        step('c', ['a'], { ...waiting, id: 'tbl_c' }),
      ],
    },
    [],
  ],
  [
    'looks at a table once',
    { amend: amend({ looked: new Map([['tbl_a', { outcome: 'kept', reason: 'well' }]]) }), steps: [reviewed] },
    [{ do: 'finish', from: 'running', state: 'succeeded' }],
  ],
  [
    'asks the planner while it amends, and has what has begun go on',
    { state: 'amending', turn: 6, amend: asked, steps: [step('a', [], succeeded), step('b', ['a'], waiting)] },
    [
      { do: 'amendment_turn', turn: 6 },
      { do: 'complete', productId: 'tbl_a' },
    ],
  ],
  [
    'gives an amendment up for which there is no money',
    { state: 'amending', amend: amend({ open: { step: 'a', budgetUsedUp: 'no money' } }), steps: [step('a', [], failedA)] },
    [{ do: 'give_up_amendment', reason: 'no money' }],
  ],
  ['begins no amendment while it is paused', { paused: true, amend: amend(), steps: [reviewed] }, []],
  [
    'brings an amendment to its end while it is paused',
    { state: 'amending', paused: true, turn: 2, amend: asked, steps: [reviewed] },
    [{ do: 'amendment_turn', turn: 2 }],
  ],
  [
    'has what has begun go on while an amended plan waits for approval',
    { state: 'awaiting_approval', steps: [step('a', [], succeeded), step('b', [], waiting)] },
    [{ do: 'complete', productId: 'tbl_a' }],
  ],
];

describe('what is next for a run that may be amended', () => {
  it.each(table)('%s', (_, facts, actions) => expect(next(run(facts))).toEqual(actions));
});
