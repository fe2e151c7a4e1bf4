import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { type Block, oneLine } from './blocks.js';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Nothing of these is text that a reader sees. */
const DROPPED = new Set('head script style noscript template iframe object embed audio video canvas svg select textarea dialog'.split(' '));
const INLINE = new Set(
  'a abbr acronym b bdi bdo big button cite code data del dfn em font i img input ins kbd label mark math meter output progress q rp rt ruby s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

export interface HtmlOptions {
  /** Elements of which nothing is taken. */
  drop?: (element: Element) => boolean;
}

/** The structure of HTML as browsers parse it. Scripts, styles and what is hidden are left out; nothing is fetched. */
export const htmlBlocks = (html: string, { drop = () => false }: HtmlOptions = {}): { title: string | null; blocks: Block[] } => {
  const document = parse(html);
  const title = find(document, 'title');
  const reader = new HtmlReader(drop);
  reader.children(document);
  return { title: title ? oneLine(rawText(title)) || null : null, blocks: reader.finish() };
};

export const attributeOf = (element: Element, name: string): string | undefined => element.attrs.find((one) => one.name === name)?.value;

const isElement = (node: Node): node is Element => 'tagName' in node;
const childrenOf = (node: Node): Node[] => ('childNodes' in node ? node.childNodes : []);

const find = (node: Node, tag: string): Element | null => {
  if (isElement(node) && node.tagName === tag) return node;
  // An SVG has titles of its own.
  if (isElement(node) && (node.tagName === 'svg' || node.tagName === 'body')) return null;
  for (const child of childrenOf(node)) {
    const found = find(child, tag);
    if (found) return found;
  }
  return null;
};

const rawText = (node: Node): string => {
  if (node.nodeName === '#text') return (node as DefaultTreeAdapterTypes.TextNode).value;
  return childrenOf(node).map(rawText).join('');
};

class HtmlReader {
  private readonly blocks: Block[] = [];
  /** Text of the block that is being read; blanks are put together at its end. */
  private inline = '';
  /** Lines of the list that is being read. */
  private lines: string[] = [];
  private depth = 0;
  /** What the next line of a list begins with. */
  private marker = '';

  constructor(private readonly drop: (element: Element) => boolean) {}

  finish(): Block[] {
    this.flush();
    this.flushList();
    return this.blocks;
  }

  children(node: Node): void {
    for (const child of childrenOf(node)) this.visit(child);
  }

  private visit(node: Node): void {
    if (node.nodeName === '#text') this.inline += (node as DefaultTreeAdapterTypes.TextNode).value.replace(/[\s\u00a0]+/g, ' ');
    else if (isElement(node)) this.element(node);
    else this.children(node);
  }

  private element(element: Element): void {
    const tag = element.tagName;
    if (DROPPED.has(tag) || attributeOf(element, 'hidden') !== undefined || this.drop(element)) return;
    if (tag === 'br') this.inline += '\n';
    else if (tag === 'img') this.inline += attributeOf(element, 'alt') ?? '';
    else if (/^h[1-6]$/.test(tag)) this.heading(element, Number(tag[1]));
    else if (tag === 'pre') this.block({ kind: 'code', text: rawText(element) });
    else if (tag === 'table') this.table(element);
    else if (tag === 'ul' || tag === 'ol') this.list(element, tag === 'ol');
    else if (INLINE.has(tag)) this.children(element);
    else {
      this.flush();
      this.children(element);
      this.flush();
    }
  }

  private heading(element: Element, level: number): void {
    this.flush();
    this.children(element);
    const text = oneLine(this.inline);
    this.inline = '';
    // The text of a list's entry, whatever it looks like.
    if (this.depth > 0) this.inline = text;
    else if (text !== '') this.blocks.push({ kind: 'heading', level, text });
    this.flush();
  }

  private block(block: Block): void {
    this.flush();
    this.flushList();
    this.blocks.push(block);
  }

  private list(list: Element, ordered: boolean): void {
    this.flush();
    this.depth += 1;
    let number = Number.parseInt(attributeOf(list, 'start') ?? '1', 10) || 1;
    for (const child of childrenOf(list)) {
      if (isElement(child) && child.tagName === 'li' && !this.drop(child)) {
        this.marker = `${'  '.repeat(this.depth - 1)}${ordered ? `${number++}.` : '-'} `;
        this.children(child);
        this.flush();
        this.marker = '';
      } else this.visit(child);
    }
    this.flush();
    this.depth -= 1;
    if (this.depth === 0) this.flushList();
  }

  private table(table: Element): void {
    const rows = rowsOf(table);
    // What has one column is there for the layout.
    if (rows.every((cells) => cells.length <= 1)) {
      for (const [cell] of rows) {
        this.flush();
        if (cell) this.children(cell);
      }
      this.flush();
      return;
    }
    this.block({ kind: 'table', rows: rows.map((cells) => cells.flatMap((cell) => this.cell(cell))) });
  }

  /** A cell's text, and an empty one for each further column that it goes over. */
  private cell(cell: Element): string[] {
    const reader = new HtmlReader(this.drop);
    reader.children(cell);
    const text = reader
      .finish()
      .map((block) => (block.kind === 'table' ? block.rows.map((row) => row.join(' ')).join('; ') : 'text' in block ? block.text : ''))
      .join(' ');
    const span = Math.min(100, Number.parseInt(attributeOf(cell, 'colspan') ?? '1', 10) || 1);
    return [text, ...new Array<string>(span - 1).fill('')];
  }

  private flush(): void {
    const text = this.inline
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ').trim())
      .join('\n')
      .trim();
    this.inline = '';
    if (text === '') return;
    if (this.depth === 0) {
      this.blocks.push({ kind: 'text', text });
      return;
    }
    const indent = this.marker === '' ? '  '.repeat(this.depth) : ' '.repeat(this.marker.length);
    this.lines.push((this.marker || indent) + text.replaceAll('\n', `\n${indent}`));
    this.marker = '';
  }

  private flushList(): void {
    if (this.lines.length > 0) this.blocks.push({ kind: 'text', text: this.lines.join('\n') });
    this.lines = [];
  }
}

/** Cells of a table's rows, those of tables within it left to their cells. */
const rowsOf = (table: Element): Element[][] =>
  childrenOf(table)
    .filter(isElement)
    .flatMap((child) => {
      if (child.tagName === 'tr')
        return [childrenOf(child).filter((cell): cell is Element => isElement(cell) && /^t[dh]$/.test(cell.tagName))];
      if (child.tagName === 'caption') return [[child]];
      return /^t(head|body|foot)$/.test(child.tagName) ? rowsOf(child) : [];
    });
