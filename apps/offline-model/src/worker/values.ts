import { findSpans } from '../patterns/find.js';
import { kindOfLabel } from '../patterns/labels.js';
import { type Kind } from '../patterns/span.js';
import { type Task } from './task.js';
import { wordsOfName } from './text.js';

const PERSONS =
  /^(?:customer|author|patient|first|last|full|sender|user|contact|person|employee|client|reviewer|speaker|writer|candidate|guest|member|student|owner|buyer|seller|manager|recipient|given|family|sur|maiden)$/;
const ORGANISATIONS = /^(?:company|organi[sz]ation|business|brand|employer|vendor|supplier|merchant|store|firm|agency|institution)$/;
const PLACES = /^(?:city|country|place|location|town|state|region|destination)$/;
/** Words that make a name something else than the kind of its last word. */
const NOT_A_KIND = /^(?:file|product|column|table|model|brand|event|project|item|category|error|song|book|film|movie|field|time_?zone)$/;

/** The kind that a property's name speaks of: `customer_email` an e-mail address, `product_name` none. */
export const kindOfName = (name: string): Kind | null => {
  const words = wordsOfName(name);
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (/^names?$/.test(last)) {
    if (ORGANISATIONS.test(before)) return 'organisation';
    if (PLACES.test(before)) return 'place';
    return words.length === 1 || PERSONS.test(before) ? 'person' : null;
  }
  if (words.some((word) => NOT_A_KIND.test(word))) return null;
  if (last === 'title' || last === 'position' || last === 'role') return words.includes('job') ? 'title' : null;
  if (last === 'id' || last === 'state' || last === 'time' || last === 'cost') return words.length > 1 && last === 'cost' ? 'amount' : null;
  for (const length of [3, 2, 1]) {
    const kind = kindOfLabel(words.slice(-length).join('_'));
    if (kind) return kind;
  }
  return null;
};

/** All values of a kind in the task's text. */
export const valuesOf = (text: string, kind: Kind): string[] =>
  findSpans(text, new Set([kind])).map(({ start, end }) => text.slice(start, end));

/** How far before a value a word may stand that speaks for it, in characters. */
const REACH = 48;

/** The value of a kind that a property means: the one with the words of its name nearest before it, else the first. */
export const valueFor = (task: Task, kind: Kind, name: string): string | null => {
  const words = wordsOfName(name).filter((word) => word.length > 2 && kindOfLabel(word) === null);
  let best: { value: string; weight: number } | null = null;
  for (const { start, end } of findSpans(task.text, new Set([kind]))) {
    const before = task.text.slice(Math.max(0, start - REACH), start).toLowerCase();
    const weight = words.filter((word) => before.includes(word)).length;
    if (weight > (best?.weight ?? -1)) best = { value: task.text.slice(start, end), weight };
  }
  return best?.value ?? null;
};

/** The field of the row that has the same name, whatever its spelling. */
export const fieldFor = (task: Task, name: string): string | null => {
  const wanted = wordsOfName(name).join('_');
  return task.fields.find((field) => wordsOfName(field.name).join('_') === wanted)?.text ?? null;
};
