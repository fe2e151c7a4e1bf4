import { PermanentError } from '@apwa/contracts';
import { builtin, textOf } from './builtin.js';

const MOST_MATCHES = 1_000;

const literal = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');

/** PermanentError `invalid_arguments` for a pattern that is none. */
export const expressionOf = (pattern: string, regex: boolean, ignoreCase: boolean): RegExp => {
  try {
    return new RegExp(regex ? pattern : literal(pattern), `gmu${ignoreCase ? 'i' : ''}`);
  } catch (error) {
    throw new PermanentError('invalid_arguments', `The pattern is no regular expression: ${(error as Error).message}`);
  }
};

/** Patterns may take for ever: it is called where that can be ended. */
export const textSearch = builtin({
  name: 'text_search',
  description: 'Where a text, or what a regular expression describes, stands in a text: offsets and matches.',
  slow: true,
  input: {
    type: 'object',
    required: ['text', 'pattern'],
    additionalProperties: false,
    properties: {
      text: { type: 'string', description: 'Where to look' },
      pattern: { type: 'string', minLength: 1, maxLength: 5_000, description: 'What to look for' },
      regex: { type: 'boolean', default: false, description: 'Whether it is a regular expression, in JavaScript’s dialect' },
      ignoreCase: { type: 'boolean', default: false, description: 'Whether large and small letters are the same' },
      limit: { type: 'integer', minimum: 1, maximum: MOST_MATCHES, default: 20, description: 'Matches that are shown' },
    },
  },
  output: {
    type: 'object',
    required: ['count', 'matches'],
    additionalProperties: false,
    properties: {
      count: { type: 'integer', minimum: 0, description: 'All matches' },
      matches: {
        type: 'array',
        description: 'The first ones: text, and offsets in UTF-16 units',
        items: {
          type: 'object',
          required: ['start', 'end', 'text'],
          additionalProperties: false,
          properties: { start: { type: 'integer' }, end: { type: 'integer' }, text: { type: 'string' } },
        },
      },
    },
  },
  call: ({ text, pattern, regex = false, ignoreCase = false, limit = 20 }) => {
    const matches: { start: number; end: number; text: string }[] = [];
    let count = 0;
    for (const { 0: found, index } of textOf(text).matchAll(expressionOf(textOf(pattern), regex === true, ignoreCase === true)))
      if (count++ < Number(limit)) matches.push({ start: index, end: index + found.length, text: found });
    return { count, matches };
  },
});
