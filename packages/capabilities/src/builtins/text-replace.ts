import { PermanentError } from '@apwa/contracts';
import { builtin, textOf } from './builtin.js';
import { expressionOf } from './text-search.js';

/** Characters of a result: a replacement may be much longer than what it replaces. */
const MOST_CHARACTERS = 4_000_000;

/** Patterns may take for ever: it is called where that can be ended. */
export const textReplace = builtin({
  name: 'text_replace',
  description: 'A text with all places of another text, or of what a regular expression describes, replaced, and how many there were.',
  slow: true,
  input: {
    type: 'object',
    required: ['text', 'pattern', 'replacement'],
    additionalProperties: false,
    properties: {
      text: { type: 'string', description: 'The text' },
      pattern: { type: 'string', minLength: 1, maxLength: 5_000, description: 'What is replaced' },
      replacement: { type: 'string', maxLength: 10_000, description: 'By what; with regex $1 and $<name> stand for groups of the match' },
      regex: { type: 'boolean', default: false, description: 'Whether pattern is a regular expression, in JavaScript’s dialect' },
      ignoreCase: { type: 'boolean', default: false, description: 'Whether large and small letters are the same' },
    },
  },
  output: {
    type: 'object',
    required: ['text', 'count'],
    additionalProperties: false,
    properties: {
      text: { type: 'string', description: 'The text as it is then' },
      count: { type: 'integer', minimum: 0, description: 'Places that were replaced' },
    },
  },
  call: ({ text, pattern, replacement, regex = false, ignoreCase = false }) => {
    const expression = expressionOf(textOf(pattern), regex === true, ignoreCase === true);
    const whole = textOf(text);
    const count = whole.match(expression)?.length ?? 0;
    const by = textOf(replacement);
    if (whole.length + count * by.length > MOST_CHARACTERS && by.length > 0)
      throw new PermanentError('capability_failed', `The text might have more than ${MOST_CHARACTERS} characters then.`);
    return { text: regex === true ? whole.replace(expression, by) : whole.replace(expression, () => by), count };
  },
});
