import { kindOfLabel, kindsNamedIn } from '../patterns/labels.js';
import { type Kind } from '../patterns/span.js';
import { classifyAll } from './classify.js';
import { entitiesOf, type Entity, type Wanted, wantedByInstructions, wantedOf } from './entities.js';
import { remember } from './cache.js';
import { enumOf, propertiesOf, type Shape, type Slot } from './schema.js';
import { bestSentence, keySentences, keywordsOf } from './summary.js';
import { type Task } from './task.js';
import { shorten } from './text.js';
import { kindOfName } from './values.js';

const TYPE = /^(?:type|kind|label|category|entity_?type|class|pii_?type)$/i;
const VALUE = /^(?:value|text|entity|mention|span|match|content|string|word|phrase|quote|name|raw|original)$/i;
const START = /^(?:start|begin|offset|from|start_?(?:offset|position|index|pos|char))$/i;
const END = /^(?:end|stop|to|end_?(?:offset|position|index|pos|char))$/i;

const wantedByEnum = remember((labels: string): Wanted => wantedOf(JSON.parse(labels) as string[]), 128);
const only = remember((kind: string): Wanted => new Map([[kind as Kind, kind]]), 64);

/** Which kinds a list is to hold: those of its type's enum, of its name, of its description, of the instructions. */
const wantedFor = (slot: Slot, type: Shape | null, task: Task): Wanted => {
  const labels = type ? enumOf(type)?.filter((label) => typeof label === 'string') : undefined;
  if (labels && labels.length > 0) return wantedByEnum(JSON.stringify(labels));
  const kind = kindOfName(slot.name) ?? kindOfLabel(slot.name);
  if (kind) return only(kind);
  if (slot.description !== '' && kindsNamedIn(slot.description).size > 0) return wantedByInstructions(slot.description);
  return wantedByInstructions(task.instructions);
};

/**
 * The elements of a list of found things: objects with a value and perhaps a type and positions. Null if its items are none. The
 * element's other properties are left to the caller.
 */
export const entityItems = (
  slot: Slot,
  item: Shape,
  shapes: ReadonlyMap<string, Shape>,
  task: Task,
): { entity: Entity; known: Record<string, unknown> }[] | null => {
  const names = propertiesOf(item).map(([name]) => name);
  const typeName = names.find((name) => TYPE.test(name));
  const valueName =
    names.find((name) => VALUE.test(name)) ??
    (names.length === 1 || typeName === undefined ? names.find((name) => kindOfName(name) !== null) : undefined);
  if (valueName === undefined) return null;
  const kindName = kindOfName(slot.name) ?? kindOfName(valueName);
  if (typeName === undefined && kindName === null && !/entit|finding|mention|pii|span/i.test(slot.name)) return null;
  const type = typeName === undefined ? null : (shapes.get(typeName) ?? null);
  const wanted = type === null && kindOfName(slot.name) === null && kindName !== null ? only(kindName) : wantedFor(slot, type, task);
  return entitiesOf(task.text, wanted).map((entity) => ({
    entity,
    known: Object.fromEntries(
      names.flatMap((name): [string, unknown][] => {
        if (name === valueName) return [[name, entity.value]];
        if (name === typeName) return [[name, entity.type]];
        if (START.test(name)) return [[name, entity.start]];
        return END.test(name) ? [[name, entity.end]] : [];
      }),
    ),
  }));
};

/** The elements of a list of texts. */
export const textItems = (slot: Slot, item: Shape, task: Task): string[] => {
  const labels = enumOf(item)?.filter((label) => typeof label === 'string');
  if (labels && labels.length > 0) return classifyAll(labels, task.text, task.instructions);
  if (/keyword|tag|topic|theme|term|concept|categor/i.test(slot.name)) return keywordsOf(task.text, 5);
  if (kindOfName(slot.name) !== null) return [...new Set(entitiesOf(task.text, wantedFor(slot, null, task)).map(({ value }) => value))];
  if (/point|sentence|highlight|takeaway|fact|summary|action|step|bullet|insight|finding/i.test(slot.name))
    return keySentences(task.text, 3).map((sentence) => shorten(sentence, 300));
  const named = kindsNamedIn(`${slot.name.replaceAll('_', ' ')} ${slot.description}`);
  if (named.size > 0)
    return [
      ...new Set(
        entitiesOf(task.text, wantedByInstructions(`${slot.name.replaceAll('_', ' ')} ${slot.description}`)).map(({ value }) => value),
      ),
    ];
  const sentence = bestSentence(task.text, `${slot.name.replaceAll('_', ' ')} ${slot.description}`);
  return sentence === null ? [] : [shorten(sentence, 300)];
};
