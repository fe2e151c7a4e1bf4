import { type Block } from './blocks.js';

/** A stretch of text as pdf.js gives it, among marks of other kinds. */
export interface TextItem {
  str: string;
  /** Of the text's own axes: `[…, size, x, y]`. */
  transform: number[];
  width: number;
}

interface Cell {
  left: number;
  right: number;
  text: string;
}

export interface Line {
  /** Pieces that stand far apart. */
  cells: Cell[];
  y: number;
  /** Height of the letters, in points. */
  size: number;
  /** Of the writing, in degrees. */
  angle: number;
  characters: number;
}

/** How a document's letters are used. */
export interface Style {
  /** Sizes of headings, the largest first. */
  headings: number[];
}

/** Of the letters' size: pieces of a line further apart are cells of their own, and nearer ones than the second are one word. */
const CELL_GAP = 1.2;
const WORD_GAP = 0.15;
/** How far, of the letters' size, a piece may stand above or below its line: superscripts do. */
const SAME_LINE = 0.5;
/** Lines further apart than that belong to different paragraphs. */
const PARAGRAPH_GAP = 1.7;
const HEADING_SIZE = 1.15;
const LONGEST_HEADING = 200;
const TABLE_LINES = 2;
/** Large letters or figures by themselves are no heading. */
const WORDS = /\p{L}.*\p{L}/u;

/** Lines in the order of the document's stream: columns of a page are read one after the other, as they were written. */
export const linesOf = (items: readonly (TextItem | object)[]): Line[] => {
  const lines: Line[] = [];
  for (const item of items) {
    if (!('str' in item) || item.str.trim() === '') continue;
    const { left, y, size, angle } = placeOf(item);
    const piece = { left, right: left + item.width, text: item.str };
    const line = lines.at(-1);
    const cell = line?.cells.at(-1);
    const largest = Math.max(size, line?.size ?? 0);
    if (!line || !cell || line.angle !== angle || Math.abs(y - line.y) > SAME_LINE * largest || left < cell.right - largest) {
      lines.push({ cells: [piece], y, size, angle, characters: item.str.length });
      continue;
    }
    const gap = left - cell.right;
    if (gap > CELL_GAP * largest) line.cells.push(piece);
    else {
      const parted = gap > WORD_GAP * largest && !/\s$/.test(cell.text) && !/^\s/.test(item.str);
      cell.text += (parted ? ' ' : '') + item.str;
      cell.right = Math.max(cell.right, piece.right);
    }
    line.size = largest;
    line.characters += item.str.length;
  }
  return lines;
};

/** Where a piece stands, seen in the direction of its writing: texts on turned pages have lines too. */
const placeOf = ({ transform: [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] }: TextItem) => {
  const length = Math.hypot(a, b) || 1;
  const [right, up] = [a / length, b / length];
  return { left: x * right + y * up, y: y * right - x * up, size: Math.hypot(c, d), angle: Math.round((Math.atan2(b, a) * 180) / Math.PI) };
};

const rounded = (size: number): number => Math.round(size * 2) / 2;

/** The size of most letters is that of the text; larger ones are headings, if they are few. */
export const styleOf = (lines: readonly Line[]): Style => {
  const letters = new Map<number, number>();
  for (const { size, characters } of lines) letters.set(rounded(size), (letters.get(rounded(size)) ?? 0) + characters);
  const [body = 0] = [...letters].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0]);
  const headings = [...letters.keys()].filter((size) => size >= body * HEADING_SIZE).sort((a, b) => b - a);
  return { headings };
};

const lineText = ({ cells }: Line): string => cells.map(({ text }) => text.trim()).join(' ');

/** The blocks of a page. */
export const pageBlocks = (lines: readonly Line[], { headings }: Style): Block[] => {
  const blocks: Block[] = [];
  let before: { line: Line; level: number } | null = null;
  for (let at = 0; at < lines.length; at++) {
    const table = tableAt(lines, at);
    if (table > 0) {
      blocks.push({ kind: 'table', rows: tableRows(lines.slice(at, at + table)) });
      at += table - 1;
      before = null;
      continue;
    }
    const line = lines[at] as Line;
    const text = lineText(line);
    const level = text.length > LONGEST_HEADING || !WORDS.test(text) ? 0 : headings.indexOf(rounded(line.size)) + 1;
    const last = blocks.at(-1);
    if (last && 'text' in last && before && before.level === level && isNext(before.line, line))
      last.text += level > 0 ? ` ${text}` : `\n${text}`;
    else blocks.push(level > 0 ? { kind: 'heading', level, text } : { kind: 'text', text });
    before = { line, level };
  }
  return blocks;
};

/** Whether a line goes on where another one ends. */
const isNext = (before: Line, line: Line): boolean => {
  const down = before.y - line.y;
  return down > 0 && down < PARAGRAPH_GAP * Math.max(before.size, line.size);
};

/** How many lines from there on are rows of a table; 0: there is none. */
const tableAt = (lines: readonly Line[], from: number): number => {
  let to = from;
  for (; to < lines.length; to++) {
    const [line, before] = [lines[to] as Line, lines[to - 1]];
    if (line.cells.length < 2) break;
    // What goes up again is another column of the page.
    if (to > from && before && line.y >= before.y) break;
  }
  return to - from >= TABLE_LINES ? to - from : 0;
};

/** Cells that overlap from line to line are of one column. */
const tableRows = (lines: readonly Line[]): string[][] => {
  const bands: { left: number; right: number }[] = [];
  const cells = lines.flatMap((line) => line.cells).sort((a, b) => a.left - b.left);
  for (const { left, right } of cells) {
    const band = bands.at(-1);
    if (band && left < band.right) band.right = Math.max(band.right, right);
    else bands.push({ left, right });
  }
  return lines.map((line) =>
    bands.map(({ left, right }) =>
      line.cells
        .filter((cell) => cell.left >= left && cell.left < right)
        .map(({ text }) => text)
        .join(' '),
    ),
  );
};
