import { defaultLabel, kindOfLabel, kindsNamedIn } from '../patterns/labels.js';
import { clausesOf } from './clauses.js';
import { readAggregate, readSorting } from './read-aggregate.js';
import { readLabels } from './read-labels.js';
import { takeConditions } from './conditions.js';
import { type ColumnView } from './tables.js';
import { type Condition, type Wish, isPropertyWish } from './wishes.js';
import { listOf, nameOf, stemsOfPhrase } from './words.js';

export interface Goal {
  text: string;
  wishes: Wish[];
  conditions: Condition[];
  /** Parts of which the rules make nothing. They are passed on to whoever reads the rows. */
  rest: string[];
  /** Whether what is found out of each row is wanted for its own sake, and not only to be counted. */
  wantsRows: boolean;
  /** Whether the rules made anything of it; else all of it is passed on as a question. */
  understood: boolean;
}

const ROWS =
  'messages?|reviews?|rows?|records?|tickets?|e-?mails?|articles?|texts?|documents?|comments?|posts?|sentences?|files?|entries|entry|items?|ones?|those|lines?|letters?|stories|story|tweets?|questions?|complaints?|reports?|notes?|chapters?|papers?|abstracts?|descriptions?|answers?|responses?|conversations?|chats?|customers?|products?|books?|pages?';
const GENERAL =
  /\b(?:personal (?:data|information|details)|pii|personally identif\w+|sensitive (?:data|information)|private (?:data|information)|confidential (?:data|information)|named entit(?:y|ies)|entities)\b/i;
const REDACT =
  /\b(?:redact\w*|anonymi[sz]\w*|pseudonymi[sz]\w*|mask(?:ed|ing)?|de-?identif\w*|scrub\w*|censor\w*|black(?:ed)? out|saniti[sz]e\w*)\b|\breplac\w+\b.{0,80}\b(?:by|with)\b.{0,40}\b(?:types?|labels?|categor\w+|placeholders?|tags?|kinds?)\b|\b(?:remove|strip|hide|delete)\b.{0,30}\b(?:personal|sensitive|private|pii|names?\b|e-?mail|phone)/i;
const SUMMARY = /\b(?:summari[sz]\w*|summary|summaries|tl;?dr|gist|condense|(?:in|into) (?:one|a single|a few|two|three|\d) sentences?)\b/i;
const SENTENCES = /\b(one|a single|two|three|four|five|\d)[ -]sentences?\b/i;
const NUMBERS: Readonly<Record<string, number>> = { one: 1, 'a single': 1, two: 2, three: 3, four: 4, five: 5 };
const SCORE = /\b(?:rate|score|grade|rank|rating|assess)\b.*?\b(-?\d+)\s*(?:to|-|–|and|\/)\s*(\d+)\b/i;
const TRANSLATE = /\btranslat\w+/i;
const KEEP = new RegExp(
  `^(?:find|list|show|keep|select|filter|get|give|return|pick|extract|flag|which|what|identify|remove|drop|exclude)\\b(?: me| out| only| down| to| for)*(?: (?:all|every|only|the|these|those|of|any|each))*(?: \\w+)? ?(?:${ROWS})\\b,? ?(?:of them )?((?:that|which|who|where|whose|about|with|without|containing|mentioning|asking|in which|from|on|are|is|mention|complain|contain|ask|talk|report|describe|discuss|refer|request|say|express)\\b.+)$`,
  'i',
);
const WHETHER = /\b(?:whether|if)\s+(?:or not\s+)?((?:it|they|the|this|each|an?|he|she|there|someone|anyone|any)\b.+|[\w'’ -]{6,})$/i;
const YES_NO =
  /^(?:is|are|does|do|has|have|was|were|can|could|should|would|will)\s+(?:it|they|the|this|each|these|any|there|every|an?)\b.+$|\byes[ -/]?(?:or )?no\b/i;
const FIELDS =
  /^(?:find|extract|list|get|pull(?: out)?|identify|detect|spot|give(?: me)?|name|collect|return|output|show|note|write down|determine|what (?:is|are)|parse(?: out)?|read|report|tell me|fill in)\s+(?:me )?(.+)$/i;
const SOURCE = new RegExp(
  `\\s+(?:(?:that (?:is|are) )?(?:mentioned|named|contained|found|stated|given|listed|described|appearing|that appear|used) ?)?(?:(?:from|in|of|for|within|inside|by|on|at|out of)\\s+(?:each|every|all|the|these|those|this|my|our|any|it|them|which)?(?: of (?:the|these|those))?\\s*(?:[\\w-]+ )?(?:${ROWS}|it|them|data|table|texts?|column|input)\\b.*|(?:mentioned|named)(?: there| therein)?|(?:that|which) (?:it|they|each|the)\\b.*|(?:it|they) (?:mentions?|names?|contains?)\\b.*|as (?:json|columns?|fields?)\\b.*)$`,
  'i',
);
const NUMERIC =
  /^(?:age|year|quantity|count|amount|price|total|rating|score|cost|number|salary|revenue|fee|sum|percentage|percent|weight|height|duration|distance|size|temperature)$/;

/** Reads a goal clause by clause; `columns` are those of the tables that it may speak of. Clauses that `skip` names are left out. */
export const readGoal = (text: string, columns: readonly ColumnView[], skip: (clause: string) => boolean = () => false): Goal => {
  const { rest: plain, conditions } = takeConditions(text, columns);
  const goal: Goal = { text, wishes: [], conditions, rest: [], wantsRows: false, understood: true };
  for (const clause of clausesOf(plain)) {
    if (skip(clause) || YES_NO_ONLY.test(clause)) continue;
    const wishes = readClause(clause);
    if (wishes.length === 0) goal.rest.push(clause);
    goal.wishes.push(...wishes);
    goal.wantsRows ||= wishes.length > 0 && wishes.every(isPropertyWish);
  }
  goal.wishes = settled(goal.wishes);
  if (goal.wishes.length > 0) return goal;
  return {
    ...goal,
    wishes: [{ kind: 'answer', name: 'answer', phrase: text.slice(0, MOST_PHRASE) }],
    rest: [],
    wantsRows: true,
    understood: false,
  };
};

/** Of a longer goal, so much goes into the instructions. */
const MOST_PHRASE = 8_000;
const YES_NO_ONLY = /^(?:answer )?(?:with |by )?yes or no$/i;

const readClause = (clause: string): Wish[] => {
  const sorting = readSorting(clause);
  if (sorting) return [sorting];
  const counted = readAggregate(clause);
  if (counted) {
    const { aggregate, question } = counted;
    if (question === null) return [aggregate];
    const labels = /\b(?:positive|negative|neutral)\b/i.test(question) ? readLabels(`label ${question}`) : null;
    return [labels ?? { kind: 'question', phrase: `it ${question.replace(/^(?:that|which|who) /i, '')}`, keep: false }, aggregate];
  }
  const types = typesIn(clause);
  const general = GENERAL.test(clause);
  if (REDACT.test(clause)) return [{ kind: 'redaction', types: general ? [] : types }];
  if (TRANSLATE.test(clause)) return [{ kind: 'answer', name: 'translation', phrase: clause }];
  if (general) return [{ kind: 'entities', types: [] }];
  const score = SCORE.exec(clause);
  if (score) return [{ kind: 'score', name: scoreName(clause), least: Number(score[1]), most: Number(score[2]), phrase: clause }];
  const labels = readLabels(clause);
  if (labels) return [labels];
  if (/\blanguages?\b/i.test(clause) && /\b(?:what|which|detect|identify|determine|tell|find|name|in)\b/i.test(clause)) {
    return [{ kind: 'field', name: 'language', type: 'text', phrase: 'the language of the text' }];
  }
  if (SUMMARY.test(clause)) return [{ kind: 'summary', sentences: sentencesIn(clause), phrase: clause }];
  const kept = KEEP.exec(clause);
  if (kept) return [{ kind: 'question', phrase: `it ${asVerb(kept[1] as string)}`, keep: !/^(?:flag|remove|drop|exclude)/i.test(clause) }];
  const whether = WHETHER.exec(clause);
  if (whether) return [{ kind: 'question', phrase: whether[1] as string, keep: false }];
  if (YES_NO.test(clause)) return [{ kind: 'question', phrase: clause, keep: false }];
  return fieldsIn(clause);
};

const asVerb = (phrase: string): string =>
  phrase.replace(/^(?:that|which|who)\s+/i, '').replace(/^(about|with|without|from|on)\b/i, 'is $1');

const typesIn = (clause: string): string[] => [...kindsNamedIn(clause).keys()].map(defaultLabel);

const sentencesIn = (clause: string): number | null => {
  const said = SENTENCES.exec(clause)?.[1]?.toLowerCase();
  return said === undefined ? null : (NUMBERS[said] ?? Number(said));
};

const scoreName = (clause: string): string =>
  nameOf(
    /\b(?:urgency|quality|sentiment|satisfaction|severity|relevance|priority|difficulty|importance|politeness|toxicity|confidence|helpfulness)\b/i.exec(
      clause,
    )?.[0] ?? 'score',
  );

const PLURAL = /(?:[^su]s|[^s]es|people|persons)$/i;
const ALL = /\b(?:all|every|each|any)\b/i;

/** Things that a clause wants to know of each row: plural ones of known types as entities, others as fields of their own. */
const fieldsIn = (clause: string): Wish[] => {
  const match = FIELDS.exec(clause);
  if (!match) return [];
  const phrase = (match[1] as string).replace(/\?$/, '').replace(SOURCE, '');
  const items = listOf(phrase).map((item) => ({
    item,
    all: ALL.test(item),
    words: item.replace(/^(?:(?:all|every|each|any|the|an?|its?|their|his|her)\s+)+/i, ''),
  }));
  if (items.length === 0 || items.some(({ words }) => words.split(/\s+/).length > 6)) return [];
  const first = items[0]?.all ?? false;
  const many = items.map(({ all, words }) => all || first || PLURAL.test(words));
  const kinds = items.map(({ words }) => kindOfLabel(nameOf(words)) ?? kindsNamedIn(words).keys().next().value ?? null);
  if (many.every(Boolean) && kinds.every((kind) => kind !== null))
    return [{ kind: 'entities', types: [...new Set(kinds.map((kind) => defaultLabel(kind)))] }];
  return items.map(({ words }, index): Wish => {
    const name = nameOf(words);
    const last = stemlessLast(name);
    const type = many[index] ? 'list' : NUMERIC.test(last) && !/number$/.test(last) ? 'number' : 'text';
    return { kind: 'field', name, type, phrase: words };
  });
};

const stemlessLast = (name: string): string => name.split('_').at(-1) ?? '';

/** "whether the customer is satisfied", and then "how many are satisfied". */
const isAskedTwice = (wish: Wish, other: Wish): boolean => {
  if (wish.kind !== 'question' || other.kind !== 'question') return false;
  const known = new Set(stemsOfPhrase(other.phrase));
  return stemsOfPhrase(wish.phrase).every((stem) => known.has(stem));
};

/** One wish of a kind is enough: what is asked twice is merged. */
const settled = (wishes: readonly Wish[]): Wish[] => {
  const merged: Wish[] = [];
  for (const wish of wishes) {
    const same = merged.find((other) => other.kind === wish.kind);
    if (same && (wish.kind === 'entities' || wish.kind === 'redaction') && (same.kind === 'entities' || same.kind === 'redaction')) {
      same.types = same.types.length === 0 || wish.types.length === 0 ? [] : [...new Set([...same.types, ...wish.types])];
    } else if (!(same && (wish.kind === 'summary' || wish.kind === 'distinct' || isAskedTwice(wish, same)))) merged.push(wish);
  }
  return merged;
};
