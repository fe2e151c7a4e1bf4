import { InternalError } from '@apwa/contracts';
import { builtin } from './builtin.js';

/** What it may reach is the member's to say, which calls it in its own way. */
export const fetchUrl = builtin({
  name: 'fetch',
  description: 'The text of a web page or document by URL, of hosts that the configuration allows (capabilities.fetchHosts).',
  input: {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: { url: { type: 'string', maxLength: 4_000, description: 'Begins with https:// or http://' } },
  },
  output: {
    type: 'object',
    required: ['status', 'type', 'text'],
    additionalProperties: false,
    properties: {
      status: { type: 'integer', description: 'Of HTTP: 200 where all is well' },
      type: { type: ['string', 'null'], description: 'Content type' },
      text: { type: 'string', description: 'What was answered, as it came' },
    },
  },
  call: () => {
    throw new InternalError('not_here', 'A member calls it.');
  },
});
