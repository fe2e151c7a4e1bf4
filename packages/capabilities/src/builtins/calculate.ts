import { PermanentError } from '@apwa/contracts';
import { builtin, textOf } from './builtin.js';
import { evaluate } from './calculator/evaluate.js';

export const calculate = builtin({
  name: 'calculate',
  description: 'The value of an arithmetic expression: + - * / % ^, parentheses, sqrt, round(x, digits), min, max, ln, pi and others.',
  input: {
    type: 'object',
    required: ['expression'],
    additionalProperties: false,
    properties: {
      expression: { type: 'string', maxLength: 10_000, description: 'Such as round(price * 1.19, 2)' },
      variables: { type: 'object', additionalProperties: { type: 'number' }, description: 'Values of the names that stand in it' },
    },
  },
  output: {
    type: 'object',
    required: ['value'],
    additionalProperties: false,
    properties: { value: { type: 'number', description: 'The value' } },
  },
  call: ({ expression, variables }) => {
    const value = evaluate(textOf(expression), new Map(Object.entries((variables ?? {}) as Record<string, number>)));
    if (!Number.isFinite(value)) throw new PermanentError('capability_failed', `The expression has no finite value: it is ${value}.`);
    return { value };
  },
});
