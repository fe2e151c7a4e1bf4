import { PermanentError } from '@apwa/contracts';
import { selectAll } from 'css-select';
import { getAttributeValue, innerText, textContent } from 'domutils';
import { type ChildNode, type Element } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { builtin, type Builtin, textOf } from './builtin.js';

const MOST_FOUND = 1_000;
/** Elements within each other: deeper ones are what attacks are made of. */
const MOST_DEPTH = 1_000;

/** Entities of documents are not expanded, and nothing is loaded. Selectors may take for ever: it is called where that can be ended. */
const markupQuery = (language: 'html' | 'xml'): Builtin =>
  builtin({
    name: `${language}_query`,
    description: `Texts, or an attribute, of what a CSS selector finds in ${language.toUpperCase()}.`,
    slow: true,
    input: {
      type: 'object',
      required: [language, 'selector'],
      additionalProperties: false,
      properties: {
        [language]: { type: 'string', description: 'The document, or a part of one' },
        selector: { type: 'string', minLength: 1, maxLength: 1_000, description: 'Such as table.prices > tbody td:nth-child(2), or *' },
        attribute: { type: 'string', maxLength: 200, description: 'An attribute in place of texts, such as href' },
      },
    },
    output: {
      type: 'object',
      required: ['count', 'texts'],
      additionalProperties: false,
      properties: {
        count: { type: 'integer', minimum: 0, description: 'How many were found' },
        texts: { type: 'array', items: { type: ['string', 'null'] }, description: `The first ${MOST_FOUND} of them` },
      },
    },
    call: ({ [language]: text, selector, attribute }) => {
      const xmlMode = language === 'xml';
      const source = textOf(text);
      refuseDepth(source);
      const document = parseDocument(source, { xmlMode });
      const elements = selected(document, textOf(selector), xmlMode);
      const texts = elements
        .slice(0, MOST_FOUND)
        .map((element) =>
          typeof attribute === 'string'
            ? (getAttributeValue(element, attribute) ?? null)
            : (xmlMode ? textContent(element) : innerText(element)).replace(/\s+/g, ' ').trim(),
        );
      return { count: elements.length, texts };
    },
  });

/** PermanentError `invalid_arguments` for markup that is too deep to be walked through. */
export const refuseDepth = (source: string): void => {
  if (depthOf(source) > MOST_DEPTH) throw new PermanentError('invalid_arguments', `It has elements more than ${MOST_DEPTH} deep.`);
};

/** At least as deep as it is: tags that are never closed count. */
const depthOf = (source: string): number => {
  let depth = 0;
  let most = 0;
  for (const [tag] of source.matchAll(/<\/?[A-Za-z][^>]*>/g)) {
    if (tag.startsWith('</')) depth = Math.max(0, depth - 1);
    else if (!tag.endsWith('/>') && !VOID.test(tag)) most = Math.max(most, ++depth);
  }
  return most;
};
const VOID = /^<(area|base|br|col|embed|hr|img|input|li|link|meta|option|p|param|source|td|th|tr|track|wbr)\b/i;

const selected = (document: ReturnType<typeof parseDocument>, selector: string, xmlMode: boolean) => {
  try {
    return selectAll<ChildNode, Element>(selector, document.children, { xmlMode });
  } catch (error) {
    throw new PermanentError('invalid_arguments', `The selector is none: ${(error as Error).message}`);
  }
};

export const htmlQuery = markupQuery('html');
export const xmlQuery = markupQuery('xml');
