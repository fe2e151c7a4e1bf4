import { type ProductFacts, type StageStanding, hasOnlyGoneOn } from '../owners/product.js';
import { type RunAction, type RunFacts, type StoredState, isUnderWay, next } from './next.js';
import {
  stage,
  product,
  step,
  follower,
  input,
  fault,
  run,
  done,
  partly,
  writing,
  succeeded,
  unsubmitted,
  waiting,
} from '../../test/support/run-facts.js';

const allFailed = product('tbl_a', 'ready', stage({ state: 'succeeded' }), { failedRows: 5 });

const sample = (id: string, facts: ProductFacts, reads: string[] = []) => ({ id, reads, product: facts });
const quoted = (facts: Partial<NonNullable<RunFacts['quote']>>): RunFacts['quote'] => ({ made: true, begun: true, samples: [], ...facts });

/** The second thing that the executor is to be told, and whether it has acknowledged it. */
const UNKNOWN = { version: 2, known: false };
const KNOWN = { version: 2, known: true };

const table: [string, Partial<RunFacts>, RunAction[]][] = [
  ['starts the import of an upload', { state: 'importing', inputs: [input(product('t', 'waiting'))] }, [{ do: 'start', productId: 't' }]],
  [
    'submits a stage that is written down',
    { state: 'importing', inputs: [input(product('t', 'writing', stage({ submitted: false, state: null })))] },
    [{ do: 'submit', productId: 't', stageId: 'stg_1' }],
  ],
  ['waits for a running import', { state: 'importing', inputs: [input(product('t', 'writing', stage()))] }, []],
  [
    'makes a table of a finished import',
    { state: 'importing', inputs: [input(product('t', 'writing', stage({ state: 'succeeded' })))] },
    [{ do: 'complete', productId: 't' }],
  ],
  [
    'settles a failed import with the reason',
    { state: 'importing', inputs: [input(product('t', 'writing', stage({ state: 'failed', fault })))] },
    [{ do: 'settle', productId: 't', as: 'failed', error: fault }],
  ],
  [
    'fails with a failed import',
    { state: 'importing', inputs: [input({ ...product('t', 'failed'), error: fault })] },
    [{ do: 'fail', error: fault }],
  ],
  ['leaves the import of others alone', { state: 'importing', inputs: [input(product('t', 'waiting'), false)] }, []],
  ['plans when all inputs are there', { state: 'importing' }, [{ do: 'enter', from: 'importing', state: 'planning' }]],
  ['asks the planner', { state: 'planning', plan: 'missing', turn: 4 }, [{ do: 'planner_turn', turn: 4 }]],
  ['checks a plan that was given', { state: 'planning', plan: 'given' }, [{ do: 'check_plan' }]],
  ['runs a valid plan', { state: 'planning' }, [{ do: 'enter', from: 'planning', state: 'running' }]],
  ['ends after planning', { state: 'planning', stopAfter: 'planning' }, [{ do: 'finish', from: 'planning', state: 'succeeded' }]],
  [
    'has a quote made of a valid plan',
    { state: 'planning', quote: quoted({ made: false }) },
    [{ do: 'enter', from: 'planning', state: 'quoting' }],
  ],
  ['writes down the samples', { state: 'quoting', quote: quoted({ begun: false, made: false }) }, [{ do: 'sample' }]],
  [
    'begins samples whose input is there',
    { state: 'quoting', quote: quoted({ made: false, samples: [sample('a', waiting), sample('b', { ...waiting, id: 'tbl_c' }, ['a'])] }) },
    [{ do: 'start', productId: 'tbl_b' }],
  ],
  [
    'quotes when all samples are there',
    { state: 'quoting', quote: quoted({ made: false, samples: [sample('a', done)] }) },
    [{ do: 'quote' }],
  ],
  [
    'fails with a failed sample',
    { state: 'quoting', quote: quoted({ made: false, samples: [sample('a', { ...done, state: 'failed', error: fault })] }) },
    [{ do: 'fail', error: fault }],
  ],
  [
    'waits with its quote',
    { state: 'quoting', approval: 'required', quote: quoted({}) },
    [{ do: 'enter', from: 'quoting', state: 'awaiting_approval' }],
  ],
  [
    'runs with its quote where nobody is asked',
    { state: 'quoting', quote: quoted({}) },
    [{ do: 'enter', from: 'quoting', state: 'running' }],
  ],
  [
    'ends with its quote',
    { state: 'quoting', stopAfter: 'planning', quote: quoted({}) },
    [{ do: 'finish', from: 'quoting', state: 'succeeded' }],
  ],
  [
    'stops a sample of a cancelled run',
    { state: 'cancelling', control: KNOWN, quote: quoted({ made: false, samples: [sample('a', waiting)] }) },
    [{ do: 'settle', productId: 'tbl_b', as: 'cancelled', error: null }],
  ],
  [
    'is paused by what pauses a sample',
    {
      state: 'quoting',
      quote: quoted({
        made: false,
        samples: [sample('a', product('tbl_a', 'writing', stage({ pausedBy: { kind: 'budget', message: 'x', controlVersion: 0 } })))],
      }),
    },
    [{ do: 'pause', reason: 'budget', message: 'x' }],
  ],
  ['waits for approval', { state: 'planning', approval: 'required' }, [{ do: 'enter', from: 'planning', state: 'awaiting_approval' }]],
  ['goes on waiting for approval', { state: 'awaiting_approval', approval: 'required' }, []],
  [
    'runs what was approved',
    { state: 'awaiting_approval', approval: 'required', approved: true },
    [{ do: 'enter', from: 'awaiting_approval', state: 'running' }],
  ],
  [
    'starts steps whose inputs are there, and no others',
    { steps: [step('a', ['rows'], product('tbl_a', 'waiting')), step('b', ['a'], waiting)] },
    [{ do: 'start', productId: 'tbl_a' }],
  ],
  [
    'starts a step when the one before is there',
    { steps: [step('a', ['rows'], done), step('b', ['a'], waiting)] },
    [{ do: 'start', productId: 'tbl_b' }],
  ],
  [
    'starts a step that goes row by row when the one before is under way',
    { steps: [step('a', ['rows'], writing), follower('b', 'a', waiting)] },
    [{ do: 'start', productId: 'tbl_b' }],
  ],
  [
    'starts none before the executor knows the one whose rows it takes',
    { steps: [step('a', ['rows'], unsubmitted), follower('b', 'a', waiting)] },
    [{ do: 'submit', productId: 'tbl_a', stageId: 'stg_1' }],
  ],
  [
    'submits none again before the executor knows that one again',
    { steps: [step('a', ['rows'], unsubmitted), follower('b', 'a', { ...unsubmitted, id: 'tbl_b' })] },
    [{ do: 'submit', productId: 'tbl_a', stageId: 'stg_1' }],
  ],
  [
    'makes no table before that which it is based on',
    { steps: [step('a', ['rows'], succeeded), follower('b', 'a', { ...succeeded, id: 'tbl_b' })] },
    [{ do: 'complete', productId: 'tbl_a' }],
  ],
  [
    'makes the table then',
    { steps: [step('a', ['rows'], done), follower('b', 'a', { ...succeeded, id: 'tbl_b' })] },
    [{ do: 'complete', productId: 'tbl_b' }],
  ],
  ['starts no query on rows that are under way', { steps: [step('a', ['rows'], writing), step('b', ['a'], waiting)] }, []],
  ['ends when all steps are there', { steps: [step('a', ['rows'], done)] }, [{ do: 'finish', from: 'running', state: 'succeeded' }]],
  [
    'ends partially where rows failed',
    { steps: [step('a', ['rows'], partly)] },
    [{ do: 'finish', from: 'running', state: 'partially_succeeded' }],
  ],
  [
    'exports what was asked for',
    { wantsExports: true, steps: [step('a', ['rows'], done)] },
    [{ do: 'enter', from: 'running', state: 'exporting' }],
  ],
  [
    'fails where all rows of a step failed, naming the most frequent error',
    { steps: [step('a', ['rows'], allFailed, [{ code: 'timeout', rows: 3 }])] },
    [
      {
        do: 'fail',
        error: {
          code: 'all_rows_failed',
          class: 'permanent',
          message: 'All 5 rows of step a failed: 3 of them with timeout.',
          field: 'steps.a',
          value: 'timeout',
        },
      },
    ],
  ],
  [
    'fails with the fault of a step, and starts nothing more',
    { steps: [step('a', ['rows'], { ...product('tbl_a', 'failed'), error: fault }), step('b', ['rows'], waiting)] },
    [{ do: 'fail', error: fault }],
  ],
  [
    'stops what runs beside a failure',
    { failure: fault, control: UNKNOWN, steps: [step('a', ['rows'], writing), step('b', ['rows'], waiting)] },
    [
      { do: 'control', state: 'cancelled', version: 2 },
      { do: 'settle', productId: 'tbl_b', as: 'cancelled', error: null },
    ],
  ],
  ['waits until what runs has stopped', { failure: fault, control: KNOWN, steps: [step('a', ['rows'], writing)] }, []],
  [
    'has an unheard submission stopped before it counts as stopped',
    { failure: fault, control: UNKNOWN, steps: [step('a', ['rows'], unsubmitted)] },
    [{ do: 'control', state: 'cancelled', version: 2 }],
  ],
  [
    'counts an unheard submission as stopped when the executor knows',
    { failure: fault, control: KNOWN, steps: [step('a', ['rows'], unsubmitted)] },
    [{ do: 'settle', productId: 'tbl_a', as: 'cancelled', error: null }],
  ],
  [
    'ends a failed run when nothing is left',
    { failure: fault, steps: [step('a', ['rows'], done)] },
    [{ do: 'finish', from: 'running', state: 'failed' }],
  ],
  ['cancels', { cancelRequested: true, steps: [step('a', ['rows'], writing)] }, [{ do: 'enter', from: 'running', state: 'cancelling' }]],
  [
    'stops the stages of a cancelled run',
    { state: 'cancelling', cancelRequested: true, control: UNKNOWN, steps: [step('a', ['rows'], writing)] },
    [{ do: 'control', state: 'cancelled', version: 2 }],
  ],
  [
    'does not wait for imports of others when cancelled',
    { state: 'cancelling', cancelRequested: true, inputs: [input(product('t', 'writing', stage()), false)] },
    [{ do: 'finish', from: 'cancelling', state: 'cancelled' }],
  ],
  [
    'ends when all exports are there',
    { state: 'exporting', steps: [step('a', ['rows'], partly)], exports: [{ step: 'a', product: product('exp_1', 'ready') }] },
    [{ do: 'finish', from: 'exporting', state: 'partially_succeeded' }],
  ],
  [
    'starts exports',
    { state: 'exporting', exports: [{ step: 'a', product: product('exp_1', 'waiting') }] },
    [{ do: 'start', productId: 'exp_1' }],
  ],
  [
    'fails with a failed export',
    { state: 'exporting', exports: [{ step: 'a', product: { ...product('exp_1', 'failed'), error: fault } }] },
    [{ do: 'fail', error: fault }],
  ],
];

describe('a run with a stage that the executor has paused', () => {
  const pausedUnder = (controlVersion: number) =>
    step('a', ['rows'], product('tbl_a', 'writing', stage({ pausedBy: { kind: 'provider', message: 'no quota', controlVersion } })));

  it('should be paused for the same reason', () =>
    expect(next(run({ steps: [pausedUnder(2)], control: KNOWN }))).toEqual([{ do: 'pause', reason: 'provider', message: 'no quota' }]));

  it('should be paused for its budget, where the executor says that', () => {
    const by = { kind: 'budget' as const, message: 'used up', controlVersion: 2 };
    const steps = [step('a', ['rows'], product('tbl_a', 'writing', stage({ pausedBy: by })))];
    expect(next(run({ steps, control: KNOWN }))).toEqual([{ do: 'pause', reason: 'budget', message: 'used up' }]);
  });

  it('should not be paused again for what somebody has answered since', () =>
    expect(next(run({ steps: [pausedUnder(1)], control: KNOWN }))).toEqual([]));

  it('should not be paused twice', () => expect(next(run({ steps: [pausedUnder(2)], control: KNOWN, paused: true }))).toEqual([]));
});

describe('a run whose budget is used up', () => {
  const message = 'the budget of 3 s of work is used up';

  it.each<[string, Partial<RunFacts>]>([
    ['begins no step', { steps: [step('a', ['rows'], product('tbl_a', 'waiting'))] }],
    ['asks no planner', { state: 'planning', plan: 'missing', turn: 4 }],
    ['begins no import', { state: 'importing', inputs: [input(product('t', 'waiting'))] }],
  ])('should be paused, and %s', (_, facts) => {
    expect(next(run({ ...facts, budgetUsedUp: message }))).toEqual([{ do: 'pause', reason: 'budget', message }]);
    expect(next(run({ ...facts, budgetUsedUp: message, paused: true }))).toEqual([]);
  });

  it('should have what was under way come to its end', () => {
    const ended = product('tbl_a', 'writing', stage({ state: 'succeeded' }));
    const actions = next(run({ steps: [step('a', ['rows'], ended)], budgetUsedUp: message }));
    expect(actions).toEqual([
      { do: 'pause', reason: 'budget', message },
      { do: 'complete', productId: 'tbl_a' },
    ]);
  });

  it('should end if nothing is left to be done', () =>
    expect(next(run({ steps: [step('a', ['rows'], done)], budgetUsedUp: message }))).toEqual([
      { do: 'finish', from: 'running', state: 'succeeded' },
    ]));
});

describe('a step that somebody has paused', () => {
  const held = (facts: ProductFacts) => ({ ...step('a', ['rows'], facts), paused: true });
  const other = step('c', ['rows'], product('tbl_c', 'waiting'));

  it.each<[string, ProductFacts, RunAction[]]>([
    ['is not begun', product('tbl_a', 'waiting'), []],
    ['is made a table of, once it is done', succeeded, [{ do: 'complete', productId: 'tbl_a' }]],
    ['is submitted, for it may have been already', unsubmitted, [{ do: 'submit', productId: 'tbl_a', stageId: 'stg_1' }]],
    ['goes to its end', writing, []],
  ])('%s, while others go on', (_, facts, actions) => {
    const begins: RunAction = { do: 'start', productId: 'tbl_c' };
    expect(next(run({ control: KNOWN, steps: [held(facts), other] }))).toEqual([...actions, begins]);
  });

  it('is not submitted before the executor knows, and keeps its run from ending', () => {
    const tell: RunAction = { do: 'control', state: 'active', version: 2 };
    expect(next(run({ control: UNKNOWN, steps: [held(unsubmitted)] }))).toEqual([tell]);
    expect(next(run({ control: KNOWN, steps: [held(product('tbl_a', 'waiting')), step('c', ['rows'], done)] }))).toEqual([]);
  });
});

describe('a step that somebody has cancelled', () => {
  const off = (facts: ProductFacts, reads = ['rows']) => ({ ...step('a', reads, facts), cancelled: true });
  const settle: RunAction = { do: 'settle', productId: 'tbl_a', as: 'cancelled', error: null };
  const ended = product('tbl_a', 'cancelled');

  it.each<[string, ProductFacts, RunAction[]]>([
    ['ends before it is begun', product('tbl_a', 'waiting'), [settle]],
    ['ends once the executor has stopped it', product('tbl_a', 'writing', stage({ state: 'cancelled' })), [settle]],
    ['is waited for until then', writing, []],
    ['ends though nobody knows whether it was submitted', unsubmitted, [settle]],
  ])('%s', (_, facts, actions) => expect(next(run({ control: KNOWN, steps: [off(facts)] }))).toEqual(actions));

  it('ends with its stage alone once the executor knows', () => {
    const tell: RunAction = { do: 'control', state: 'active', version: 2 };
    expect(next(run({ control: UNKNOWN, steps: [off(unsubmitted)] }))).toEqual([tell]);
  });

  it.each<[string, ReturnType<typeof step>[], boolean, RunAction]>([
    [
      'partially succeeded',
      [off(ended), step('c', ['rows'], done)],
      false,
      { do: 'finish', from: 'running', state: 'partially_succeeded' },
    ],
    ['cancelled, if nothing is left', [off(ended)], false, { do: 'finish', from: 'running', state: 'cancelled' }],
    ['exporting', [off(ended), step('c', ['rows'], done)], true, { do: 'enter', from: 'running', state: 'exporting' }],
    ['succeeded, if it was done by then', [off(done)], false, { do: 'finish', from: 'running', state: 'succeeded' }],
  ])('leaves its run %s', (_, steps, wantsExports, action) => expect(next(run({ steps, wantsExports }))).toEqual([action]));
});

/** What is left to be done for a run that is paused, once the executor knows. */
const paused: [string, Partial<RunFacts>, RunAction[]][] = [
  ['begins no import', { state: 'importing', inputs: [input(product('t', 'waiting'))] }, []],
  [
    'makes a table of an import that was under way',
    { state: 'importing', inputs: [input(product('t', 'writing', stage({ state: 'succeeded' })))] },
    [{ do: 'complete', productId: 't' }],
  ],
  ['begins no planning', { state: 'importing' }, []],
  ['plans to the end', { state: 'planning', plan: 'missing', turn: 4 }, [{ do: 'planner_turn', turn: 4 }]],
  ['checks a plan that was given', { state: 'planning', plan: 'given' }, [{ do: 'check_plan' }]],
  ['leaves a plan as it is', { state: 'planning' }, []],
  ['does not end after planning', { state: 'planning', stopAfter: 'planning' }, []],
  ['runs nothing that was approved', { state: 'awaiting_approval', approval: 'required', approved: true }, []],
  ['begins no step', { steps: [step('a', ['rows'], done), step('b', ['a'], waiting)] }, []],
  [
    'submits what may have been submitted: nothing comes of it',
    { steps: [step('a', ['rows'], unsubmitted)] },
    [{ do: 'submit', productId: 'tbl_a', stageId: 'stg_1' }],
  ],
  [
    'makes a table of a stage that has ended',
    { steps: [step('a', ['rows'], product('tbl_a', 'writing', stage({ state: 'succeeded' })))] },
    [{ do: 'complete', productId: 'tbl_a' }],
  ],
  ['does not end', { steps: [step('a', ['rows'], done)] }, []],
  ['begins no exports', { wantsExports: true, steps: [step('a', ['rows'], done)] }, []],
  ['fails all the same', { steps: [step('a', ['rows'], { ...product('tbl_a', 'failed'), error: fault })] }, [{ do: 'fail', error: fault }]],
];

describe('a paused run', () => {
  const facts = (rest: Partial<RunFacts>) => run({ paused: true, control: KNOWN, ...rest });

  it.each(paused)('%s', (_, rest, actions) => expect(next(facts(rest))).toEqual(actions));

  it.each(['importing', 'planning', 'awaiting_approval', 'running', 'exporting'] as const)(
    'tells the executor, while it is %s',
    (state) => {
      const told = { do: 'control', state: 'paused', version: 2 };
      const actions = next(facts({ state, control: UNKNOWN, steps: [step('a', ['rows'], unsubmitted)] }));
      // Before it knows, a stage that is submitted would begin.
      expect(actions).toEqual([told]);
    },
  );

  it('tells the executor when it goes on, and goes on', () => {
    const actions = next(run({ control: UNKNOWN, steps: [step('a', ['rows'], product('tbl_a', 'waiting'))] }));
    expect(actions).toEqual([
      { do: 'control', state: 'active', version: 2 },
      { do: 'start', productId: 'tbl_a' },
    ]);
  });

  it.each<[string, Partial<RunFacts>, boolean]>([
    ['the executor does not know of it', { control: UNKNOWN }, true],
    ['it plans', { state: 'planning', plan: 'missing' }, true],
    ['calls are in flight', { steps: [step('a', ['rows'], product('tbl_a', 'writing', stage({ activeShards: 1 })))] }, true],
    ['an import is under way', { inputs: [input(product('t', 'writing', stage({ activeShards: 1 })))] }, true],
    ['an import of others is under way', { inputs: [input(product('t', 'writing', stage({ activeShards: 1 })), false)] }, false],
    ['a table is being made', { steps: [step('a', ['rows'], product('tbl_a', 'writing', stage({ state: 'succeeded' })))] }, true],
    ['shards are left that nobody holds', { steps: [step('a', ['rows'], writing), step('b', ['a'], waiting)] }, false],
    ['all is done', { steps: [step('a', ['rows'], done)] }, false],
  ])('has something under way where %s: %#', (_, rest, underWay) => expect(isUnderWay(facts(rest))).toBe(underWay));
});

describe('next', () => {
  it.each(table)('%s', (_, facts, actions) => expect(next(run(facts))).toEqual(actions));

  const ended: StoredState[] = ['succeeded', 'partially_succeeded', 'failed', 'cancelled'];
  it.each(ended)('does nothing for a run that is %s', (state) => {
    expect(next(run({ state, cancelRequested: true, failure: fault, steps: [step('a', [], writing)] }))).toEqual([]);
  });

  const working: StoredState[] = ['importing', 'planning', 'awaiting_approval', 'running', 'exporting'];
  it.each(working)('cancels a run that is %s, whatever else is the matter', (state) => {
    const actions = next(run({ state, cancelRequested: true, paused: true, control: UNKNOWN, failure: fault, plan: 'missing' }));
    expect(actions).toEqual([{ do: 'enter', from: state, state: 'cancelling' }]);
  });

  describe('for whose rows results are looked for elsewhere', () => {
    const looking = (match: ProductFacts) => run({ steps: [{ ...step('a', [], product('tbl_a', 'waiting')), match }] });

    it('should look first, and begin the step when that has ended, in whatever way', () => {
      expect(next(looking(product('tbl_m', 'waiting')))).toEqual([{ do: 'start', productId: 'tbl_m' }]);
      expect(next(looking(product('tbl_m', 'writing', stage())))).toEqual([]);
      for (const state of ['ready', 'failed', 'cancelled'] as const)
        expect(next(looking(product('tbl_m', state)))).toEqual([{ do: 'start', productId: 'tbl_a' }]);
    });

    it('should stop looking with the run', () => {
      const facts = { ...looking(product('tbl_m', 'waiting')), state: 'cancelling' as const };
      expect(next(facts)).toContainEqual({ do: 'settle', productId: 'tbl_m', as: 'cancelled', error: null });
    });
  });

  describe('that is made in levels', () => {
    const at = (level: ProductFacts) => run({ steps: [{ ...step('a', [], product('tbl_a', 'waiting')), level }] });

    it('should bring a level to its end, and go on with the step then', () => {
      expect(next(at(product('tbl_l', 'waiting')))).toEqual([{ do: 'start', productId: 'tbl_l' }]);
      expect(next(at(product('tbl_l', 'writing', stage())))).toEqual([]);
      expect(next(at(product('tbl_l', 'ready')))).toEqual([{ do: 'start', productId: 'tbl_a' }]);
    });

    it('should fail with a level, for its reason', () => {
      const failed = { ...product('tbl_l', 'failed'), error: fault };
      expect(next(at(failed))).toEqual([{ do: 'settle', productId: 'tbl_a', as: 'failed', error: fault }]);
    });

    it('should begin no level while the run is paused, and pause with a stage of one', () => {
      expect(next({ ...at(product('tbl_l', 'ready')), paused: true })).toEqual([]);
      const pausedBy = { kind: 'provider' as const, message: 'no money', controlVersion: 0 };
      const stopped = at(product('tbl_l', 'writing', stage({ pausedBy })));
      expect(next(stopped)).toEqual([{ do: 'pause', reason: 'provider', message: 'no money' }]);
    });

    it('should stop a level with the run', () => {
      const facts = { ...at(product('tbl_l', 'waiting')), state: 'cancelling' as const };
      expect(next(facts)).toContainEqual({ do: 'settle', productId: 'tbl_l', as: 'cancelled', error: null });
      expect(next(facts)).toContainEqual({ do: 'settle', productId: 'tbl_a', as: 'cancelled', error: null });
    });
  });
});

describe('news of a stage', () => {
  const running: StageStanding = { state: 'running', paused: false };
  const paused: StageStanding = { state: 'running', paused: true };
  const standing: [string, StageStanding, StageStanding, boolean][] = [
    ['progress', running, running, true],
    ['the first of them', { state: null, paused: false }, running, false],
    ['its end', running, { state: 'succeeded', paused: false }, false],
    ['its fault', running, { state: 'failed', paused: false }, false],
    ['a pause by the executor', running, paused, false],
    ['progress under such a pause', paused, paused, false],
    ['the end of such a pause', paused, running, false],
  ];
  it.each(standing)('should be that it has only gone on, or more: %s', (_, before, now, only) => {
    expect(hasOnlyGoneOn(before, now)).toBe(only);
  });

  it.each(['running', 'importing', 'exporting', 'cancelling'] as const)(
    'should change nothing in %s where it has only gone on',
    (state) => {
      const facts = (counts: { okRows: number; failedRows: number }, activeShards: number) => {
        const made = product('tbl_a', 'writing', stage({ activeShards }), counts);
        return run({
          state,
          inputs: [input(made)],
          steps: [step('a', [], made), follower('b', 'a', product('tbl_b', 'writing', stage({ id: 'stg_2', activeShards }), counts))],
          exports: [{ step: 'a', product: made }],
        });
      };
      expect(next(facts({ okRows: 0, failedRows: 900 }, 3))).toEqual(next(facts({ okRows: 0, failedRows: 0 }, 0)));
    },
  );
});
