import { type Wish } from './wishes.js';
import { listOf, nameOf } from './words.js';

const CLASSIFY =
  /\b(?:classif\w+|categori[sz]\w+|label\w*|sort|group|tag\w*|assign\w*|triag\w+|route|mark|split|divide|judge|decide|determine|tell|say|rate|bucket|detect|identify|flag)\b/i;
const PLAIN_CLASSIFY = /\b(?:classif|categori[sz]|triag)/i;
/** "by topic: a, b, c", "with the labels a, b", "(a, b or c)", "one of a, b and c" */
const LISTED =
  /(?::|\bone of(?: the following)?:?|\bamong\b:?|\bbetween\b|\beither\b|\((?:one of )?(?=[^()]*(?:,|\/|\||\bor\b)))\s*([^():?]+?)\)?\s*$/i;
const AS =
  /\b(?:as|into|in|to|is|are)\s+(?:(?:the )?(?:following )?(?:categories|classes|groups|labels|topics|types|buckets)(?:\s*:)?\s+)?(?!each\b|every\b|these\b|those\b|this\b)([^:()]+?)\s*$/i;
const NAME =
  /\b(?:by|per|according to|an?|the|their|its|one|of|with)\s+(?:their |its |the |an? |one )?((?:[\w-]+ ){0,1}(?:topic|categor(?:y|ies)|label|type|kind|class|sentiment|tone|priority|urgency|intent|department|theme|genre|mood|severity|status|stance|emotion|team|subject|area|reason|language|level)|[\w-]+)s?\s*(?::|\(|$|\b(?:one of|among|either|as)\b)/i;
const NOT_NAMES = /^(?:each|every|message|text|row|it|them|following|one|of|or|and|in|as|to|being)$/i;

/** At most so many words make a label; longer ones are sentences. */
const LONGEST_LABEL = 5;

const labelsIn = (text: string): string[] | null => {
  const labels = listOf(text);
  const fit =
    labels.length > 1 &&
    labels.every((label) => label.split(/\s+/).length <= LONGEST_LABEL && !/\b(?:each|every|which|that|whether|all)\b/i.test(label));
  return fit ? [...new Set(labels)] : null;
};

const TONES = /^(?:very )?(?:positive|negative|neutral|mixed|pos|neg)$/i;
const SENTIMENT =
  /\b(?:sentiments?|tone|mood|polarity|how (?:do |does )?(?:people|customers?|users?|they|each|the)\b.*\bfeel|(?:positive|negative)(?:ly)?)\b/i;

/** A choice between labels as a clause asks for it; null if it asks for none. */
export const readLabels = (clause: string): Wish | null => {
  const asked = CLASSIFY.test(clause) || SENTIMENT.test(clause);
  const listed = asked || /\bone of\b/i.test(clause) ? (LISTED.exec(clause) ?? AS.exec(clause)) : null;
  const labels = listed ? labelsIn(listed[1] as string) : null;
  const or = labels ?? labelsIn(/\b([\w-]+(?:, [\w-]+)*,? or (?:not )?[\w-]+)\s*$/i.exec(asked ? clause : '')?.[1] ?? '');
  if (or) return { kind: 'label', name: nameOfLabel(clause, or), labels: or, phrase: clause };
  if (SENTIMENT.test(clause)) return { kind: 'label', name: 'sentiment', labels: ['positive', 'neutral', 'negative'], phrase: clause };
  if (!PLAIN_CLASSIFY.test(clause) && !/^(?:group|label|tag|sort)\b/i.test(clause)) return null;
  const name = NAME.exec(clause)?.[1];
  return { kind: 'label', name: name === undefined ? 'label' : singular(nameOf(name, 'label')), labels: [], phrase: clause };
};

const nameOfLabel = (clause: string, labels: readonly string[]): string => {
  if (labels.some((label) => TONES.test(label)) && !/\bby (?!sentiment)/i.test(clause)) return 'sentiment';
  const said = NAME.exec(clause)?.[1];
  return said === undefined || NOT_NAMES.test(said) || labels.includes(said) ? 'label' : singular(nameOf(said, 'label'));
};

const singular = (name: string): string => name.replace(/ies$/, 'y').replace(/(?<=[^su])s$/, '');
