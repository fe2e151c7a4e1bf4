import { type Fault, inputsOf } from '@apwa/contracts';
import { allowedNames } from './nearest.js';
import { type PlacedStep } from './shape.js';

/** Checks how the parts of a plan name each other: ids, what steps read, cycles, outputs. */
export const checkGraph = (
  steps: PlacedStep[],
  outputs: string[],
  inputs: readonly string[],
  requested: readonly string[],
  /** Ids of steps that could not be read: they count as there, so that one fault is not told twice. */
  unreadable: ReadonlySet<string>,
): Fault[] => {
  const ids = steps.map(({ step }) => step.id);
  const known = [...inputs, ...ids, ...unreadable];
  return [
    ...checkIds(steps, inputs),
    ...steps.flatMap((placed) => checkReads(placed, known)),
    ...cyclesOf(steps.filter(({ step }) => !inputs.includes(step.id))).map((cycle) => ({
      field: 'steps',
      message: `these steps wait for each other: ${[...cycle, cycle[0]].join(' → ')}`,
      value: cycle.join(', '),
      allowed: 'steps that read inputs or steps which do not need their result',
    })),
    ...checkOutputs(outputs, [...ids, ...unreadable], inputs),
    ...requested
      .filter((id) => !ids.includes(id) && !unreadable.has(id))
      .map((id) => ({
        field: 'steps',
        message: `a file of step ${id} is asked for, and there is no such step`,
        allowed: `a step with the id ${id}`,
      })),
  ];
};

const checkIds = (steps: PlacedStep[], inputs: readonly string[]): Fault[] => {
  const first = new Map<string, number>();
  return steps.flatMap(({ index, step }): Fault[] => {
    const field = `steps[${index}].id`;
    const before = first.get(step.id);
    if (before !== undefined) return [{ field, message: `is the id of steps[${before}] too`, value: step.id, allowed: 'an id of its own' }];
    first.set(step.id, index);
    if (!inputs.includes(step.id)) return [];
    return [{ field, message: 'is the name of an input', value: step.id, allowed: `anything but ${inputs.join(', ')}` }];
  });
};

const checkReads = ({ index, step }: PlacedStep, known: string[]): Fault[] => {
  const others = known.filter((name) => name !== step.id);
  const seen = new Set<string>();
  return inputsOf(step).flatMap((name, place): Fault[] => {
    const field = step.kind === 'sql' ? `steps[${index}].inputs[${place}]` : `steps[${index}].input`;
    if (seen.has(name)) return [{ field, message: 'is named twice', value: name, allowed: 'each name once' }];
    seen.add(name);
    // A step that reads itself is a cycle, and told as one.
    if (name === step.id || known.includes(name)) return [];
    return [{ field, message: `step ${step.id} reads a table that is not there`, value: name, allowed: allowedNames(name, others) }];
  });
};

const checkOutputs = (outputs: string[], ids: string[], inputs: readonly string[]): Fault[] => {
  const seen = new Set<string>();
  return outputs.flatMap((name, index): Fault[] => {
    const field = `outputs[${index}]`;
    if (seen.has(name)) return [{ field, message: 'is named twice', value: name, allowed: 'each name once' }];
    seen.add(name);
    if (ids.includes(name)) return [];
    const message = inputs.includes(name) ? 'is an input: an output is the result of a step' : 'is not the id of a step';
    return [{ field, message, value: name, allowed: allowedNames(name, ids) }];
  });
};

/** Groups of steps that wait for each other, each in the order in which they do. */
const cyclesOf = (steps: PlacedStep[]): string[][] => {
  const byId = new Map(steps.map(({ step }) => [step.id, step]));
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (id: string, path: string[]): void => {
    const at = path.indexOf(id);
    if (at >= 0) {
      cycles.push(path.slice(at));
      return;
    }
    const step = byId.get(id);
    if (!step || done.has(id)) return;
    for (const name of inputsOf(step)) visit(name, [...path, id]);
    done.add(id);
  };
  for (const id of byId.keys()) visit(id, []);
  return cycles;
};

/** Steps in an order in which each comes after those that it reads. Steps of a cycle, and after one, are left out. */
export const inOrder = (steps: PlacedStep[]): PlacedStep[] => {
  const waiting = new Map(steps.map((placed) => [placed.step.id, placed]));
  const order: PlacedStep[] = [];
  for (let before = -1; before !== order.length;) {
    before = order.length;
    for (const placed of [...waiting.values()]) {
      if (inputsOf(placed.step).some((name) => waiting.has(name))) continue;
      waiting.delete(placed.step.id);
      order.push(placed);
    }
  }
  return order;
};
