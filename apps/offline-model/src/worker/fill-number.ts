import { fitNumber } from './limits.js';
import { limitOf, type Slot } from './schema.js';
import { sentimentOf } from './sentiment.js';
import { type Task } from './task.js';
import { sentencesOf, stem, wordsOf, wordsOfName } from './text.js';
import { fieldFor, kindOfName, valuesOf } from './values.js';

const NUMBER = /-?\d{1,3}(?:[ ,\u00A0']\d{3})+(?:\.\d+)?|-?\d+(?:[.,]\d+)?/g;
const SCALES: readonly [RegExp, number][] = [
  [/^ ?(?:k|thousand)\b/i, 1e3],
  [/^ ?(?:m|mn|million)\b/i, 1e6],
  [/^ ?(?:bn|billion)\b/i, 1e9],
];

const parse = (text: string): number => {
  const plain = text.replace(/[ '\u00A0]/g, '');
  const american = /,\d{3}(?:\D|$)/.test(plain) ? plain.replaceAll(',', '') : plain.replace(',', '.');
  return Number(american);
};

/** The first number of a text, with a scale word behind it. */
const firstNumber = (text: string): number | null => {
  NUMBER.lastIndex = 0;
  const match = NUMBER.exec(text);
  if (!match) return null;
  const scale = SCALES.find(([pattern]) => pattern.test(text.slice(match.index + match[0].length)))?.[1] ?? 1;
  const value = parse(match[0]) * scale;
  return Number.isFinite(value) ? value : null;
};

/** The number that stands nearest to a word of the property's name. */
const numberNear = (name: string, text: string): number | null => {
  const stems = new Set(
    wordsOfName(name)
      .filter((word) => word.length > 2)
      .map(stem),
  );
  for (const sentence of sentencesOf(text)) {
    if (wordsOf(sentence).some((word) => stems.has(stem(word)))) {
      const value = firstNumber(sentence);
      if (value !== null) return value;
    }
  }
  return null;
};

/** A place between the schema's limits: 0 the lowest, 1 the highest. */
const onScale = (share: number, slot: Slot): number => {
  const least = limitOf(slot, 'minimum') ?? 0;
  const most = limitOf(slot, 'maximum') ?? (/percent/i.test(`${slot.name} ${slot.description}`) ? 100 : least === 1 ? 5 : 1);
  return least + share * (most - least);
};

/** A value for a number, valid against its schema; undefined if nothing in the row gives one. */
export const fillNumber = (slot: Slot, task: Task): number | undefined => {
  const value = guess(slot, task);
  return value === null ? undefined : fitNumber(value, slot);
};

const guess = (slot: Slot, task: Task): number | null => {
  const { name, description } = slot;
  const words = wordsOfName(name);
  const has = (pattern: RegExp) => words.some((word) => pattern.test(word));
  const { text } = task;
  if (has(/^(?:confidence|certainty|probability|likelihood)$/)) return onScale(0.5, slot);
  if (has(/^(?:sentiment|polarity|satisfaction|happiness)$/)) {
    const { balance } = sentimentOf(text);
    return (limitOf(slot, 'minimum') ?? (/-1/.test(description) ? -1 : 0)) < 0
      ? balance * (limitOf(slot, 'maximum') ?? 1)
      : onScale((balance + 1) / 2, slot);
  }
  if (has(/^(?:count|number|num|n|how)$/) || /^(?:how many|the number of|number of|count of)/i.test(description)) {
    if (has(/^words?$/)) return wordsOf(text).length;
    if (has(/^sentences?$/)) return sentencesOf(text).length;
    if (has(/^(?:characters?|chars?|letters?)$/)) return text.length;
    const kind = kindOfName(words.filter((word) => !/^(?:count|number|num|n|of|how|many)$/.test(word)).join('_'));
    if (kind) return valuesOf(text, kind).length;
  }
  const own = fieldFor(task, name);
  if (own !== null && firstNumber(own) !== null) return firstNumber(own);
  if (has(/^(?:score|rating|stars?|grade)$/)) {
    const said = /\b(\d(?:\.\d)?)(?:\s*(?:\/|out of)\s*(?:5|10)|[ -]stars?)\b/i.exec(text)?.[1];
    return said !== undefined ? Number(said) : onScale((sentimentOf(text).balance + 1) / 2, slot);
  }
  const kind = kindOfName(name);
  if (kind === 'amount' || kind === 'age') {
    const [value] = valuesOf(text, kind);
    if (value !== undefined) return firstNumber(value);
  }
  if (has(/^year$/)) return firstNumber(/\b(?:1[5-9]|20)\d\d\b/.exec(text)?.[0] ?? '');
  return numberNear(name, text) ?? (slot.nullable ? null : firstNumber(text));
};
