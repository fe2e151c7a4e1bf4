import { isoDate } from './date-format.js';
import { redact, wantedByInstructions, wantedOf, type Wanted } from './entities.js';
import { languageOf } from './language.js';
import { fitText, textByPattern } from './limits.js';
import { enumOf, limitOf, type Slot } from './schema.js';
import { toneOf } from './sentiment.js';
import { bestSentence, keywordsOf, summaryOf } from './summary.js';
import { type Task } from './task.js';
import { sentencesOf, shorten } from './text.js';
import { fieldFor, kindOfName, valueFor } from './values.js';

/** Said wherever a note on the work is asked for. */
const NOTE = 'Answered by rules, not by a language model: nothing here was understood.';

type Rule = (slot: Slot, task: Task, wanted: Wanted) => string | null;

const about = (...words: string[]): RegExp => new RegExp(`(?:^|[_\\s-])(?:${words.join('|')})`, 'i');

/** What to make of a text property, by its name; the first rule that fits answers. */
const RULES: readonly [RegExp, Rule][] = [
  [
    about('redact', 'anonymi', 'mask', 'pseudonymi', 'sanitized', 'sanitised', 'scrubbed', 'de_?identified'),
    (_, task, wanted) => redact(task.text, wanted, task.instructions),
  ],
  [about('note$', 'notes$', 'remark', 'caveat', 'limitation'), () => NOTE],
  [about('language', 'lang$'), ({ name, description }, { text }) => languageOf(text, /code|iso/i.test(`${name} ${description}`))],
  [
    about('summar', 'abstract', 'gist', 'tldr', 'overview', 'synopsis', 'digest'),
    (slot, { text }) => summaryOf(text, limitOf(slot, 'maxLength') ?? 400, /one sentence|single sentence/i.test(slot.description) ? 1 : 2),
  ],
  [about('sentiment', 'tone$', 'polarity', 'mood'), (_, { text }) => toneOf(text, true)],
  [
    about('reason', 'explanation', 'rationale', 'justification', 'evidence', 'quote', 'excerpt', 'why$'),
    (slot, task) => bestSentence(task.text, `${slot.description} ${task.instructions}`) ?? sentencesOf(task.text)[0] ?? null,
  ],
  [
    about('headline', 'title$', 'subject$', 'heading'),
    (slot, task) => fieldFor(task, slot.name) ?? shorten(sentencesOf(task.text)[0] ?? task.text.trim(), 90),
  ],
  [
    about('keyword', 'tags?$', 'topics?$', 'theme', 'categor'),
    (slot, { text }) => keywordsOf(text, /s$/.test(slot.name) ? 5 : 1).join(', ') || null,
  ],
];

const asDate = (value: string, { node, description, name }: Slot): string => {
  const iso = node.format === 'date' || node.format === 'date-time' || /iso|yyyy-mm-dd/i.test(`${description} ${name}`);
  const date = iso ? isoDate(value) : null;
  if (date === null) return value;
  return node.format === 'date-time' ? `${date}T00:00:00Z` : date;
};

/** A sentence that has to do with what is asked for; null where the name is all there is to go by and nothing fits it. */
const related: Rule = ({ name, description }, { text }) => bestSentence(text, `${name.replaceAll('_', ' ')} ${description}`);

const byFormat: Readonly<Record<string, string>> = {
  email: 'email',
  uri: 'url',
  url: 'url',
  date: 'date',
  'date-time': 'date',
  ipv4: 'ip_address',
  ipv6: 'ip_address',
};

/** A value for a text property, valid against its schema; undefined if nothing in the row gives one. */
export const fillString = (slot: Slot, task: Task): string | undefined => {
  const wanted = enumOf(slot) ? wantedOf([]) : wantedByInstructions(task.instructions);
  for (const guess of guesses(slot, task, wanted)) {
    const fitted = guess === null || guess === '' ? undefined : fitText(guess, slot);
    if (fitted !== undefined) return fitted;
  }
  return textByPattern(task.text, slot);
};

function* guesses(slot: Slot, task: Task, wanted: Wanted): Generator<string | null> {
  const rule = RULES.find(([pattern]) => pattern.test(slot.name))?.[1];
  if (rule) yield rule(slot, task, wanted);
  const kind = kindOfName(slot.name) ?? (typeof slot.node.format === 'string' ? kindOfName(byFormat[slot.node.format] ?? '') : null);
  if (kind) {
    const value = valueFor(task, kind, slot.name);
    if (value !== null) yield kind === 'date' ? asDate(value, slot) : value;
  }
  yield fieldFor(task, slot.name);
  if (typeof slot.node.pattern === 'string') yield textByPattern(task.text, slot) ?? null;
  if (kind) return;
  yield related(slot, task, wanted);
  if (!rule && !slot.nullable) yield summaryOf(task.text, 200, 1);
}
