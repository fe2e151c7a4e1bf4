import { type Aggregate, type Wish } from './wishes.js';
import { listOf } from './words.js';

const FUNCTIONS: readonly [RegExp, Aggregate['function']][] = [
  [/^(?:(?:count|number of|how many|tally)(?: of)? )(?:the )?(?:different|distinct|unique)\b/i, 'distinct'],
  [/^(?:count|how many|(?:the )?(?:total )?number of|tally|(?:the )?counts?(?: of)?|(?:the )?frequency(?: of)?)\b/i, 'count'],
  [/^(?:the )?(?:average|mean|avg)\b/i, 'avg'],
  [/^(?:the )?median\b/i, 'median'],
  [/^(?:the )?(?:sum(?: up)?|total|add up)\b/i, 'sum'],
  [/^(?:the )?(?:minimum|min|lowest|smallest|cheapest|earliest)\b/i, 'min'],
  [/^(?:the )?(?:maximum|max|highest|largest|latest)\b/i, 'max'],
];
const LEAD =
  /^(?:(?:show|give|tell|report|compute|calculate|find|get|list|return|determine|work out|what (?:is|are|was|were)|and|me|us|out|there)\b[\s:]*)+/i;
const BY =
  /\s*,?\s*(?:\(?\b(?:grouped |broken down |split |separately )?(?:by|per|for each|for every|in each|of each|within each|each)\s+)([^()]+?)\)?$/i;
const TOP = /\b(?:(?:only )?the )?(?:top|first|leading) (\d+)\b|\b(\d+) (?:most|largest|highest|biggest|best)\b/i;
const AS_GROUPS = /^(?:(?:each|every|the|all)\s+)+/i;
/** "in each row" asks something of a row, not of the table. */
const PER_ROW =
  /\b(?:in|of|from|for) (?:each|every) (?:one|row|record|message|text|document|review|article|ticket|email|comment|post|file|line|entry|item|sentence|page|chapter)s?\b/i;

const groupsOf = (text: string): string[] =>
  listOf(text.replace(/\b(?:in|from|over|across|among) (?:the |all |these )?\w+$/i, '')).map((group) => group.replace(AS_GROUPS, ''));

/** An aggregate as a clause asks for it, and the question that decides what is counted, if there is one. Null: it asks for none. */
export const readAggregate = (clause: string): { aggregate: Aggregate; question: string | null } | null => {
  const top = TOP.exec(clause);
  const most = top ? Number(top[1] ?? top[2]) : null;
  const ranked =
    /^(?:show |list |find |give |get |which are |what are |me |the )*(?:top|\d+ most) ?\d* ?(?:frequent |common )?(.+?)(?: by (.+))?$/i.exec(
      clause,
    );
  if (top && ranked && !FUNCTIONS.some(([pattern]) => pattern.test(clause.replace(LEAD, '')))) {
    const [, group = '', measure = ''] = ranked;
    const counted = /^(?:the )?(?:count|number|frequency)\b/i.test(measure) || measure === '';
    return {
      aggregate: {
        kind: 'aggregate',
        function: counted ? 'count' : 'sum',
        what: counted ? '' : measure,
        by: [group],
        most,
        ascending: false,
      },
      question: null,
    };
  }
  if (PER_ROW.test(clause)) return null;
  const rest = clause.replace(LEAD, '').replace(TOP, '').trim();
  const found = FUNCTIONS.find(([pattern]) => pattern.test(rest));
  if (!found) return null;
  const [pattern, name] = found;
  const grouped = BY.exec(rest);
  const what = (grouped ? rest.slice(0, grouped.index) : rest)
    .replace(pattern, '')
    .replace(/^(?:\s*(?:of|the|all)\b)+/i, '')
    .replace(/[?.\s]+$/, '')
    .trim();
  const by = grouped ? groupsOf((grouped[1] as string).replace(/[?.\s]+$/, '')) : [];
  const asked = name === 'count' ? QUESTION.exec(what) : null;
  const aggregate: Aggregate = {
    kind: 'aggregate',
    function: name,
    what: asked ? what.slice(0, asked.index) : what,
    by,
    most,
    ascending: /\b(?:fewest|least|ascending)\b/i.test(rest),
  };
  return { aggregate, question: asked ? asked[0].trim() : null };
};

/** What follows the counted thing and has to be found out by reading it. */
const QUESTION =
  /\s(?:(?:that|which|who) )?(?:(?:do|does|did|are|is|were|was|have|has|would|could|can) )?(?:mention|complain|ask|request|contain|talk|speak|refer|discuss|say|report|describe|express|thank|praise|criticis|criticiz|include|concern|want|name|deal|about|positive|negative|neutral|happy|unhappy|angry|satisfied|dissatisfied|urgent|spam)\w*\b.*$/i;

export const readSorting = (clause: string): Wish | null => {
  if (/\b(?:remove|drop|delete|without|eliminate)\b.*\bduplicates?\b|\bdeduplicate\b|\bdistinct rows\b/i.test(clause))
    return { kind: 'distinct' };
  const sorted =
    /^(?:sort|order|rank)\b.*?\bby ([^,]+?)(?:,? (ascending|descending|asc|desc|(?:highest|largest|newest|latest|lowest|smallest|oldest) first|in (?:ascending|descending) order))?$/i.exec(
      clause,
    );
  if (!sorted) return null;
  const top = TOP.exec(clause);
  const descending = /\bdesc|(?:highest|largest|newest|latest)/i.test(sorted[2] ?? '');
  return { kind: 'sorting', by: sorted[1] as string, descending, most: top ? Number(top[1] ?? top[2]) : null };
};
