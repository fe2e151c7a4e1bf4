import { type Machine } from '../measure/machine.js';
import { type Result, type Table } from './outcome.js';

const textOf = (cell: string | number | null): string => {
  if (cell === null || Number.isNaN(cell)) return '–';
  if (typeof cell === 'string') return cell;
  const size = Math.abs(cell);
  if (size >= 100 || Number.isInteger(cell)) return Math.round(cell).toLocaleString('en');
  // As many digits as tell something: a share of a thousandth is not nothing.
  return size >= 10 ? cell.toFixed(1) : size >= 0.1 ? cell.toFixed(2) : cell.toPrecision(2);
};

/** A table in lines of text, columns aligned. */
export const printTable = ({ title, columns, rows, notes = [] }: Table): string => {
  const cells = [columns, ...rows.map((row) => row.map(textOf))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row, line) =>
    row
      .map((cell, column) => {
        const isNumber = line === 0 ? typeof rows[0]?.[column] !== 'string' : typeof rows[line - 1]?.[column] !== 'string';
        return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [title, lines[0], rule, ...lines.slice(1), ...notes.map((note) => `  ${note}`)].join('\n');
};

/** What was promised and reached. */
export const resultsTable = (results: readonly Result[]): Table => ({
  title: 'What was reached',
  columns: ['measure', 'value', 'unit', 'goal', 'met'],
  rows: results.map(({ measure, value, unit, goal, met }) => [measure, value, unit, goal ?? '', met === null ? '' : met ? 'yes' : 'NO']),
});

export const printMachine = ({ cpu, cores, memoryMb, kernel, load, versions }: Machine): string => {
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cores} cores (${cpu}), ${memoryMb} MB, Linux ${kernel}, load ${load} at the start; ${known.join(', ')}`;
};
