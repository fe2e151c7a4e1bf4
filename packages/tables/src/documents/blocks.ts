import { type DocumentFormat } from './document.js';

/** What readers find in a document, in its order. */
export type Block =
  /** `level`: 1 to 6, of which a document need not use all. */
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  /** The first row is the header. */
  | { kind: 'table'; rows: string[][] }
  /** A page begins. */
  | { kind: 'page'; page: number };

/** What a reader made of a file. */
export interface ReadDocument {
  format: DocumentFormat;
  /** As the document itself says. */
  title: string | null;
  blocks: Block[];
}

const BETWEEN = '\n\n';

/** Blocks as text like Markdown, and where pages begin in it, in UTF-16 units. Levels of headings become 1, 2, 3 … without gaps. */
export const renderBlocks = (blocks: readonly Block[]): { text: string; pages: { page: number; at: number }[] } => {
  const levels = [...new Set(blocks.flatMap((block) => (block.kind === 'heading' ? [block.level] : [])))].sort((a, b) => a - b);
  const pieces: string[] = [];
  const pages: { page: number; at: number }[] = [];
  let length = 0;
  let waiting: number[] = [];
  for (const block of blocks) {
    if (block.kind === 'page') {
      waiting.push(block.page);
      continue;
    }
    const text = textOf(block, levels);
    if (text === '') continue;
    const piece = length === 0 ? text : BETWEEN + text;
    // A page begins with its first block, behind the empty line.
    for (const page of waiting) pages.push({ page, at: length + piece.length - text.length });
    waiting = [];
    pieces.push(piece);
    length += piece.length;
  }
  for (const page of waiting) pages.push({ page, at: length });
  return { text: pieces.join(''), pages };
};

const textOf = (block: Exclude<Block, { kind: 'page' }>, levels: readonly number[]): string => {
  switch (block.kind) {
    case 'heading': {
      const text = oneLine(block.text);
      return text === '' ? '' : `${'#'.repeat(Math.min(6, levels.indexOf(block.level) + 1))} ${text}`;
    }
    case 'text':
      return escapeMarks(block.text.trim());
    case 'code': {
      const text = block.text.replace(/^\n+|\s+$/g, '');
      return text === '' ? '' : `\`\`\`\n${text}\n\`\`\``;
    }
    case 'table':
      return tableText(block.rows);
  }
};

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** A line of plain text that looks like a heading or a fence must not become one. */
const escapeMarks = (text: string): string => text.replace(/^( {0,3})(#{1,6}[ \t]|```|~~~)/gm, '$1\\$2');

const tableText = (rows: readonly string[][]): string => {
  const filled = rows.map((row) => row.map(oneLine)).filter((row) => row.some((cell) => cell !== ''));
  const width = Math.max(0, ...filled.map((row) => row.length));
  if (width === 0) return '';
  const line = (row: readonly string[]): string =>
    `| ${Array.from({ length: width }, (_, at) => (row[at] ?? '').replaceAll('|', '\\|')).join(' | ')} |`;
  const [header = [], ...others] = filled;
  return [line(header), `|${' --- |'.repeat(width)}`, ...others.map(line)].join('\n');
};
