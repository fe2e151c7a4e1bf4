/** Verbs with which a new part of a goal begins. */
const VERBS =
  'find|extract|list|detect|identify|spot|count|tally|classify|categori[sz]e|label|sort|group|tag|tell|say|write|give|show|sum|average|compute|calculate|determine|filter|keep|select|drop|remove|redact|anonymi[sz]e|mask|replace|summari[sz]e|translate|describe|explain|rate|score|rank|decide|check|report|return|get|pull|assign|mark|flag|judge|produce|make|create|output|add|measure|total|answer|rewrite|note|condense|pseudonymi[sz]e|compare|send|publish|train|plot|predict|forecast';
/** Those that are hardly ever a noun. */
const PLAIN_VERBS =
  'find|extract|detect|identify|classify|categori[sz]e|tell|write|give|compute|calculate|determine|redact|anonymi[sz]e|summari[sz]e|translate|describe|explain|decide|pseudonymi[sz]e';
const AFTER = '(?:each|every|all|the|them|it|its|their|how|a|an|whether|which|what|by|only|one|those|these|this|any|for|me|\\d+)';
const START = `(?:then |also |finally |please )*(?:(?:${VERBS}) ${AFTER}\\b|(?:${PLAIN_VERBS})\\b|(?:count|average|sum|total|tally)\\b(?! of)|how many\\b|what (?:is|are)\\b|whether\\b|which\\b)`;
const SEPARATOR = new RegExp(`(?:[.!?;]+\\s+|\\n+|,?\\s+(?:and|but)\\s+(?:then\\s+)?(?=${START})|,?\\s+then\\s+|,\\s*(?=${START}))`, 'gi');
const LEAD =
  /^(?:please|and|then|also|finally|first|next|after that|i (?:want|need|would like)(?: you)?(?: to)?|can you|could you|your task is to|(?:for|in|from|of) (?:each|every|all|the|these|those|this|my|our)(?: of (?:the|these|those|them))?(?: [\w-]+){0,3},|-|\*|\d+[.)]|:)\s*/i;

const withoutLead = (clause: string): string => {
  let rest = clause.trim();
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replace(LEAD, '').trim();
  }
  return rest;
};

/** The parts of a goal, one task each, without the words of politeness and order before them. */
export const clausesOf = (goal: string): string[] =>
  goal
    .slice(0, MOST_CHARACTERS)
    // Full stops within a word end nothing.
    .split(SEPARATOR)
    .map((clause) => withoutLead(clause).replace(/[.!;,\s]+$/, ''))
    .filter((clause) => /\p{L}/u.test(clause));

/** A longer goal is read by its beginning. */
const MOST_CHARACTERS = 20_000;
