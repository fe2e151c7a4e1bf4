import { type JsonSchema, excerpt } from '@apwa/contracts';

const count = (n: unknown, what: string): string => `${n as number} ${what}${n === 1 ? '' : 's'}`;

const HINTS: Record<string, (value: unknown) => string | undefined> = {
  minLength: (n) => `at least ${count(n, 'character')}`,
  maxLength: (n) => `at most ${count(n, 'character')}`,
  pattern: (source) => `matches the pattern ${source as string}`,
  format: (name) => `format ${name as string}`,
  minimum: (n) => `at least ${n as number}`,
  maximum: (n) => `at most ${n as number}`,
  exclusiveMinimum: (n) => `more than ${n as number}`,
  exclusiveMaximum: (n) => `less than ${n as number}`,
  multipleOf: (n) => `a multiple of ${n as number}`,
  minItems: (n) => `at least ${count(n, 'item')}`,
  maxItems: (n) => `at most ${count(n, 'item')}`,
  uniqueItems: (on) => (on === true ? 'no item twice' : undefined),
  minProperties: (n) => `at least ${count(n, 'key')}`,
  maxProperties: (n) => `at most ${count(n, 'key')}`,
  contentMediaType: (type) => `content of the type ${type as string}`,
  contentEncoding: (name) => `encoded as ${name as string}`,
};

/** Keywords that can only be shown as they are. */
const SHOWN = [
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'contains',
  'minContains',
  'maxContains',
  'propertyNames',
  'examples',
  'default',
];

/** What the keywords that cannot be passed on say, in words, behind the description. */
export const describeWith = (node: JsonSchema, kept: readonly string[], ...more: (string | undefined)[]): { description?: string } => {
  const words = Object.entries(HINTS).flatMap(([key, hint]) => (node[key] === undefined || kept.includes(key) ? [] : [hint(node[key])]));
  const shown = SHOWN.filter((key) => node[key] !== undefined && !kept.includes(key)).map((key) => `${key}: ${excerpt(node[key], 500)}`);
  const hints = [...words, ...shown, ...more].filter((hint) => hint !== undefined);
  const told = [node.description ?? node.title, hints.length > 0 ? `(${hints.join('; ')})` : undefined].filter(
    (part) => typeof part === 'string',
  );
  return told.length > 0 ? { description: told.join(' ') } : {};
};
