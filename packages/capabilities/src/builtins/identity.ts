import { builtin } from './builtin.js';

export const identity = builtin({
  name: 'identity',
  description: 'Gives its argument back as it is, in a column of JSON.',
  input: {
    type: 'object',
    required: ['value'],
    additionalProperties: false,
    properties: { value: { description: 'Anything' } },
  },
  output: {
    type: 'object',
    required: ['value'],
    additionalProperties: false,
    properties: { value: { description: 'The argument' } },
  },
  call: ({ value = null }) => ({ value }),
});
