import { findSpans } from '../patterns/find.js';
import { topicStems } from '../dictionaries/topics.js';
import { classify } from './classify.js';
import { type Slot } from './schema.js';
import { toneOf } from './sentiment.js';
import { type Task } from './task.js';
import { stem, stemsOf, wordsOf, wordsOfName } from './text.js';
import { kindOfName } from './values.js';

const QUOTED = /["“'‘`]([^"”'’`\n]{2,60})["”'’`]/g;
const ASKED =
  /\b(?:mentions?|mentioning|mentioned|about|contains?|containing|includes?|including|regarding|related to|relates? to|refers? to|referring to|discuss(?:es|ing)?|concerns?|concerning|complain(?:s|ing|t|ts)? (?:about|of)|asks? (?:for|about)|requests?|names?|has to do with|says?)\s+(?:the |an? |any |some )?([^.;:?!\n]{2,80})/i;
const NOT_WHAT =
  /^(?:is|are|has|have|does|do|was|contains?|mentions?|mentioned|includes?|about|the|a|an|any|requires?|matches|match|matching|keep|kept|relevant|relates?|to|flag|fits?|of|wants?|asks?|for)$/;

/** What a yes-or-no question asks for: its alternatives, each as stems that must all stand in the text. */
const needlesOf = (question: string): string[][] => {
  const quoted = [...question.matchAll(QUOTED)].map(([, words = '']) => words);
  const asked = quoted.length > 0 ? quoted : (ASKED.exec(question)?.[1] ?? '').split(/\s*(?:,| or )\s*/);
  return asked
    .map((words) => stemsOf(words.replace(/\b(?:otherwise|else|false|true|in (?:it|the text)|anywhere|at all|and nothing)\b.*$/i, '')))
    .filter((stems) => stems.length > 0);
};

/** The answer to a yes-or-no property; false where nothing speaks for it. */
export const fillBoolean = ({ name, description }: Slot, { text, instructions }: Task): boolean => {
  const words = wordsOfName(name);
  const topic = words.filter((word) => !NOT_WHAT.test(word));
  const kind = kindOfName(topic.join('_'));
  if (kind && words.some((word) => /^(?:has|contains?|mentions?|includes?)$/.test(word)))
    return findSpans(text, new Set([kind])).length > 0;
  const tone = topic.find((word) => /^(?:positive|negative|neutral)$/.test(word));
  if (tone !== undefined) return toneOf(text) === tone;
  if (topic.includes('question')) return text.includes('?');
  if (topic.some((word) => /^urgent|urgency|critical$/.test(word))) return classify(['low', 'high'], text) === 'high';
  const present = new Set([...stemsOf(text), ...wordsOf(text).map(stem)]);
  const needles =
    [needlesOf(description), topic.length > 0 ? [topic.map(stem)] : [], needlesOf(instructions)].find((list) => list.length > 0) ?? [];
  return needles.some((stems) =>
    stems.every((word) => present.has(word) || (stems.length === 1 && [...topicStems(word)].some((related) => present.has(related)))),
  );
};
