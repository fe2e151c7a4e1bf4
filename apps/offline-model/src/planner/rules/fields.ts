import { type JsonSchema } from '@apwa/contracts';
import { nameOf } from '../words.js';

/** Something that is to be known of each thing, as a goal lists it. */
export interface Field {
  name: string;
  /** The goal's own words. */
  phrase: string;
  type: FieldType;
}
export type FieldType = 'text' | 'whole' | 'number' | 'yes_no' | 'list';

/** Kinds that a goal writes behind a field: "its atomic number (a whole number)". */
const HINTS: readonly [RegExp, FieldType][] = [
  [/\b(?:whole number|integer)\b/i, 'whole'],
  [/\b(?:number|decimal|numeric)\b/i, 'number'],
  [/\b(?:yes or no|true or false|boolean)\b/i, 'yes_no'],
  [/\blist\b/i, 'list'],
];
const WHOLE = /(?:^|_)(?:year|age|count|quantity|pages|population|stars|rank)$/;
const NUMBER =
  /(?:^|_)(?:price|amount|cost|total|salary|revenue|fee|weight|height|length|width|distance|duration|temperature|percentage|score|rating)$/;
/** What joins two things that are asked for, and not two words of one. */
const JOINED = /,?\s+(?:and|as well as)\s+(?!(?:is|are|was|were|has|have|had|can|does|do|did|to|for|of|in|with)\b)/i;

/** The fields of "its name, the year (a whole number), whether it is alive and a summary". */
export const fieldsOf = (list: string): Field[] => {
  const seen = new Set<string>();
  return outsideOfBrackets(list)
    .flatMap((part) => part.split(JOINED))
    .flatMap((item) => fieldOf(item.trim()) ?? [])
    .filter(({ name }) => !seen.has(name) && seen.add(name));
};

/** The parts between commas; those within brackets part nothing. */
const outsideOfBrackets = (text: string): string[] => text.split(/[,;]\s*(?:and\s+)?(?![^(]*\))/);

const fieldOf = (item: string): Field | null => {
  const hint = /\(([^)]*)\)/.exec(item)?.[1] ?? '';
  const phrase = item
    .replace(/\([^)]*\)/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^(?:and|or|also|the columns?|columns?)\s+/i, '')
    .replace(/[\s.:!?]+$/, '')
    .trim();
  if (!/\p{L}/u.test(phrase)) return null;
  const question =
    /^(?:whether|if)\s+(?:(?:it|they|he|she|there|this|that|the \w+)\s+)?(?:(?:has|have|is|are|was|were|can|does|do|did)\s+)?(?:been\s+)?(.+)$/i.exec(
      phrase,
    );
  const name = nameOf(headOf(question?.[1] ?? phrase));
  return { name, phrase, type: HINTS.find(([pattern]) => pattern.test(hint))?.[1] ?? (question ? 'yes_no' : typeOfName(name)) };
};

/** "a summary of what it is" is a summary; "the year of publication" is one of publication. */
const headOf = (phrase: string): string =>
  phrase.replace(/\s+(?:of (?:what|how|why|where|who)|that|which|who|where|in which|with which|by which|from which)\b.*$/i, '');

const typeOfName = (name: string): FieldType => (WHOLE.test(name) ? 'whole' : NUMBER.test(name) ? 'number' : 'text');

const JSON_TYPES: Readonly<Record<Exclude<FieldType, 'list'>, string>> = {
  text: 'string',
  whole: 'integer',
  number: 'number',
  yes_no: 'boolean',
};

/** The property that holds a field; null, or an empty list, where it is not known. */
export const schemaOf = ({ type, phrase }: Field): JsonSchema =>
  type === 'list'
    ? { type: 'array', items: { type: 'string' }, description: phrase }
    : { type: [JSON_TYPES[type], 'null'], description: phrase };

export const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'VARCHAR',
  whole: 'BIGINT',
  number: 'DOUBLE',
  yes_no: 'BOOLEAN',
  list: 'VARCHAR[]',
};

/** What an answer must be: all fields, each by its name. */
export const outputOf = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
