import { type Fault, type JsonObject, type Plan, type Run, type Step, Template } from '@apwa/contracts';
import { misfitsOf } from '../production/misfits.js';
import { faultsOf } from '../shapes/faults.js';

/** A run that has ended, as far as its redrive goes by it. */
export interface EndedRun {
  plan: Plan;
  steps: Pick<Run['steps'][number], 'id' | 'kind' | 'state' | 'counts'>[];
}

export type Redriven = { plan: Plan; steps: string[] } | { faults: Fault[] };

/** The plan of a redrive, and the steps whose failed rows are done again; or everything that is wrong with what is wanted. */
export const planRedrive = (
  { plan, steps }: EndedRun,
  wanted: { steps?: string[] | undefined; templates: Record<string, JsonObject> },
): Redriven => {
  const ofKind = (...kinds: Step['kind'][]) => plan.steps.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id);
  const maps = ofKind('map');
  const answered = ofKind('map', 'reduce');
  const faults = [
    ...(wanted.steps ?? []).map((id, index) => notOfKind('map or reduce', `steps[${index}]`, id, answered)),
    ...Object.keys(wanted.templates).map((id) => notOfKind('map', `templates.${id}`, id, maps)),
  ].flatMap((fault) => fault ?? []);
  const chosen = wanted.steps ?? answered;
  for (const id of Object.keys(wanted.templates))
    if (maps.includes(id) && !chosen.includes(id))
      faults.push({ field: `templates.${id}`, message: 'is of a step that is not done again', value: id, allowed: chosen.join(', ') });
  const changed = plan.steps.map((step) => {
    const change = step.kind === 'map' ? wanted.templates[step.id] : undefined;
    if (step.kind !== 'map' || !change) return step;
    const result = changedTemplate(step.template, change, `templates.${step.id}`, plan.capabilities);
    if ('faults' in result) faults.push(...result.faults);
    return 'template' in result ? { ...step, template: result.template } : step;
  });
  if (faults.length > 0) return { faults };
  const byId = new Map(steps.map((step) => [step.id, step]));
  const left = steps.filter(({ state }) => state !== 'succeeded');
  // Rows that may have made a call which must never be made twice are nobody's to do again.
  const again = (id: string): number => {
    const { failed = 0, errors } = byId.get(id)?.counts ?? {};
    return failed - (errors?.unknown ?? 0);
  };
  const failed = chosen.filter((id) => again(id) > 0);
  if (failed.length === 0 && left.length === 0) {
    const withFailures = answered.filter((id) => again(id) > 0);
    const allowed = withFailures.length > 0 ? withFailures.join(', ') : 'a run with failed rows, or one that did not get to its end';
    return {
      faults: [{ field: 'steps', message: 'have no failed rows: nothing is left to be done again', value: chosen.join(', '), allowed }],
    };
  }
  return { plan: { ...plan, steps: changed }, steps: chosen };
};

const notOfKind = (kind: string, field: string, id: string, those: string[]): Fault | null =>
  those.includes(id) ? null : { field, message: `is no step of kind ${kind} of the run`, value: id, allowed: those.join(', ') };

/** A template with some of its keys replaced, if the rows that stay fit it: its result has the same columns. */
const changedTemplate = (
  template: Template,
  change: JsonObject,
  field: string,
  capabilities: Plan['capabilities'],
): { template: Template } | { faults: Fault[] } => {
  const document = { ...template, ...change };
  const parsed = Template.safeParse(document);
  if (!parsed.success)
    return {
      faults: faultsOf(parsed.error, document, Template, '').map((fault) => ({
        ...fault,
        field: [field, fault.field].filter(Boolean).join('.'),
      })),
    };
  const faults = misfitsOf({ template, capabilities }, { template: parsed.data, capabilities }, field);
  return faults.length > 0 ? { faults } : { template: parsed.data };
};
