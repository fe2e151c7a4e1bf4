import { type AmendmentCause, type ErrorPayload, type PauseReason, type RunControl, type RunRequest, type RunState } from '@apwa/contracts';
import { type AmendFacts, dueAmendment, explained } from '../amend/due.js';
import { isSettled, nextForProduct, type ProductAction, type ProductContext, type ProductFacts } from '../owners/product.js';
import { type StepFacts, faultOf, hasBegun, isCalledOff, isOpen, openProducts } from './step-facts.js';

/** All that is needed to decide how a run goes on. */
export interface RunFacts {
  state: StoredState;
  cancelRequested: boolean;
  /** Nothing new is to begin. */
  paused: boolean;
  /** Why its budget lets it begin nothing more, apart from what the executor says; null while it does. */
  budgetUsedUp: string | null;
  /** The latest version of what the executor is to be told, 0 for nothing yet; `known`: it has acknowledged that one. */
  control: { version: number; known: boolean };
  /** Why the run fails, once that is known: its other work is stopped before it ends. */
  failure: ErrorPayload | null;
  /** `given`: in the request, and not checked against the tables yet. */
  plan: 'missing' | 'given' | 'ready';
  /** The planner's next turn. */
  turn: number;
  /** Null: none is wanted, or there is no plan yet. `begun`: the tables of all samples are written down. */
  quote: { made: boolean; begun: boolean; samples: { id: string; reads: string[]; product: ProductFacts }[] } | null;
  approval: RunRequest['approval'];
  approved: boolean;
  stopAfter: RunRequest['stopAfter'];
  /** `own`: imported by this run. Other tables go on whatever becomes of the run. */
  inputs: { name: string; own: boolean; product: ProductFacts }[];
  steps: StepFacts[];
  amend: AmendFacts;
  wantsExports: boolean;
  exports: { step: string; product: ProductFacts }[];
}

/** A run's state as it is written down: whether it is paused stands beside it. */
export type StoredState = Exclude<RunState, 'pausing' | 'paused'>;

export type EndState = Extract<RunState, 'succeeded' | 'partially_succeeded' | 'failed' | 'cancelled'>;

export type RunAction =
  | ProductAction
  | { do: 'check_plan' }
  | { do: 'planner_turn'; turn: number }
  /** Writes down the tables of samples. */
  | { do: 'sample' }
  /** All samples are there: says what they lead to expect. */
  | { do: 'quote' }
  /** Entering `running` writes down the steps' tables, entering `exporting` the exports. */
  | { do: 'enter'; from: StoredState; state: Exclude<StoredState, EndState | 'importing' | 'amending'> }
  /** Writes down that the planner is to look at a step, and enters `amending`. */
  | { do: 'amend'; step: string; tableId: string; cause: AmendmentCause }
  | { do: 'amendment_turn'; turn: number }
  /** Nothing comes of the amendment that is under way. */
  | { do: 'give_up_amendment'; reason: string }
  /** Writes down why the run fails. */
  | { do: 'fail'; error: ErrorPayload }
  /** Tells the executor what becomes of the run's stages. State and version belong together: an older pair changes nothing. */
  | { do: 'control'; state: RunControl['state']; version: number }
  /** Writes down that the executor has paused one of its stages, and why: somebody has to have the run go on. */
  | { do: 'pause'; reason: PauseReason; message: string }
  | { do: 'finish'; from: StoredState; state: EndState };

/**
 * What is to be done for a run now. Without clock or I/O; whoever carries out the actions asks again with the new facts, until
 * there is nothing left to do but to wait. Carrying out an action twice is the same as once.
 */
export const next = (facts: RunFacts): RunAction[] => {
  const { state } = facts;
  switch (state) {
    case 'succeeded':
    case 'partially_succeeded':
    case 'failed':
    case 'cancelled':
      return [];
    case 'cancelling':
      return stopAll(facts, 'cancelled');
    case 'importing':
    case 'planning':
    case 'quoting':
    case 'awaiting_approval':
    case 'running':
    case 'amending':
    case 'exporting':
      if (facts.cancelRequested) return [{ do: 'enter', from: state, state: 'cancelling' }];
      if (facts.failure) return stopAll(facts, 'failed');
      return [...tell(facts), ...pause(facts, state), ...goOn(facts, state).filter((action) => mayBe(action, facts))];
  }
};

const mayBe = (action: RunAction, facts: RunFacts): boolean => {
  // What is done ends, whatever it took.
  if (!facts.paused && (facts.budgetUsedUp === null || action.do === 'finish')) return true;
  return endsWhatIsUnderWay(action, facts);
};

/** What a pause leaves to be done: work under way comes to its end, and planning to its plan. Nothing else begins. */
const endsWhatIsUnderWay = (action: RunAction, { control, budgetUsedUp }: RunFacts): boolean => {
  switch (action.do) {
    case 'complete':
    case 'settle':
    case 'check_plan':
    case 'quote':
    case 'fail':
    case 'control':
    case 'give_up_amendment':
      return true;
    case 'planner_turn':
    case 'amendment_turn':
      return budgetUsedUp === null;
    case 'submit':
      // It may have been submitted although nobody heard so. Once the executor knows of the pause, nothing comes of it but that.
      return control.known;
    case 'start':
    case 'sample':
    case 'enter':
    case 'amend':
    case 'pause':
    case 'finish':
      return false;
  }
};

/** Whether something of a paused run has not come to its end yet. */
export const isUnderWay = (facts: RunFacts): boolean =>
  next(facts).length > 0 || ownProducts(facts).some(({ stage }) => stage?.state === 'running' && stage.activeShards > 0);

/** The executor follows pause and resume; that a run is to stop it is told with the rest of its end. */
const tell = ({ paused, control: { version, known } }: RunFacts): RunAction[] =>
  version > 0 && !known ? [{ do: 'control', state: paused ? 'paused' : 'active', version }] : [];

/** What paused a stage under an older control has been answered since, by a pause of somebody's or by letting it go on. */
const pause = (facts: RunFacts, state: WorkingState): RunAction[] => {
  const { paused, control, steps, quote, budgetUsedUp } = facts;
  if (budgetUsedUp !== null && !paused && !goOn(facts, state).some((action) => action.do === 'finish'))
    return [{ do: 'pause', reason: 'budget', message: budgetUsedUp }];
  const working = [
    ...steps.map(({ product, level }) => (isOpen(level) ? level : product)),
    ...(quote?.samples ?? []).map(({ product }) => product),
  ];
  const by = working.map(({ stage }) => stage?.pausedBy).find((one) => one && one.controlVersion >= control.version);
  return by && !paused ? [{ do: 'pause', reason: by.kind, message: by.message }] : [];
};

/** A state in which a run works towards its result. A pause leaves it as it is: there the run goes on. */
type WorkingState = Exclude<StoredState, EndState | 'cancelling'>;

const goOn = (facts: RunFacts, from: WorkingState): RunAction[] => {
  switch (from) {
    case 'importing':
      return importing(facts);
    case 'planning':
      return planning(facts);
    case 'quoting':
      return quoting(facts);
    case 'awaiting_approval':
      return facts.approved ? [{ do: 'enter', from, state: 'running' }] : underWay(facts);
    case 'running':
      return running(facts);
    case 'amending':
      return amending(facts);
    case 'exporting':
      return exporting(facts);
  }
};

const importing = ({ inputs }: RunFacts): RunAction[] => {
  for (const { name, product } of inputs) {
    if (product.state === 'failed') return [{ do: 'fail', error: product.error ?? lost(`The import of input ${name} failed.`) }];
    if (product.state === 'cancelled') return [{ do: 'fail', error: lost(`The import of input ${name} was cancelled.`) }];
  }
  if (inputs.every(({ product }) => product.state === 'ready')) return [{ do: 'enter', from: 'importing', state: 'planning' }];
  return inputs.flatMap(({ own, product }) => (own ? nextForProduct(product, { inputs: 'ready', stopping: false, stopKnown: false }) : []));
};

const planning = (facts: RunFacts): RunAction[] => {
  switch (facts.plan) {
    case 'missing':
      return [{ do: 'planner_turn', turn: facts.turn }];
    case 'given':
      return [{ do: 'check_plan' }];
    case 'ready':
      return facts.quote && !facts.quote.made ? [{ do: 'enter', from: 'planning', state: 'quoting' }] : planned(facts, 'planning');
  }
};

const planned = ({ stopAfter, approval, approved }: RunFacts, from: StoredState): RunAction[] => {
  if (stopAfter === 'planning') return [{ do: 'finish', from, state: 'succeeded' }];
  if (approval === 'required' && !approved) return [{ do: 'enter', from, state: 'awaiting_approval' }];
  return [{ do: 'enter', from, state: 'running' }];
};

const quoting = (facts: RunFacts): RunAction[] => {
  const { quote } = facts;
  if (!quote || quote.made) return planned(facts, 'quoting');
  for (const { id, product } of quote.samples) {
    if (product.state === 'failed') return [{ do: 'fail', error: product.error ?? lost(`The sample of step ${id} failed.`) }];
    if (product.state === 'cancelled') return [{ do: 'fail', error: lost(`The sample of step ${id} was cancelled.`) }];
  }
  if (!quote.begun) return [{ do: 'sample' }];
  const made = new Map(quote.samples.map(({ id, product }) => [id, product]));
  if ([...made.values()].every(({ state }) => state === 'ready')) return [{ do: 'quote' }];
  return quote.samples.flatMap(({ reads, product }) => {
    const there = reads.every((id) => (made.get(id)?.state ?? 'ready') === 'ready');
    return nextForProduct(product, { inputs: there ? 'ready' : 'missing', stopping: false, stopKnown: false });
  });
};

const running = (facts: RunFacts): RunAction[] => {
  const due = dueAmendment(facts.steps, facts.amend);
  switch (due.due) {
    case 'amendment':
      return [{ do: 'amend', step: due.step.id, tableId: due.step.product.id, cause: due.cause }, ...underWay(facts)];
    case 'wait':
      return underWay(facts);
    case 'nothing':
      break;
  }
  for (const step of facts.steps) {
    const error = faultOf(step, facts.steps);
    if (error) return [{ do: 'fail', error: explained(error, step, facts.amend) }];
  }
  if (facts.steps.every((step) => step.product.state === 'ready' || (isCalledOff(step) && openProducts(step).length === 0))) {
    return facts.wantsExports
      ? [{ do: 'enter', from: 'running', state: 'exporting' }]
      : [{ do: 'finish', from: 'running', state: success(facts) }];
  }
  return stepActions(facts, facts.steps);
};

const amending = (facts: RunFacts): RunAction[] => {
  const { turn, amend } = facts;
  const usedUp = amend.open?.budgetUsedUp ?? null;
  return [usedUp === null ? { do: 'amendment_turn', turn } : { do: 'give_up_amendment', reason: usedUp }, ...underWay(facts)];
};

/** What has begun goes on. */
const underWay = (facts: RunFacts): RunAction[] => stepActions(facts, facts.steps.filter(hasBegun));

const stepActions = (facts: RunFacts, steps: readonly StepFacts[]): RunAction[] => {
  const made = new Map(facts.steps.map(({ id, product }) => [id, product]));
  return steps.flatMap((step) => {
    const { product, match, level } = step;
    if (isCalledOff(step)) return stop(openProducts(step), facts);
    // Unlike a match, a level is needed.
    if (product.state === 'waiting' && (level?.state === 'failed' || level?.state === 'cancelled'))
      return [{ do: 'settle', productId: product.id, as: level.state, error: level.error }];
    const actions = nextForProduct([match, level].find(isOpen) ?? product, {
      inputs: inputsFor(step, made),
      stopping: false,
      stopKnown: false,
    });
    return step.paused ? actions.filter((action) => endsWhatIsUnderWay(action, facts)) : actions;
  });
};

/** What of the run's own comes to its end without a result. */
const stop = (products: readonly ProductFacts[], { control: { version, known } }: RunFacts): ProductAction[] =>
  products.flatMap((product) => nextForProduct(product, { inputs: 'missing', stopping: true, stopKnown: version > 0 && known }));

/** Inputs of the run are there anyway. */
const inputsFor = ({ reads, follows, product }: StepFacts, made: ReadonlyMap<string, ProductFacts>): ProductContext['inputs'] => {
  const missing = reads.map((id) => made.get(id)).filter((product) => product !== undefined && product.state !== 'ready');
  if (missing.length === 0) return 'ready';
  const followed = follows === null ? undefined : made.get(follows);
  if (!followed || !missing.every((one) => one === followed)) return 'missing';
  // What was begun to take rows that will not come is submitted all the same: the executor ends it.
  return givesRows(followed) || (product.state === 'writing' && isSettled(followed)) ? 'rows' : 'missing';
};

/** Known to the executor, and not at an end without a result. */
const givesRows = ({ state, stage }: ProductFacts): boolean =>
  state === 'writing' && stage !== null && stage.submitted && (stage.state === 'running' || stage.state === 'succeeded');

const exporting = (facts: RunFacts): RunAction[] => {
  for (const { step, product } of facts.exports) {
    if (product.state === 'failed') return [{ do: 'fail', error: product.error ?? lost(`The export of step ${step} failed.`) }];
    if (product.state === 'cancelled') return [{ do: 'fail', error: lost(`The export of step ${step} was cancelled.`) }];
  }
  if (facts.exports.every(({ product }) => product.state === 'ready')) {
    return [{ do: 'finish', from: 'exporting', state: success(facts) }];
  }
  return facts.exports.flatMap(({ product }) => nextForProduct(product, { inputs: 'ready', stopping: false, stopKnown: false }));
};

const success = ({ steps }: RunFacts): EndState => {
  if (steps.length > 0 && steps.every(isCalledOff)) return 'cancelled';
  return steps.some((step) => isCalledOff(step) || step.product.failedRows > 0) ? 'partially_succeeded' : 'succeeded';
};

/** Stops everything that is the run's own; the run ends when all of it has ended. */
const stopAll = (facts: RunFacts, end: 'failed' | 'cancelled'): RunAction[] => {
  const open = ownProducts(facts).filter((product) => !isSettled(product));
  if (open.length === 0) return [{ do: 'finish', from: facts.state, state: end }];
  const { version, known } = facts.control;
  const actions = stop(open, facts);
  const atExecutor = open.some(({ state, stage }) => state === 'writing' && stage !== null && !hasStopped(stage.state));
  return atExecutor && !(version > 0 && known) ? [{ do: 'control', state: 'cancelled', version }, ...actions] : actions;
};

const ownProducts = ({ inputs, quote, steps, exports }: RunFacts): ProductFacts[] => [
  ...inputs.filter(({ own }) => own).map(({ product }) => product),
  ...(quote?.samples ?? []).map(({ product }) => product),
  ...steps.flatMap(({ product, match, level }) => [match, level, product].filter((one) => one !== null)),
  ...exports.map(({ product }) => product),
];

const hasStopped = (state: string | null): boolean => state !== null && state !== 'running';

const lost = (message: string): ErrorPayload => ({ code: 'step_lost', class: 'internal', message });
