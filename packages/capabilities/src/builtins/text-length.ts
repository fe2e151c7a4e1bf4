import { builtin, measures, TEXT_INPUT } from './builtin.js';

const LOW_SURROGATE = /[\uDC00-\uDFFF]/;
const PAIRS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** Code points: what a person would count as characters, but for marks and joined emoji. */
const codePointsOf = (text: string): number =>
  // Most texts have no pair: then units are code points, and nothing has to be taken apart.
  LOW_SURROGATE.test(text) ? text.length - (text.match(PAIRS)?.length ?? 0) : text.length;

export const textLength = builtin({
  name: 'text_length',
  description: 'The length of a text: Unicode characters, and bytes of UTF-8.',
  input: TEXT_INPUT,
  output: measures({ characters: 'Unicode code points', bytes: 'Bytes of UTF-8' }),
  call: ({ text }) =>
    typeof text === 'string' ? { characters: codePointsOf(text), bytes: Buffer.byteLength(text) } : { characters: null, bytes: null },
});
