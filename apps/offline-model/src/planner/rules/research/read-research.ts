import { clausesOf } from '../../clauses.js';
import { type Field, fieldsOf } from '../fields.js';

/** What a goal wants to have found out elsewhere. */
export interface ResearchGoal {
  /** What about, as far as the goal lists it. */
  topics: string[];
  /** What a topic is called: `element`. */
  thing: string;
  fields: Field[];
  /** Who each work on a topic by themselves. */
  agents: number;
  /** Whether what they do not agree in is wanted. */
  disputed: boolean;
  report: boolean;
  /** Where to begin, if the goal says so. */
  start: string | null;
}

const RESEARCH =
  /\b(?:research\w*|investigat\w+|look(?:ing)? up|find out about|browse|search (?:the|this|that|our) (?:web|site|internet|wiki|pages))\b/i;
const AGENTS =
  /\b(two|three|four|five|[2-5]) (?:\w+ )?(?:agents?|researchers?|readers?|workers?|people)\b|\beach (?:by )?(twice|thrice)\b/i;
const COUNTS: Readonly<Record<string, number>> = { two: 2, three: 3, four: 4, five: 5, twice: 2, thrice: 3 };
const DISPUTED = /\b(?:disagree\w*|(?:do|does) not agree|contradict\w*|disput\w*|differ\w*|cross-examin\w*|agree(?:d)? (?:in|on|about))\b/i;
const REPORT = /\b(?:report|overview|one page|a page of|summary of all)\b/i;
const SAYS =
  /\b(?:say|tell|give|find|find out|note|answer with|report|list|state|collect|write down|determine)\b:?(?: me| us| out| for each(?: of them| one)?)?\s+(?=(?:its|their|the|an?|whether|how|when|where|who|what|which)\b)/i;
const URL_TEXT = /https?:\/\/[^\s"'<>)\],]+/;

/** Words of a topic, at most. */
const LONGEST_TOPIC = 5;

export const readResearch = (goal: string): ResearchGoal | null => {
  if (!RESEARCH.test(goal)) return null;
  const start = URL_TEXT.exec(goal)?.[0].replace(/[.;:!?]+$/, '') ?? null;
  const text = goal.replace(new RegExp(URL_TEXT.source, 'g'), 'the site');
  const said = AGENTS.exec(text);
  const word = (said?.[1] ?? said?.[2] ?? '').toLowerCase();
  return {
    topics: topicsIn(text),
    thing:
      /\b(?:these|the|those)(?: following)? (?:(?:\w+|\d+) )?(\w+?)s?\b(?= side by side|:| \(|,| on | in )/i
        .exec(text)?.[1]
        ?.toLowerCase() ?? 'topic',
    fields: fieldsIn(text),
    agents: COUNTS[word] ?? (Number(word) || 1),
    disputed: DISPUTED.test(text),
    report: REPORT.test(text),
    start,
  };
};

/** The longest list behind a colon. */
const topicsIn = (goal: string): string[] => {
  const lists = [...goal.matchAll(/:\s*([^.:\n]+)/g)].map(([, list = '']) =>
    list
      .split(/\s*[,;]\s*(?:and\s+)?|\s+and\s+/)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
  const fitting = lists.filter(
    (list) =>
      list.length > 1 &&
      list.every((item) => item.split(/\s+/).length <= LONGEST_TOPIC && !/^(?:its|their|whether|how|a|an)\b/i.test(item)),
  );
  return [...new Set(fitting.sort((a, b) => b.length - a.length)[0] ?? [])];
};

/** What is to be said of each topic: of the sentence that says most. */
const fieldsIn = (goal: string): Field[] => {
  const sentences = goal.split(/(?<=[.!?])\s+|\n+/);
  const lists = sentences.flatMap((sentence) => {
    const found = SAYS.exec(sentence);
    return found && !REPORT.test(clausesOf(sentence)[0] ?? '') ? [fieldsOf(sentence.slice(found.index + found[0].length))] : [];
  });
  return lists.sort((a, b) => b.length - a.length)[0] ?? [];
};
