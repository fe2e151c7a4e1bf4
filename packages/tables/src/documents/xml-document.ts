import { walkXml } from '../imports/xml.js';
import { type Block, oneLine, type ReadDocument } from './blocks.js';
import { DocumentFault } from './document.js';

interface Element {
  name: string;
  attributes: string;
  children: (Element | string)[];
}

const PARAGRAPHS = new Set(['p', 'para', 'simpara', 'ab', 'l', 'line', 'paragraph']);
const TITLES = new Set(['title', 'head', 'heading']);
/** Deeper ones are no document, and what walks them has to end. */
const DEEPEST = 500;

/**
 * XML whose vocabulary nobody knows: an element with others in it becomes a section under its title, or under its name; one with
 * text alone a line `name: text`, paragraphs of the common vocabularies text as it is. Attributes stand behind the name.
 */
export const readXmlDocument = async (text: string): Promise<ReadDocument> => {
  const root: Element = { name: '', attributes: '', children: [] };
  const open: Element[] = [root];
  const top = (): Element => open.at(-1) as Element;
  const add = (piece: string): unknown => top().children.push(piece);
  await walkXml(once(text), {
    open: (name, attributes) => {
      if (open.length > DEEPEST) throw new DocumentFault('document_broken', `its elements are nested more than ${DEEPEST} deep`);
      const element = { name, attributes: shown(attributes), children: [] };
      top().children.push(element);
      open.push(element);
    },
    close: () => open.pop(),
    text: add,
    cdata: add,
  });
  const blocks: Block[] = [];
  for (const child of elementsOf(root)) addSection(blocks, child, 1);
  return { format: 'xml', title: null, blocks };
};

async function* once(text: string): AsyncIterable<string> {
  yield text;
}

const shown = (attributes: Record<string, string>): string =>
  Object.entries(attributes)
    .filter(([name]) => !/^xmlns(:|$)|^xsi:/.test(name))
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');

const elementsOf = ({ children }: Element): Element[] => children.filter((child) => typeof child !== 'string');
const isMixed = ({ children }: Element): boolean => children.some((child) => typeof child === 'string' && child.trim() !== '');
const textOf = (element: Element): string => element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');

const labelOf = ({ name, attributes }: Element): string => (attributes === '' ? name : `${name} (${attributes})`);

const addSection = (blocks: Block[], element: Element, level: number): void => {
  const elements = elementsOf(element);
  if (elements.length === 0 || isMixed(element)) {
    addLine(blocks, element);
    return;
  }
  const [first, ...others] = elements as [Element, ...Element[]];
  const titled = TITLES.has(first.name) && elementsOf(first).every((one) => elementsOf(one).length === 0);
  blocks.push({ kind: 'heading', level: Math.min(6, level), text: titled ? textOf(first) : labelOf(element) });
  for (const child of titled ? others : elements) addSection(blocks, child, level + 1);
};

/** Lines that follow each other are one list. */
const addLine = (blocks: Block[], element: Element): void => {
  const text = oneLine(textOf(element));
  if (text === '' && element.attributes === '') return;
  if (PARAGRAPHS.has(element.name)) {
    blocks.push({ kind: 'text', text });
    return;
  }
  const line = text === '' ? `- ${labelOf(element)}` : `- ${labelOf(element)}: ${text}`;
  const last = blocks.at(-1);
  if (last?.kind === 'text' && last.text.startsWith('- ')) last.text += `\n${line}`;
  else blocks.push({ kind: 'text', text: line });
};
