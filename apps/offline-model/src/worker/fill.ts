import { type JsonSchemaNode } from '../server/chat.js';
import { classify } from './classify.js';
import { entityItems, textItems } from './fill-array.js';
import { fillBoolean } from './fill-boolean.js';
import { fillNumber } from './fill-number.js';
import { fillString } from './fill-string.js';
import { candidatesOf, judge, type Verdict } from './judge.js';
import { fitNumber, fitText, shortestText } from './limits.js';
import { enumOf, itemOf, limitOf, propertiesOf, requiredOf, type Shape, shapeOf, type Slot, slotOf } from './schema.js';
import { type Task } from './task.js';

interface Filling {
  root: JsonSchemaNode;
  task: Task;
  verdict: Verdict | null;
}

/** Schemas that hold themselves end here, with their shortest valid values. */
const DEEPEST = 16;

/**
 * A value that is valid against a JSON Schema, filled from the row by the names, descriptions, enums and types of its properties.
 * Where the row gives nothing: null if it may be, left out if it may be, else the shortest valid value.
 */
export const fillSchema = (schema: JsonSchemaNode, task: Task): unknown => {
  const candidates = candidatesOf(task);
  const filling = { root: schema, task, verdict: candidates ? judge(candidates) : null };
  const slot = slotOf('', schema, schema);
  return slot.type === null && !slot.node.enum ? {} : fill(slot, filling, 0);
};

const fill = (slot: Slot, filling: Filling, depth: number): unknown =>
  guess(slot, filling, depth) ?? (slot.nullable ? null : shortest(slot, filling, depth));

const guess = (slot: Slot, filling: Filling, depth: number): unknown => {
  const { task, verdict } = filling;
  if (verdict && depth === 1) {
    const judged = fromVerdict(slot, verdict, task);
    if (judged !== undefined) return judged;
  }
  const choices = enumOf(slot);
  if (choices) return choose(choices, slot, task);
  switch (slot.type) {
    case 'string':
      return fillString(slot, task);
    case 'number':
    case 'integer':
      return fillNumber(slot, task);
    case 'boolean':
      return fillBoolean(slot, task);
    case 'array':
      return depth > DEEPEST ? undefined : fillArray(slot, filling, depth);
    case 'object':
      return depth > DEEPEST ? undefined : fillObject(slot, filling, depth);
    case 'null':
      return null;
    case null:
      return fillString({ ...slot, type: 'string', nullable: true }, task) ?? null;
  }
};

const choose = (choices: readonly unknown[], slot: Slot, task: Task): unknown => {
  const labels = choices.filter((choice) => typeof choice === 'string');
  if (labels.length > 0) {
    if (labels.length === 2 && labels.every((label) => /^(?:yes|no|true|false)$/i.test(label))) {
      const answer = fillBoolean(slot, task);
      return labels.find((label) => /^(?:yes|true)$/i.test(label) === answer);
    }
    return classify(labels, task.text, `${slot.description}\n${task.instructions}`);
  }
  const numbers = choices.filter((choice) => typeof choice === 'number');
  const [first] = numbers;
  if (first === undefined) return choices[0];
  const scale = { minimum: Math.min(...numbers), maximum: Math.max(...numbers) };
  const value = fillNumber({ ...slot, type: 'number', node: scale }, task) ?? first;
  return numbers.reduce((best, number) => (Math.abs(number - value) < Math.abs(best - value) ? number : best));
};

const fillObject = (slot: Slot, filling: Filling, depth: number, known: Record<string, unknown> = {}): Record<string, unknown> => {
  const required = requiredOf(slot);
  const value: Record<string, unknown> = {};
  for (const [name, node] of propertiesOf(slot)) {
    const property = slotOf(name, node, filling.root);
    const given = name in known ? fit(known[name], property) : undefined;
    const guessed = given ?? guess(property, filling, depth + 1);
    if (guessed !== undefined) value[name] = guessed;
    else if (required.has(name)) value[name] = property.nullable ? null : shortest(property, filling, depth + 1);
  }
  for (const name of required) if (!(name in value)) value[name] = null;
  return value;
};

/** A known value as the property takes it; undefined if it does not. */
const fit = (value: unknown, slot: Slot): unknown => {
  const choices = enumOf(slot);
  if (choices) return choices.includes(value) ? value : undefined;
  if (typeof value === 'string') return slot.type === 'string' || slot.type === null ? fitText(value, slot) : undefined;
  if (typeof value === 'number') return slot.type === 'integer' || slot.type === 'number' ? fitNumber(value, slot) : undefined;
  return undefined;
};

const fillArray = (slot: Slot, filling: Filling, depth: number): unknown[] => {
  const item = slotOf(slot.name, itemOf(slot), filling.root);
  const values = arrayValues(slot, item, filling, depth);
  const unique = slot.node.uniqueItems === true ? [...new Map(values.map((value) => [JSON.stringify(value), value])).values()] : values;
  const kept = unique.slice(0, limitOf(slot, 'maxItems') ?? unique.length);
  const least = limitOf(slot, 'minItems') ?? 0;
  for (let index = kept.length; index < least; index++) kept.push(shortest(item, filling, depth + 1));
  return kept;
};

const arrayValues = (slot: Slot, item: Slot, filling: Filling, depth: number): unknown[] => {
  const { task, root } = filling;
  switch (item.type) {
    case 'object': {
      const shapes = new Map<string, Shape>(propertiesOf(item).map(([name, node]) => [name, shapeOf(node, root)]));
      const found = entityItems(slot, item, shapes, task);
      if (found)
        return found.map(({ entity, known }) =>
          fillObject(item, { ...filling, task: around(entity.start, entity.end, task) }, depth + 1, known),
        );
      return task.text.trim() === '' ? [] : [fillObject(item, filling, depth + 1)];
    }
    case 'string':
      return textItems(slot, item, task).flatMap((text) => (enumOf(item) ? [text] : (fitText(text, item) ?? [])));
    case 'number':
    case 'integer': {
      const value = fillNumber(item, task);
      return value === undefined ? [] : [value];
    }
    case 'boolean':
    case 'array':
    case 'null':
    case null:
      return [];
  }
};

/** Characters around a found value that its other properties are told by. */
const SURROUNDINGS = 120;
const around = (start: number, end: number, task: Task): Task => ({
  ...task,
  text: task.text.slice(Math.max(0, start - SURROUNDINGS), end + SURROUNDINGS),
});

/** The shortest value that is valid. */
const shortest = (slot: Slot, filling: Filling, depth: number): unknown => {
  if (slot.nullable) return null;
  const choices = enumOf(slot);
  if (choices) return choices[0];
  switch (slot.type) {
    case 'string':
      return shortestText(slot);
    case 'number':
    case 'integer':
      return fitNumber(0, slot);
    case 'boolean':
      return false;
    case 'array': {
      const item = slotOf(slot.name, itemOf(slot), filling.root);
      return depth > DEEPEST ? [] : Array.from({ length: limitOf(slot, 'minItems') ?? 0 }, () => shortest(item, filling, depth + 1));
    }
    case 'object': {
      if (depth > DEEPEST) return {};
      const required = requiredOf(slot);
      return Object.fromEntries(
        propertiesOf(slot).flatMap(([name, node]) =>
          required.has(name) ? [[name, shortest(slotOf(name, node, filling.root), filling, depth + 1)]] : [],
        ),
      );
    }
    case 'null':
    case null:
      return null;
  }
};

const CHOSEN = /^(?:best|winner|chosen|choice|choose|index|selected|selection|verdict|pick|candidate|answer)/i;

/** What a verdict says to a property: the candidate's number or label, or its own property of that name. */
const fromVerdict = (slot: Slot, { index, candidate, agreeing }: Verdict, task: Task): unknown => {
  if (slot.type === 'integer' || slot.type === 'number') {
    if (/agree|votes|support/i.test(slot.name)) return fitNumber(agreeing, slot);
    if (!CHOSEN.test(slot.name)) return undefined;
    const fromZero =
      limitOf(slot, 'minimum') === 0 || /zero-based|from 0|starting (?:at|with) 0/i.test(`${slot.description} ${task.instructions}`);
    const numbered = /^\d+$/.test(candidate.label) ? Number(candidate.label) : index + 1;
    return fitNumber(fromZero ? index : numbered, slot);
  }
  const { value } = candidate;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && slot.name in value) {
    return (value as Record<string, unknown>)[slot.name];
  }
  if (slot.type !== 'string') return undefined;
  if (/reason|explanation|rationale/i.test(slot.name))
    return fitText(`${agreeing} of the candidates say the same, and it is the most like the others. Judged by rules.`, slot);
  const choices = enumOf(slot)?.filter((choice) => typeof choice === 'string');
  if (choices) return choices.find((choice) => choice === candidate.label || choice === candidate.text);
  return CHOSEN.test(slot.name) ? fitText(/label|id$|letter|which/i.test(slot.name) ? candidate.label : candidate.text, slot) : undefined;
};
