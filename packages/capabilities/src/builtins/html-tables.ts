import { selectAll } from 'css-select';
import { getAttributeValue, innerText } from 'domutils';
import { type ChildNode, type Element, isTag } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { refuseDepth } from './markup-query.js';

/** Cells that a span stands for at most: pages say of them what they like. */
const MOST_SPAN = 100;

/** The tables of a page, in the order in which they begin, by rows of cells. A cell that spans several places stands in each of them. */
export const htmlTables = (text: string): string[][][] => {
  refuseDepth(text);
  return selectAll<ChildNode, Element>('table', parseDocument(text).children)
    .map(gridOf)
    .filter((rows) => rows.length > 0);
};

/** Elements below that are of this table, and of none within it. */
const own = (element: Element, name: readonly string[]): Element[] =>
  element.children.filter(isTag).flatMap((child) => {
    if (name.includes(child.name)) return [child];
    return child.name === 'table' ? [] : own(child, name);
  });

const spanOf = (cell: Element, name: string): number => {
  const span = Number.parseInt(getAttributeValue(cell, name) ?? '', 10);
  return Number.isFinite(span) ? Math.min(Math.max(span, 1), MOST_SPAN) : 1;
};

const gridOf = (table: Element): string[][] => {
  const lines = own(table, ['tr']);
  const grid: string[][] = lines.map(() => []);
  lines.forEach((line, row) => {
    let column = 0;
    for (const cell of own(line, ['td', 'th'])) {
      while (grid[row]?.[column] !== undefined) column++;
      const content = innerText(cell).replace(/\s+/g, ' ').trim();
      const width = spanOf(cell, 'colspan');
      for (const below of grid.slice(row, row + spanOf(cell, 'rowspan')))
        for (let at = column; at < column + width; at++) below[at] ??= content;
      column += width;
    }
  });
  // A row that is reached by a span from above alone has holes.
  return grid.map((cells) => Array.from(cells, (cell) => cell ?? '')).filter((cells) => cells.length > 0);
};
