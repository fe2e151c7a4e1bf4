import { capabilitiesWith } from '@apwa/capabilities';
import {
  DEFAULT_SAMPLE_ROWS,
  type Plan,
  type RunRequest,
  type Step,
  type Template,
  callsModel,
  definitionsOf,
  inputsOf,
} from '@apwa/contracts';

/** Of what a quote is made, as the request has it, or as it is where nothing was said. */
export interface QuoteTerms {
  rows: number;
  /** This step alone, and what it needs. */
  step: string | null;
}

/** Who is to approve a plan is told what it will cost; nobody else waits for that unless he asks for it. */
export const quoteTermsOf = ({ quote, approval }: Pick<RunRequest, 'quote' | 'approval'>): QuoteTerms | null => {
  const wanted = quote ?? approval === 'required';
  if (wanted === false) return null;
  const { rows = DEFAULT_SAMPLE_ROWS, step = null } = wanted === true ? {} : wanted;
  return { rows, step };
};

/** A step as it is run for a quote. `whole`: of all rows, for no model is called until there; `rows`: of a sample. */
export interface Sample {
  step: string;
  of: 'whole' | 'rows';
}

export const asksModel = (step: Step): boolean => step.kind === 'reduce' || (step.kind === 'map' && callsModel(step.template));

/** Whether a row of it may change something elsewhere: that is not done before a plan is approved, nor once more for a look at it. */
const hasEffects = (template: Template, { capabilities }: Plan): boolean => {
  const known = capabilitiesWith(definitionsOf(capabilities));
  const called = template.mode === 'capability' ? [template.capability] : template.mode === 'agent' ? template.capabilities : [];
  return called.some((id) => known.find(id)?.effects !== 'none');
};

/** Whether and of what a quote of this plan is made: there is none of a plan that calls no model. */
export const termsFor = (plan: Plan | null, request: Pick<RunRequest, 'quote' | 'approval'>): QuoteTerms | null =>
  plan?.steps.some(asksModel) ? quoteTermsOf(request) : null;

/** How far a table is there before the run: as it will be, by some of its rows, or not at all. */
type Known = 'whole' | 'rows' | 'none';

/** `throughQueries`: queries over samples are run as well. What they make stands for nothing but themselves: good to look at, not to extrapolate from. */
const knownOf = (plan: Plan, throughQueries: boolean): ((name: string) => Known) => {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const found = new Map<string, Known>();
  const look = (name: string): Known => {
    const step = steps.get(name);
    if (!step) return 'whole';
    const before = found.get(name);
    if (before) return before;
    const reads = inputsOf(step).map(look);
    const known = knownBy(step, reads, { plan, throughQueries });
    found.set(name, known);
    return known;
  };
  return look;
};

const knownBy = (step: Step, reads: Known[], { plan, throughQueries }: { plan: Plan; throughQueries: boolean }): Known => {
  if (reads.includes('none')) return 'none';
  const whole = !reads.includes('rows');
  switch (step.kind) {
    case 'map':
      return hasEffects(step.template, plan) ? 'none' : 'rows';
    case 'split':
      return whole ? 'whole' : 'rows';
    case 'table':
      return 'whole';
    // Of some rows of its groups it would make other answers.
    case 'reduce':
      return 'none';
    case 'sql':
      if (whole) return 'whole';
      return throughQueries ? 'rows' : 'none';
  }
};

/** The steps that are run for a quote: those that call a model, as far as that can be done before the run, and what they read. */
export const samplesOf = (plan: Plan, { step: only }: QuoteTerms): Sample[] => {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const known = knownOf(plan, only !== null);
  const wanted = new Set<string>();
  const want = (name: string): void => {
    const step = steps.get(name);
    if (!step || wanted.has(name)) return;
    for (const read of inputsOf(step)) want(read);
    wanted.add(name);
  };
  for (const step of plan.steps) if (only === null ? asksModel(step) && known(step.id) === 'rows' : step.id === only) want(step.id);
  return [...wanted].flatMap((step): Sample[] => {
    const of = known(step);
    return of === 'none' ? [] : [{ step, of }];
  });
};

/** Steps that are the same in both plans, with all that they read: what was sampled of them stands. */
export const unchangedSteps = (before: Plan, after: Plan): Set<string> => {
  const old = new Map(before.steps.map((step) => [step.id, JSON.stringify(step)]));
  const now = new Map(after.steps.map((step) => [step.id, step]));
  const isSame = (name: string): boolean => {
    const step = now.get(name);
    if (!step) return !old.has(name);
    return old.get(name) === JSON.stringify(step) && inputsOf(step).every(isSame);
  };
  return new Set(JSON.stringify(before.capabilities) === JSON.stringify(after.capabilities) ? [...now.keys()].filter(isSame) : []);
};
