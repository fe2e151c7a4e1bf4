import {
  CapabilityDefinition,
  type CapabilityId,
  type Fault,
  type Plan,
  type Step,
  capabilityIdOf,
  definitionsOf,
  effectsOf,
  excerpt,
} from '@apwa/contracts';
import { isDeepStrictEqual } from 'node:util';
import { misfitsOf } from '../production/misfits.js';
import { calledBy } from '../production/work.js';
import { type Standing, isFixed } from './standings.js';
import { workHash } from './work-hash.js';

export interface AmendmentContext {
  before: Plan;
  /** Of the steps of `before`. */
  standings: ReadonlyMap<string, Standing>;
  /** What steps did that failed: `workHash`. */
  failed: ReadonlySet<string>;
  /** What steps did whose failed rows were done again. */
  redone: ReadonlySet<string>;
}

/** Places of a step that are named; more help nobody. */
const MOST_PLACES = 5;

/** What is wrong with a plan in the place of one that is being carried out, beside what may be wrong with any plan. Fields as the plan has them. */
export const checkAmendment = (after: Plan, context: AmendmentContext): Fault[] => {
  const { before, standings, failed } = context;
  const ofStanding = (standing: Standing) => before.steps.filter(({ id }) => standings.get(id) === standing);
  const again = ofStanding('again');
  if (again.length === 0 && isDeepStrictEqual(before, after) && JSON.stringify(before) === JSON.stringify(after))
    return [{ field: 'steps', message: 'are those of the plan as it is', allowed: 'a plan that changes something, or redo' }];
  const now = new Map(after.steps.map((step, index) => [step.id, { step, index }]));
  return [
    ...before.steps.filter(({ id }) => isFixed(standings.get(id))).flatMap((step) => faultsOfBegun(step, now.get(step.id))),
    ...faultsOfCalled(after, context),
    ...again.flatMap((step) => faultsOfRedone(step, now.get(step.id), after, context)),
    ...ofStanding('failed').flatMap((step) => faultsOfAgain(step, now.get(step.id), before)),
    ...after.steps.flatMap(({ id }, index): Fault[] =>
      failed.has(workHash(after, id))
        ? [
            {
              field: `steps[${index}]`,
              message: `step ${id} does what failed before`,
              value: id,
              allowed: 'a step that does it in another way',
            },
          ]
        : [],
    ),
  ];
};

/** A checked plan, with steps that have begun as they stood: the order of their keys too. */
export const withBegun = (after: Plan, { before, standings }: AmendmentContext): Plan => {
  const begun = new Map(before.steps.filter(({ id }) => isFixed(standings.get(id))).map((step) => [step.id, step]));
  return { ...after, steps: after.steps.map((step) => begun.get(step.id) ?? step) };
};

type Placed = { step: Step; index: number } | undefined;

const faultsOfBegun = (step: Step, placed: Placed): Fault[] => {
  if (!placed)
    return [{ field: 'steps', message: `step ${step.id} is missing, and it has begun`, value: step.id, allowed: 'the step as it was' }];
  return faultsOfPlaces(step, placed.step, `steps[${placed.index}]`, `step ${step.id}`);
};

const faultsOfPlaces = (before: object, after: object, place: string, of: string): Fault[] =>
  placesOf(before, after, place)
    .slice(0, MOST_PLACES)
    .map(({ field, was, is }) => ({
      field,
      message: `of ${of} cannot change: the step has begun`,
      value: is === undefined ? 'left out' : excerpt(is),
      allowed: was === undefined ? 'nothing' : excerpt(was),
    }));

interface Place {
  field: string;
  was: unknown;
  is: unknown;
}

/** Where two values differ, as deep as can be said. */
const placesOf = (was: unknown, is: unknown, field: string): Place[] => {
  if (isDeepStrictEqual(was, is)) return [];
  if (!isRecord(was) || !isRecord(is)) return [{ field, was, is }];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) => placesOf(was[key], is[key], `${field}.${key}`));
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Capabilities that steps call which have begun: other members may be about to call them. */
const faultsOfCalled = (after: Plan, { before, standings }: AmendmentContext): Fault[] => {
  const now = definitionsOf(after.capabilities).map((definition, index) => ({ definition, index }));
  const called = new Set(before.steps.filter(({ id }) => isFixed(standings.get(id))).flatMap(calledByStep));
  return definitionsOf(before.capabilities).flatMap((was): Fault[] => {
    const id = capabilityIdOf(was);
    const is = now.find(({ definition }) => capabilityIdOf(definition) === id);
    if (!called.has(id) || isDeepStrictEqual(was, is?.definition)) return [];
    const field = is ? `capabilities[${is.index}]` : 'capabilities';
    return [{ field, message: `${id} cannot change: a step that calls it has begun`, value: id, allowed: 'the capability as it was' }];
  });
};

/** A step whose failed rows are done again: rows that are ok stay, so they have to fit, and what did not help once does not help again. */
const faultsOfRedone = (step: Step, placed: Placed, after: Plan, { before, redone }: AmendmentContext): Fault[] => {
  if (!placed) return faultsOfBegun(step, placed);
  const field = `steps[${placed.index}]`;
  const { step: now } = placed;
  if (redone.has(workHash(after, step.id)))
    return [
      {
        field,
        message: `step ${step.id} has done its failed rows again just so, and they failed`,
        value: step.id,
        allowed: 'a step that does it in another way, or a plan without redo of it',
      },
    ];
  if (step.kind !== 'map' || now.kind !== 'map') return faultsOfBegun(step, placed);
  const { template: was, ...rest } = step;
  const { template: is, ...others } = now;
  const { capabilities } = before;
  return [
    ...faultsOfPlaces(rest, others, field, `step ${step.id}`),
    ...misfitsOf({ template: was, capabilities }, { template: is, capabilities: after.capabilities }, `${field}.template`),
  ];
};

/** What was called that must not be called twice is not done again, by whatever template. */
const faultsOfAgain = (step: Step, placed: Placed, { capabilities }: Plan): Fault[] => {
  const unsafe = calledByStep(step).find((id) =>
    definitionsOf(capabilities).some((one) => capabilityIdOf(one) === id && effectsOf(one) === 'unsafe'),
  );
  if (!placed || unsafe === undefined) return [];
  const message = `step ${step.id} has called ${unsafe}, which must not be called twice for a row: it cannot be done again`;
  return [{ field: `steps[${placed.index}]`, message, value: step.id, allowed: 'a plan without the step, and without those that read it' }];
};

const calledByStep = (step: Step): readonly CapabilityId[] => (step.kind === 'map' ? calledBy(step.template) : []);

/**
 * What a planner's document of a plan brings that is not for it to bring. Code that it wrote runs in a sandbox; what people gave the plan
 * stays, and what they registered may be named. Of where a definition comes from the document itself says nothing that counts.
 */
export const faultsOfBrought = (document: unknown, before: Plan): Fault[] => {
  const { capabilities } = (document ?? {}) as { capabilities?: unknown };
  const had = definitionsOf(before.capabilities);
  return (Array.isArray(capabilities) ? capabilities : []).flatMap((one: unknown, index): Fault[] => {
    const { kind } = (one ?? {}) as { kind?: unknown };
    const read = CapabilityDefinition.safeParse(one);
    const stood = had.some((was) => isDeepStrictEqual(was, one) || isDeepStrictEqual(was, read.data));
    if (kind === 'javascript' || kind === 'registered' || stood) return [];
    const allowed = 'javascript, registered, or what the plan has';
    return [{ field: `capabilities[${index}].kind`, message: 'is not for planners', value: excerpt(kind), allowed }];
  });
};
