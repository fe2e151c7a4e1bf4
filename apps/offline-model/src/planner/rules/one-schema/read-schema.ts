import { type Field, fieldsOf } from '../fields.js';
import { stemsOfPhrase } from '../../words.js';

/** One table that several are to become. */
export interface SchemaGoal {
  fields: Field[];
  /** Names of fields, the first one the first to sort by. */
  order: string[];
  /** Whether rows of which something is missing are wanted by themselves. */
  incomplete: boolean;
}

const INTO_ONE =
  /\b(?:(?:in)?to|in|into|as) (?:(?:one|a single|the same|a common|an? uniform|a unified|one common) (?:\w+ )?(?:schema|table|form|format|list|catalogue|catalog|data set|dataset|sheet)|(?:a|the) (?:schema|table))\b/i;
/** What stands behind the list of columns, and is none. */
const END =
  /[.;\n]|,?\s+(?:(?:and )?(?:sort|order|rank)(?:ed)?\b|by\b|so that\b|where\b|with one row\b|one row\b|from\b|and (?:then |also )?(?:list|show|say|tell|give|put|mark|name)\b)/i;
const COLUMNS =
  /\b(?:with|of|having|has|whose|for|the)\s+(?:the )?(?:following )?(?:columns?|fields?|properties)(?:\s+are)?\s*:?\s*|\bcolumns?\s*:\s*|\bschema\s*:?\s*\(?\s*(?=\w+\s*,)|\btable\s*(?::|\()\s*(?=\w)|\btable of (?=\w+,)/i;
const ORDER =
  /\b(?:sorted|ordered|sort(?: them| it)?|order(?: them| it)?|in the order of|by)\s+(?:by )?(?:their |its |the )?([\w -]+?)(?=[.,;]|\s+and\s+(?:list|show|say|give|put)\b|$)/gi;
const INCOMPLETE = /\b(?:missing|incomplete|not known|unknown|gaps?|lacks?|lacking|empty)\b/i;

/** Null: the goal asks for no such table. */
export const readSchemaGoal = (goal: string): SchemaGoal | null => {
  const into = INTO_ONE.exec(goal);
  if (!into) return null;
  const behind = goal.slice(into.index);
  const start = COLUMNS.exec(behind);
  if (!start) return null;
  const list = behind.slice(start.index + start[0].length);
  const end = END.exec(list.replace(/\([^)]*\)/g, (bracket) => ' '.repeat(bracket.length)));
  const fields = fieldsOf(list.slice(0, end?.index));
  if (fields.length < 2) return null;
  const phrases = [...goal.matchAll(ORDER)].flatMap(([, phrase = '']) => phrase.split(/\s+and\s+/));
  const named = phrases.flatMap((phrase) => fields.filter(({ name }) => stemsOfPhrase(phrase).join() === stemsOfPhrase(name).join()));
  return { fields, order: [...new Set(named.map(({ name }) => name))], incomplete: INCOMPLETE.test(goal) };
};
