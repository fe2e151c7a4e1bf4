import { builtin, textOf } from './builtin.js';

export const textSlice = builtin({
  name: 'text_slice',
  description: 'A part of a text by offsets, such as those of text_search.',
  input: {
    type: 'object',
    required: ['text', 'start'],
    additionalProperties: false,
    properties: {
      text: { type: 'string', description: 'The text' },
      start: { type: 'integer', description: 'Offset of the first character, in UTF-16 units from 0; negative: from the end' },
      end: { type: 'integer', description: 'Offset behind the last one. Left out: the end of the text' },
    },
  },
  output: {
    type: 'object',
    required: ['part', 'length'],
    additionalProperties: false,
    properties: {
      part: { type: 'string', description: 'The part' },
      length: { type: 'integer', minimum: 0, description: 'Of the whole text' },
    },
  },
  call: ({ text, start, end }) => {
    const whole = textOf(text);
    return { part: whole.slice(Number(start), end === undefined ? undefined : Number(end)), length: whole.length };
  },
});
